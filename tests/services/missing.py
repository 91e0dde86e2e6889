# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a test does when something it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class MissingError(Exception):
    """A program that a service needs is not installed."""


def stop_test(reason: str) -> NoReturn:
    """Skip the test with ``reason``, but fail it where ``CI`` is set: nothing may miss there."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
