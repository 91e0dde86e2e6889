# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds the shared folder of test data and judges, which is never part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


def shared_path(relative: str = "") -> Path:
    """Return a path in the shared folder; where it is absent, skip the test, or fail under CI."""
    root = Path(os.environ.get("ACCOLADES_SHARED") or CHECKOUT.parent / "shared")
    path = root / relative
    if path.exists():
        return path
    reason = f"{path} is absent: set ACCOLADES_SHARED to the folder of shared test data"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
