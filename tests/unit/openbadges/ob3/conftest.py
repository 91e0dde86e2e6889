# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from openbadges.keys import PrivateKey
from tests.unit.openbadges.ob3.world import BASE, World


@pytest.fixture
def world(key: PrivateKey, ed25519_key: PrivateKey) -> World:
    return World(ed25519_key, PrivateKey(f"{BASE}/keys/1.jwk", key.raw))
