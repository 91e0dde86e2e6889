# SPDX-License-Identifier: AGPL-3.0-or-later
"""A credential as of now: the issued one while it holds, else a renewed one that is kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import Assertion, KeyState, Renewal
from issuer.services import awards, credentials, renewals
from issuer.services.publishing import RevokedError
from tests.issuing import NOW, give, make_badge
from tests.unit.issuer.services.test_credentials import judged

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

LATER = NOW + timedelta(days=30)


@pytest.fixture
def assertion(session: Session, site: Site) -> Assertion:
    award = give(session, make_badge(session, site), "asha").award
    return session.scalars(select(Assertion).filter_by(award_id=award.id)).one()


def test_it_is_the_issued_one_as_long_as_nothing_changed(
    session: Session, site: Site, assertion: Assertion
) -> None:
    assert renewals.kept(session, assertion.uuid, now=NOW) is None
    text = renewals.current(session, assertion.uuid, site.keys, now=NOW)
    assert text == assertion.ob3
    assert renewals.kept(session, assertion.uuid, now=LATER) == text
    assert session.scalars(select(Renewal)).all() == []
    service = json.loads(text)["refreshService"]
    assert service["type"] == "1EdTechCredentialRefresh"
    assert service["id"] == f"{json.loads(text)['id']}/current"


@pytest.mark.parametrize("state", [KeyState.RETIRED, KeyState.REVOKED])
def test_a_newer_key_signs_it_anew_and_the_issued_one_stays(
    session: Session, site: Site, assertion: Assertion, state: KeyState
) -> None:
    issued = credentials.proven(session, assertion.uuid, site.keys, now=NOW)
    key = credentials.proof_key(session, assertion.edition.badge.issuer, site.keys, now=NOW)
    key.state = state
    session.flush()
    assert renewals.kept(session, assertion.uuid, now=LATER) is None
    text = renewals.current(session, assertion.uuid, site.keys, now=LATER)
    one, other = json.loads(issued), json.loads(text)
    assert one.pop("proof")["verificationMethod"] != other.pop("proof")["verificationMethod"]
    assert one == other
    assert renewals.kept(session, assertion.uuid, now=LATER) == text
    assert renewals.current(session, assertion.uuid, site.keys, now=LATER) == text
    assert credentials.proven(session, assertion.uuid, site.keys, now=LATER) == issued
    assert judged(session, site, text).valid
    report = judged(session, site, issued)
    assert report.valid == (state == KeyState.RETIRED)
    if report.valid:  # by way of the newer one
        assert report.document == json.loads(text)


def test_one_that_was_issued_before_has_a_current_form_too(
    session: Session, site: Site, assertion: Assertion
) -> None:
    """What left us names nowhere to ask, and stays as it is."""
    credentials.proven(session, assertion.uuid, site.keys, now=NOW)
    issuer = assertion.edition.badge.issuer
    former = credentials.unsigned(session, assertion, now=NOW)
    del former["refreshService"]
    issued = credentials.prove(session, issuer, former, site.keys, now=NOW)
    assertion.ob3 = issued
    session.flush()
    assert "refreshService" in renewals.current(session, assertion.uuid, site.keys, now=LATER)
    assert credentials.proven(session, assertion.uuid, site.keys, now=LATER) == issued


def test_of_what_was_revoked_there_is_none(
    session: Session, site: Site, assertion: Assertion
) -> None:
    renewals.current(session, assertion.uuid, site.keys, now=NOW)
    awards.revoke(session, assertion.award, "a mistake", now=NOW)
    for ask in (
        lambda: renewals.current(session, assertion.uuid, site.keys, now=NOW),
        lambda: renewals.kept(session, assertion.uuid, now=NOW),
    ):
        with pytest.raises(RevokedError):
            ask()


def test_both_versions_name_each_other(session: Session, site: Site, assertion: Assertion) -> None:
    new = json.loads(credentials.proven(session, assertion.uuid, site.keys, now=NOW))
    old = json.loads(assertion.document)
    assert old["related"] == [{"id": new["id"], "version": "Open Badges v3p0"}]
    (related,) = new["credentialSubject"]["achievement"]["related"]
    assert (related["id"], related["version"]) == (old["badge"], "Open Badges v2p0")
    assert new["credentialSchema"][0]["type"] == "1EdTechJsonSchemaValidator2019"
