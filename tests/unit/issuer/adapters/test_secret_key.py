# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.secret_key import NAME, kept_secret
from issuer.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_secret_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "home")
    assert len(secret) == 64
    assert kept_secret(tmp_path / "home") == secret
    assert stat.S_IMODE((tmp_path / "home" / NAME).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == [NAME]


def test_all_who_start_at_once_have_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(kept_secret, [tmp_path] * 32))
    assert len(secrets) == 1


def test_sites_have_secrets_of_their_own(tmp_path: Path) -> None:
    assert kept_secret(tmp_path / "a") != kept_secret(tmp_path / "b")


def test_an_empty_or_unreadable_secret_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        kept_secret(tmp_path)
    (tmp_path / NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="ACCOLADES_SECRET_KEY"):
        kept_secret(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        kept_secret(tmp_path / "file")
