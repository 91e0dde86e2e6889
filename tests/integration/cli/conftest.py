# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same home and site as the unit tests of the commands have."""

from __future__ import annotations

from tests.unit.issuer.cli.conftest import call, home, rules, site

__all__ = ["call", "home", "rules", "site"]
