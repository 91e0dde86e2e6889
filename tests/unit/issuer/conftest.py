# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from tests import prepared


@pytest.fixture(autouse=True)
def _reused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make keys, pictures and templates once: no test here asks how they are made."""
    prepared.reuse(monkeypatch)
