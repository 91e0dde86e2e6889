# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import NotFoundError
from issuer.models import IssuerEpoch, KeyState, SigningKey
from issuer.services import issuers
from openbadges.keys import load_public_key
from openbadges.signing import open_signed, sign
from tests.issuing import BASE_URL, NOW, make_issuer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

LATER = NOW + timedelta(days=400)


def test_an_issuer_is_made_once_with_one_key(session: Session, site: Site) -> None:
    first = make_issuer(session, site)
    assert make_issuer(session, site) is first
    key = session.scalars(select(SigningKey)).one()
    assert (key.state, key.algorithm, key.valid_from) == (KeyState.ACTIVE, "RS256", NOW)
    assert [path.stem for path in site.settings.keys.iterdir()] == [key.kid]
    assert len(set(first.sentinels)) == 2


def test_the_profile_and_the_key_name_each_other(session: Session, site: Site) -> None:
    make_issuer(session, site)
    epoch = session.scalars(select(IssuerEpoch)).one()
    profile, key = json.loads(epoch.document), json.loads(epoch.key.document)
    assert profile["id"] == key["owner"] == f"{BASE_URL}/issuers/accolades"
    assert profile["publicKey"] == key["id"] == f"{BASE_URL}/keys/{epoch.key.kid}"
    assert profile["revocationList"] == f"{BASE_URL}/issuers/accolades/revocations"


def test_the_saved_key_is_the_published_one(session: Session, site: Site) -> None:
    make_issuer(session, site)
    row = session.scalars(select(SigningKey)).one()
    public = load_public_key(row.public_pem, f"{BASE_URL}/keys/{row.kid}")
    token = sign({"a": 1}, site.keys.load(row.kid, public))
    assert open_signed(token, public) == b'{"a":1}'


def test_a_new_epoch_retires_the_key_and_leaves_the_profile(session: Session, site: Site) -> None:
    issuer = make_issuer(session, site)
    first = issuers.current_epoch(session, issuer)
    assert first is not None
    before = (first.document_id, first.document, first.key.document)
    second = issuers.add_epoch(session, issuer, site.keys, now=LATER)
    assert issuers.current_epoch(session, issuer) is second
    assert (first.document_id, first.document, first.key.document) == before
    assert (first.key.state, first.key.valid_until) == (KeyState.RETIRED, LATER)
    assert second.document_id == f"{BASE_URL}/issuers/accolades/epochs/2"
    assert json.loads(second.key.document)["owner"] == second.document_id
    assert first.key.kid[:4] == "2026"
    assert second.key.kid[:4] == "2027"


def test_an_issuer_that_is_not_there_is_named(session: Session) -> None:
    with pytest.raises(NotFoundError, match=r"'nobody'.*accolades keys generate"):
        issuers.find(session, "nobody")
