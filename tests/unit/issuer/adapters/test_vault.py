# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.adapters.vault import Vault
from issuer.config import Settings
from issuer.errors import SealError

if TYPE_CHECKING:
    from pathlib import Path


def vault(home: Path, secret: str, keys: str = "") -> Vault:
    return Vault(Settings(home=home, secret_key=secret, backpack_keys=keys))


def test_keys_are_exchanged_without_a_token_being_lost(tmp_path: Path) -> None:
    sealed = vault(tmp_path, "cookies").seal("token")
    assert "token" not in sealed
    both = vault(tmp_path, "cookies", "new")
    assert both.open(sealed) == "token"
    renewed = both.renew(sealed)
    assert vault(tmp_path, "other cookies", "newer, new").open(renewed) == "token"


@pytest.mark.parametrize("sealed", ["", "no seal", "gAAAAA\u00e9"])
def test_what_was_sealed_elsewhere_is_told(tmp_path: Path, sealed: str) -> None:
    with pytest.raises(SealError, match="backpack_keys"):
        vault(tmp_path, "cookies").open(sealed or vault(tmp_path, "elsewhere").seal("token"))
