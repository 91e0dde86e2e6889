# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import SigningKey
from tests.issuing import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


def test_the_first_key_is_made_once(call: Call, home: Path) -> None:
    assert call("db", "upgrade").code == 0
    assert call("keys", "list", "--json").lines == []
    first = call("keys", "generate")
    assert first.code == 0
    assert call("keys", "generate").out == first.out
    assert len(list((home / "keys").glob("*.pem"))) == 1


def test_keys_are_listed(call: Call, site: Site) -> None:
    (key,) = call("keys", "list", "--json").lines
    assert key["url"] == f"{BASE_URL}/keys/{key['kid']}"
    assert (key["state"], key["algorithm"]) == ("active", "RS256")
    assert key["valid_from"] == "2026-03-01T12:00:00+00:00"
    assert call("keys", "list").out.split() == list(key.values())


def test_no_key_is_printed(call: Call, site: Site) -> None:
    outcome = call("--debug", "keys", "generate")
    assert "PRIVATE" not in outcome.out + outcome.err
    with site.database.reading() as session:
        assert "PRIVATE" not in session.scalars(select(SigningKey.public_pem)).one()


@pytest.mark.parametrize("harm", ["gone", "readable", "broken"])
def test_a_key_that_cannot_be_used_is_told(call: Call, site: Site, harm: str) -> None:
    (path,) = site.settings.keys.glob("*.pem")
    if harm == "gone":
        path.unlink()
    elif harm == "readable":
        path.chmod(0o644)
    else:
        path.write_text("no key")
    with site.database.reading() as session:
        kid = session.scalars(select(SigningKey.kid)).one()
    address = call("award", "first-steps", "asha", "--json").lines[0]["assertion"]
    outcome = call("verify", f"{address}.jws")
    assert outcome.code == 2
    assert kid in outcome.error
