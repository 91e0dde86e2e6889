# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same site, people and wallets as in the tests of how wallets are let in."""

from __future__ import annotations

from tests.unit.issuer.web.apps.conftest import app, asha, site, unlimited, wallet

__all__ = ["app", "asha", "site", "unlimited", "wallet"]
