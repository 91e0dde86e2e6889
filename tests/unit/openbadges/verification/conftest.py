# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.openbadges.verification.site import Site

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey


@pytest.fixture
def site(key: PrivateKey) -> Site:
    return Site(key)
