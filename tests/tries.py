# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many examples Hypothesis makes up: all by itself, a fifth under the profile "quick"."""

from __future__ import annotations

from hypothesis import settings

ALL = 100  # Hypothesis's own number, for tests that ask for none


def register() -> None:
    """Make the profile known that `make check` asks for."""
    settings.register_profile("quick", max_examples=ALL // 5)


def tries(number: int) -> int:
    """Return how many of this number of examples a test makes under the profile of the run."""
    return number * settings.default.max_examples // ALL
