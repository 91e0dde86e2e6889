# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several stores as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.adapters.keystores import EnvironmentKeys, KeyFolder
from issuer.adapters.keystores.environment import variable_of
from issuer.adapters.keystores.protocol import Stores, generate
from issuer.errors import KeyMissingError, KeyUnavailableError

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from openbadges.keys import PublicKey, Signer


class Away:
    """A store that never answers."""

    asked = 0

    def make(self, algorithm: str, *, year: int, taken: Container[str]) -> PublicKey:
        raise KeyUnavailableError("away")

    def load(self, kid: str, public: PublicKey) -> Signer:
        self.asked += 1
        raise KeyUnavailableError("away")

    def warnings(self) -> list[str]:
        return ["it is away"]


def test_the_first_makes_keys_and_all_are_looked_into(tmp_path: Path) -> None:
    key = generate("EdDSA", 2026)
    environment = EnvironmentKeys({variable_of(key.id): key.to_pem().decode()})
    stores = Stores([KeyFolder(tmp_path), environment])
    made = stores.make("EdDSA", year=2026, taken=())
    assert (tmp_path / f"{made.id}.pem").exists()
    for public in (made, key.public):
        assert stores.load(public.id, public).public == public
    with pytest.raises(KeyMissingError, match="restore it from a backup"):
        stores.load("2026-000000000000", made)


def test_a_store_that_is_away_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    folder, away = KeyFolder(tmp_path), Away()
    made = folder.make("EdDSA", year=2026, taken=())
    stores = Stores([away, folder])
    for _ in range(3):
        assert stores.load(made.id, made).id == made.id
    assert away.asked == 1
    with pytest.raises(KeyUnavailableError, match="away"):
        stores.load("2026-000000000000", made)
    with pytest.raises(KeyUnavailableError, match="away"):
        stores.make("EdDSA", year=2026, taken=())
    assert stores.warnings() == ["it is away"]
