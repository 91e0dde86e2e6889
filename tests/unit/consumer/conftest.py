# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys for tests in which the making of a key is not the point: making one costs 50 ms."""

from __future__ import annotations

import pytest

from tests import prepared


@pytest.fixture(autouse=True)
def _reused_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.reuse_keys(monkeypatch)
