# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from issuer.models import Assertion, AuditEntry, Endorsement, KeyState
from issuer.services import (
    awards,
    credentials,
    endorsable,
    endorsement_lists,
    endorsements,
    issuers,
    publishing,
    signing_keys,
)
from openbadges.verification import Verdict
from tests.issuing import NOW, give, make_badge, make_issuer
from tests.unit.issuer.services.endorsing import BORIS, OTTO, ROOT, Guild, a_key, judged

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Issuer
    from issuer.site import Site

WORDS = "Whoever has it **knows** how."
OUTSIDE = "https://elsewhere.example/badges/1"


@pytest.fixture
def issuer(session: Session, site: Site) -> Issuer:
    make_badge(session, site)
    return make_issuer(session, site)


@pytest.fixture
def guild(session: Session, site: Site, issuer: Issuer) -> Guild:
    return Guild(a_key(session, site, issuer))


def issued(
    session: Session, site: Site, issuer: Issuer, about: str, comment: str = WORDS
) -> Endorsement:
    return endorsements.issue(session, BORIS, issuer, about, comment, site.keys, now=NOW)


def badge_id(issuer: Issuer) -> str:
    return f"{issuer.base_url}/badges/first-steps"


def awarded(session: Session, site: Site) -> Assertion:
    award = give(session, make_badge(session, site), "asha").award
    return session.scalars(select(Assertion).filter_by(award_id=award.id)).one()


@pytest.mark.parametrize("kind", ["badge", "issuer", "award", "outside"])
def test_an_issuer_endorses_in_both_versions(
    session: Session, site: Site, issuer: Issuer, guild: Guild, kind: str
) -> None:
    assertion = awarded(session, site)
    abouts = {
        "badge": (badge_id(issuer), badge_id(issuer)),
        "issuer": (f"{issuer.base_url}/issuers/accolades", credentials.did(issuer)),
        "award": (assertion.document_id, f"{assertion.document_id}/ob3"),
        "outside": (OUTSIDE, OUTSIDE),
    }
    about, in_third = abouts[kind]
    made = issued(session, site, issuer, about)
    document = json.loads(made.document)
    assert document["claim"] == {"id": about, "endorsementComment": WORDS}
    assert document["id"] == f"{issuer.base_url}/endorsements/{made.uuid}"
    credential = endorsements.proven(session, made.uuid, site.keys, now=NOW)
    assert json.loads(credential)["credentialSubject"]["id"] == in_third
    token = endorsements.signed(session, made.uuid, site.keys)
    assert endorsements.signed(session, made.uuid, site.keys) == token
    for source in (made.document_id, token, credential, f"{made.document_id}/ob3"):
        report = judged(session, site, guild, source)
        assert report.valid, report.sentence
        assert report.subject in ("Endorsement", "EndorsementCredential")
    (entry,) = session.scalars(select(AuditEntry).filter_by(action="endorsement.issue"))
    assert entry.after is not None
    assert entry.after["subject"] == about


def test_a_revoked_endorsement_says_so_in_each_form(
    session: Session, site: Site, issuer: Issuer, guild: Guild
) -> None:
    made = issued(session, site, issuer, badge_id(issuer))
    credential = endorsements.proven(session, made.uuid, site.keys, now=NOW)
    token = endorsements.signed(session, made.uuid, site.keys)
    endorsements.revoke(session, BORIS, made.uuid, "We were wrong.", now=NOW)
    for source in (made.document_id, token, credential):
        report = judged(session, site, guild, source)
        assert report.verdict is Verdict.REVOKED, report.sentence
    listed = json.loads(publishing.revocations(session, issuer.slug))["revokedAssertions"]
    assert listed[-1] == {"id": made.document_id, "revocationReason": "We were wrong."}
    with pytest.raises(publishing.RevokedError) as gone:
        endorsements.find_own(session, made.uuid)
    stub = json.loads(gone.value.stub)
    assert (stub["type"], stub["revoked"], stub["issuer"]) == ("Endorsement", True, made.endorser)
    with pytest.raises(ConflictError, match="before"):
        endorsements.revoke(session, BORIS, made.uuid, "Again.", now=NOW)
    # What was taken back stands in nobody's way.
    assert issued(session, site, issuer, badge_id(issuer)).uuid != made.uuid


@pytest.mark.parametrize(
    ("about", "comment", "error", "words"),
    [
        ("nonsense", WORDS, InvalidInputError, "IRI"),
        ("", WORDS, InvalidInputError, "is needed"),
        pytest.param("https://x.org/" + "a" * 2001, WORDS, InvalidInputError, "at most", id="long"),
        ("https://x.org/\0", WORDS, InvalidInputError, "one line"),
        (OUTSIDE, "", InvalidInputError, "comment: is needed"),
        pytest.param(OUTSIDE, "x" * 5001, InvalidInputError, "at most", id="long-comment"),
        (OUTSIDE, "\u202ex", InvalidInputError, "cannot be seen"),
    ],
)
def test_what_cannot_be_endorsed_is_refused(
    session: Session,
    site: Site,
    issuer: Issuer,
    about: str,
    comment: str,
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        issued(session, site, issuer, about, comment)


def test_an_issuer_says_one_thing_of_another_once(
    session: Session, site: Site, issuer: Issuer
) -> None:
    issued(session, site, issuer, OUTSIDE)
    with pytest.raises(ConflictError, match="already"):
        issued(session, site, issuer, OUTSIDE)


def test_a_revoked_award_is_not_endorsed(session: Session, site: Site, issuer: Issuer) -> None:
    assertion = awarded(session, site)
    awards.revoke(session, assertion.award, "a mistake", now=NOW)
    with pytest.raises(ConflictError, match="revoked"):
        issued(session, site, issuer, assertion.document_id)


def test_managers_endorse_for_their_own_issuer(
    session: Session, site: Site, issuer: Issuer
) -> None:
    with pytest.raises(ForbiddenError):
        endorsements.issue(session, OTTO, issuer, OUTSIDE, WORDS, site.keys, now=NOW)
    made = issued(session, site, issuer, OUTSIDE)
    with pytest.raises(ForbiddenError):
        endorsements.revoke(session, OTTO, made.uuid, "Mine now.", now=NOW)
    shown = {
        actor.username: len(session.execute(endorsement_lists.listed(actor)).all())
        for actor in (ROOT, BORIS, OTTO)
    }
    assert shown == {"root": 1, "boris": 1, "otto": 0}


def test_a_profile_that_does_not_vouch_for_endorsements_is_not_used(
    session: Session, site: Site, issuer: Issuer
) -> None:
    epoch = issuers.current_epoch(session, issuer)
    assert epoch is not None
    document = json.loads(epoch.document)
    policy = {"type": "VerificationObject", "startsWith": f"{issuer.base_url}/assertions/"}
    epoch.document = json.dumps({**document, "verification": policy})
    with pytest.raises(ConflictError, match="make it a new key"):
        issued(session, site, issuer, OUTSIDE)


def test_the_key_of_a_proof_may_be_replaced(
    session: Session, site: Site, issuer: Issuer, guild: Guild
) -> None:
    made = issued(session, site, issuer, OUTSIDE)
    former = endorsements.proven(session, made.uuid, site.keys, now=NOW)
    token = endorsements.signed(session, made.uuid, site.keys)
    key = credentials.proof_key(session, issuer, site.keys, now=NOW)
    signing_keys.revoke(session, ROOT, key, "stolen", site.keys, now=NOW)
    session.expire_all()
    newer = endorsements.proven(session, made.uuid, site.keys, now=NOW)
    assert newer != former
    assert judged(session, site, guild, newer).valid
    assert judged(session, site, guild, former).verdict is Verdict.INVALID
    assert endorsements.signed(session, made.uuid, site.keys) == token
    epoch = issuers.current_epoch(session, issuer)
    assert epoch is not None
    signer = epoch.key
    signing_keys.revoke(session, ROOT, signer, "stolen", site.keys, now=NOW)
    assert signer.state == KeyState.REVOKED
    with pytest.raises(publishing.WithdrawnKeyError):
        endorsements.signed(session, made.uuid, site.keys)
    assert judged(session, site, guild, made.document_id).valid


def test_a_badge_is_endorsed_as_it_is_now(session: Session, site: Site, issuer: Issuer) -> None:
    awarded(session, site)
    make_badge(session, site, description="You did it, and more.")
    made = issued(session, site, issuer, badge_id(issuer))
    assert made.subject == f"{badge_id(issuer)}/editions/2"
    badge = make_badge(session, site, description="You did it, and more.")
    (said,) = endorsement_lists.of_badge(session, badge.id, now=NOW)
    assert (said.who, said.comment, said.verdict) == ("Accolades", WORDS, "valid")
    first = endorsable.find(session, badge_id(issuer))
    assert first is not None
    assert first.id == badge_id(issuer)


def test_what_is_said_of_somebody_erased_is_forgotten(
    session: Session, site: Site, issuer: Issuer
) -> None:
    assertion = awarded(session, site)
    made = issued(session, site, issuer, assertion.document_id, "Asha did well.")
    endorsements.forget(session, [assertion.document_id], "Erased.", now=NOW)
    assert "Asha" not in made.document + made.comment
    assert (made.ob3, made.jws) == (None, None)
    with pytest.raises(publishing.RevokedError):
        endorsements.find_own(session, made.uuid)


def test_credentials_carry_what_is_said_by_the_time_they_are_made(
    session: Session, site: Site, issuer: Issuer, guild: Guild
) -> None:
    assertion = awarded(session, site)
    hosted, at = assertion.document, NOW + timedelta(seconds=1)
    for about in (badge_id(issuer), f"{issuer.base_url}/issuers/accolades", assertion.document_id):
        issued(session, site, issuer, about)
    text = credentials.proven(session, assertion.uuid, site.keys, now=at)
    document = json.loads(text)
    places = (document, document["credentialSubject"]["achievement"], document["issuer"])
    assert [len(place["endorsement"]) for place in places] == [1, 1, 1]
    token = credentials.token(session, assertion.uuid, site.keys, now=at)
    for source in (text, token):
        report = judged(session, site, guild, source)
        assert report.valid, report.sentence
        assert [each.verdict for each in report.endorsements] == [Verdict.VALID] * 3
        assert report.notes == ()
    for made in session.scalars(select(endorsements.Endorsement)).all():
        endorsements.revoke(session, BORIS, made.uuid, "We were wrong.", now=at)
    report = judged(session, site, guild, text)
    assert report.valid  # the badge does not depend on them
    assert [each.verdict for each in report.endorsements] == [Verdict.REVOKED] * 3
    assert credentials.proven(session, assertion.uuid, site.keys, now=at) == text
    assert assertion.document == hosted


def test_many_credentials_ask_once_for_what_they_carry(
    session: Session, site: Site, issuer: Issuer
) -> None:
    issued(session, site, issuer, badge_id(issuer))
    badge = make_badge(session, site)
    for name in ("asha", "boris", "chen"):
        give(session, badge, name)
    found = session.scalars(select(Assertion)).all()
    credentials.make_all(session, found, site.keys, now=NOW)
    for each in found:
        assert each.ob3 is not None
        achievement = json.loads(each.ob3)["credentialSubject"]["achievement"]
        assert achievement["endorsement"][0]["credentialSubject"]["endorsementComment"] == WORDS
        assert each.ob3_jwt is not None


def test_an_endorsement_that_is_not_there_is_not_found(session: Session, site: Site) -> None:
    assertion = awarded(session, site)
    with pytest.raises(NotFoundError):
        endorsements.find(session, assertion.uuid)
    assert endorsable.find(session, "did:web:127.0.0.1%3A8000:issuers:nobody") is None
    assert endorsable.find(session, "x\0") is None
    assert endorsement_lists.of(session, ["", "\0"], now=NOW) == ()
