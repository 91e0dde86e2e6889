# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real keys, made once a session: making one costs a tenth of a second."""

from __future__ import annotations

import pytest

from openbadges.keys import PrivateKey, generate_ed25519, generate_rsa

KEY_ID = "https://badges.example.org/keys/1"


@pytest.fixture(scope="session")
def key() -> PrivateKey:
    return generate_rsa(KEY_ID)


@pytest.fixture(scope="session")
def other_key() -> PrivateKey:
    return generate_rsa(KEY_ID)


@pytest.fixture(scope="session")
def ed25519_key() -> PrivateKey:
    return generate_ed25519(KEY_ID)
