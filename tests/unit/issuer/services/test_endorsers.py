# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, ForbiddenError, InvalidInputError
from issuer.models import Assertion, AuditEntry
from issuer.services import awards, credentials, endorsement_lists, endorsements, endorsers
from tests.issuing import NOW, give, make_badge, make_issuer
from tests.unit.issuer.services.endorsing import (
    BORIS,
    COMMENT,
    HOST,
    HOSTED,
    OTTO,
    Guild,
    a_key,
    fetcher,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Endorsement, Issuer
    from issuer.services.endorsers import Examined
    from issuer.services.permissions import Actor
    from issuer.site import Site

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def issuer(session: Session, site: Site) -> Issuer:
    make_badge(session, site)
    return make_issuer(session, site)


@pytest.fixture
def guild(session: Session, site: Site, issuer: Issuer) -> Guild:
    return Guild(a_key(session, site, issuer))


@pytest.fixture
def badge(issuer: Issuer) -> str:
    return f"{issuer.base_url}/badges/first-steps"


def examined(session: Session, site: Site, guild: Guild, source: str) -> Examined:
    return endorsers.examine(source, fetcher(session, site, guild), now=LATER)


def taken(
    session: Session, site: Site, guild: Guild, source: str, actor: Actor = BORIS
) -> Endorsement:
    given = examined(session, site, guild, source)
    return endorsers.take_in(session, actor, given, now=LATER)


FORMS = ["hosted-address", "hosted-text", "signed", "proof", "proof-address", "jwt"]


@pytest.mark.parametrize("form", FORMS)
def test_another_issuers_endorsement_is_kept_whole(
    session: Session, site: Site, guild: Guild, badge: str, form: str
) -> None:
    proven = json.dumps(guild.proven(badge), ensure_ascii=False)
    guild.documents[f"{HOST}/credentials/1"] = {"text": proven}
    guild.hosted(badge)
    published = json.dumps(guild.documents[HOSTED]["json"])
    sources = {
        "hosted-address": HOSTED,
        "hosted-text": json.dumps({**json.loads(published), "claim": {"id": "https://x.org/"}}),
        "signed": guild.signed(badge),
        "proof": proven,
        "proof-address": f"{HOST}/credentials/1",
        "jwt": guild.token(badge),
    }
    made = taken(session, site, guild, sources[form])
    kept = {"hosted-address": None, "hosted-text": None, "proof-address": proven}
    text = kept.get(form, sources[form])
    assert made.document == text if text else json.loads(made.document) == json.loads(published)
    assert (made.form, made.endorser_name, made.comment) == (
        form.partition("-")[0],
        "The Guild",
        COMMENT,
    )
    assert (made.subject, made.is_own, made.about_id is None) == (badge, False, False)
    (said,) = endorsement_lists.of(session, [badge], now=LATER)
    assert (said.who, said.verdict, said.checked_at) == ("The Guild", "valid", LATER)
    assert session.scalars(select(AuditEntry.action)).all() == ["endorsement.take_in"]
    told = endorsement_lists.told(session, badge)
    assert told[0]["document"] == made.document
    # What was taken in is believed again, and checked again.
    assert endorsers.examine(made.document, fetcher(session, site, guild), now=LATER).report.valid
    with pytest.raises(ConflictError, match="here already"):
        taken(session, site, guild, sources[form])


def test_names_of_one_thing_are_one(
    session: Session, site: Site, guild: Guild, issuer: Issuer
) -> None:
    award = give(session, make_badge(session, site), "asha").award
    assertion = session.scalars(select(Assertion).filter_by(award_id=award.id)).one()
    profile = f"{issuer.base_url}/issuers/accolades"
    names = {
        credentials.did(issuer): profile,
        profile: profile,
        assertion.document_id: assertion.document_id,
        f"{assertion.document_id}/ob3": assertion.document_id,
    }
    for number, (name, subject) in enumerate(names.items()):
        made = taken(session, site, guild, json.dumps(guild.proven(name, number)))
        assert made.subject == subject


def _nothing_of_ours(guild: Guild, badge: str) -> str:
    del badge
    return json.dumps(guild.proven("https://elsewhere.example/badges/1"))


def _alike(guild: Guild, badge: str) -> str:
    return json.dumps(guild.proven(badge.upper()))


def _changed(guild: Guild, badge: str) -> str:
    document = guild.proven(badge)
    document["credentialSubject"]["endorsementComment"] = "Better still."
    return json.dumps(document)


def _not_there(guild: Guild, badge: str) -> str:
    del guild, badge
    return f"{HOST}/none"


def _withdrawn(guild: Guild, badge: str) -> str:
    return guild.hosted(badge, revoked=True)


def _ended(guild: Guild, badge: str) -> str:
    return guild.hosted(badge, expires="2026-02-28T13:00:00Z")


def _a_badge(guild: Guild, badge: str) -> str:
    del guild
    return badge


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_nothing_of_ours, "nothing of this site"),
        (_alike, "nothing of this site"),
        (_changed, "This endorsement is not valid: proof"),
        (_not_there, "this is none"),
        (_withdrawn, "This endorsement was revoked"),
        (_ended, "This endorsement has expired"),
        (_a_badge, "this is none"),
        (lambda _guild, _badge: "nonsense", "this is none"),
        (lambda _guild, _badge: "x" * 100_001, "is longer than"),
    ],
)
def test_what_is_no_true_endorsement_of_ours_is_refused_in_a_line(
    session: Session, site: Site, guild: Guild, badge: str, make: Any, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        taken(session, site, guild, make(guild, badge))
    assert "\n" not in str(refused.value)
    assert endorsement_lists.told(session, badge) == []


def test_only_who_manages_what_is_endorsed_takes_it_in(
    session: Session, site: Site, guild: Guild, badge: str
) -> None:
    with pytest.raises(ForbiddenError):
        taken(session, site, guild, guild.hosted(badge), OTTO)


def test_our_own_is_issued_and_not_taken_in(
    session: Session, site: Site, guild: Guild, issuer: Issuer, badge: str
) -> None:
    own = endorsements.issue(session, BORIS, issuer, badge, "Good.", site.keys, now=NOW)
    with pytest.raises(ConflictError, match="our own"):
        taken(session, site, guild, own.document_id)


def test_a_revoked_award_is_endorsed_by_nobody(session: Session, site: Site, guild: Guild) -> None:
    award = give(session, make_badge(session, site), "asha").award
    name = session.scalars(select(Assertion.document_id).filter_by(award_id=award.id)).one()
    awards.revoke(session, award, "a mistake", now=NOW)
    with pytest.raises(ConflictError, match="was revoked"):
        taken(session, site, guild, guild.hosted(name))


def test_it_is_asked_again_whether_an_endorsement_holds(
    session: Session, site: Site, guild: Guild, badge: str
) -> None:
    made = taken(session, site, guild, guild.hosted(badge))
    guild.hosted(badge, revoked=True, revocationReason="No more.")
    report = examined(session, site, guild, made.document_id).report
    assert endorsers.note(session, BORIS, made.uuid, report, now=LATER) == "revoked"
    (said,) = endorsement_lists.of(session, [badge], now=LATER)
    assert said.verdict == "revoked"
    entry = session.scalars(select(AuditEntry).filter_by(action="endorsement.check")).one()
    assert (entry.before, entry.after) == ({"verdict": "valid"}, {"verdict": "revoked"})
    removed = endorsements.revoke(session, BORIS, made.uuid, "It says so itself.", now=LATER)
    assert not removed.is_own
    assert endorsement_lists.of(session, [badge], now=LATER) == ()


def test_an_end_is_seen_without_asking(
    session: Session, site: Site, guild: Guild, badge: str
) -> None:
    taken(session, site, guild, guild.hosted(badge, expires="2026-04-01T00:00:00Z"))
    after = NOW + timedelta(days=60)
    assert [each.verdict for each in endorsement_lists.of(session, [badge], now=LATER)] == ["valid"]
    assert [each.verdict for each in endorsement_lists.of(session, [badge], now=after)] == [
        "expired"
    ]


def test_credentials_carry_what_others_say_in_version_3(
    session: Session, site: Site, guild: Guild, badge: str
) -> None:
    award = give(session, make_badge(session, site), "asha").award
    assertion = session.scalars(select(Assertion).filter_by(award_id=award.id)).one()
    taken(session, site, guild, guild.hosted(badge))  # of version 2.0, so it stays where it is
    token = guild.token(badge)
    taken(session, site, guild, token)
    proven = guild.proven(badge)
    taken(session, site, guild, json.dumps(proven))
    # Long ones, what holds a tab, and more than a few are left on their page.
    for number in range(2, 7):
        words = "x" * 5000 * (number == 2) + "\t" * (number == 3) + str(number)
        subject = {"id": badge, "type": ["EndorsementSubject"], "endorsementComment": words}
        extra = {"description": "x" * 20_000} if number == 2 else {}
        document = guild.proven(badge, number, credentialSubject=subject, **extra)
        taken(session, site, guild, json.dumps(document))
    text = credentials.proven(session, assertion.uuid, site.keys, now=LATER)
    achievement = json.loads(text)["credentialSubject"]["achievement"]
    assert achievement["endorsementJwt"] == [token]
    assert achievement["endorsement"][0] == proven
    assert [each["id"] for each in achievement["endorsement"]] == [
        f"{HOST}/credentials/{number}" for number in (1, 4)
    ]
    report = examined(session, site, guild, text).report
    assert report.valid, report.sentence
    assert [each.verdict.value for each in report.endorsements] == ["valid"] * 3
    assert len(endorsement_lists.of(session, [badge], now=LATER)) == 8
