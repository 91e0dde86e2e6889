# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    OptedOutError,
)
from issuer.models import AuditEntry, Award, Claim, ClaimState
from issuer.services import awards, bounties, claims, disclosing, erasing, persons, reviews
from issuer.services.bounties import Shut, Terms
from issuer.services.claims import Said
from issuer.services.permissions import Actor, Role
from issuer.services.reviews import Answer
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.verification import verify
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from issuer.services.awards import Outcome
    from issuer.site import Site

ROOT = Actor(username="root", roles=frozenset({Role.ADMIN}))
RITA = Actor(username="rita", roles=frozenset({Role.REVIEWER}))
SAID = Said("I *mended* it.", ("https://git.example.org/1", "https://wiki.example.org/2"))
TERMS = Terms(claimable=True)


def offered(session: Session, site: Site, terms: Terms = TERMS, **facts: object) -> Badge:
    badge = make_badge(session, site, **facts)
    bounties.change(session, badge, terms, actor=ROOT, now=NOW)
    return badge


def send(
    session: Session, badge: Badge, username: str, said: Said = SAID, now: datetime = NOW
) -> Claim:
    return claims.send(session, badge, persons.ensure(session, username, now=NOW), said, now=now)


def decide(
    session: Session,
    claim: Claim,
    decision: ClaimState = ClaimState.ACCEPTED,
    text: str = "",
    *,
    actor: Actor = RITA,
    sending: int = 0,
) -> Outcome | None:
    answer = Answer(decision=decision, text=text, sending=sending or claim.sendings)
    return reviews.decide(session, claim, answer, actor=actor, email_domain="example.org", now=NOW)


def test_an_accepted_claim_is_an_award_with_its_evidence_that_verifies(
    session: Session, site: Site
) -> None:
    rita = persons.ensure(session, "rita", now=NOW)
    claim = send(session, offered(session, site), "asha")
    outcome = decide(session, claim, text="Thank you!", actor=replace(RITA, person_id=rita.id))
    assert outcome is not None
    award = outcome.award
    assert (award.source, award.cause_id, award.awarded_by_id) == ("claim", str(claim.id), rita.id)
    assert (claim.state, claim.answer, claim.award_id) == ("accepted", "Thank you!", award.id)
    assert award.narrative == SAID.text
    document = json.loads(award.assertions[0].document)
    assert document["narrative"] == SAID.text
    assert document["evidence"] == list(SAID.links)
    own = OwnFetcher(
        lambda: nullcontext(session), site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    report = verify(document["id"], fetcher=own, now=NOW)
    assert report.valid, report.sentence
    audits = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(each.actor, each.action) for each in audits] == [
        ("root", "bounty.change"),
        ("rita", "claim.accepted"),
    ]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", []),
        (" \n ", ["https://example.org/"]),
        ("x" * 4001, []),
        ("\u202ehidden", []),
        ("x", [f"https://example.org/{number}" for number in range(6)]),
        ("x", ["https://example.org/" + "x" * 500]),
        ("x", ["javascript:alert(1)"]),
        ("x", ["ftp://example.org/"]),
        ("x", ["//example.org/"]),
        ("x", ["https://"]),
        ("x", ["https://good.example\\@127.0.0.1/"]),
        ("x", ["https://user:secret@example.org/"]),
        ("x", ["https://example.org:99999/"]),
        ("x", ["https://example.org/\x00"]),
    ],
)
def test_what_cannot_be_evidence_is_refused(text: str, links: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        Said.of(text, links)


def test_links_are_kept_as_machines_write_them() -> None:
    said = Said.of(
        " One \r\n two ",
        [
            " https://EXAMPLE.org/a%20b?q=1#x ",
            "",
            "https://bücher.example/naïve %zz".replace(" ", "-"),
        ],
    )
    assert said.text == "One \n two"
    assert said.links == (
        "https://example.org/a%20b?q=1#x",
        "https://xn--bcher-kva.example/na%C3%AFve-%25zz",
    )


def test_a_claim_goes_back_and_forth_until_it_is_answered(session: Session, site: Site) -> None:
    badge = offered(session, site)
    claim = send(session, badge, "asha")
    assert send(session, badge, "asha") is claim  # sent twice
    assert claim.sendings == 1
    with pytest.raises(InvalidInputError, match="say why"):
        decide(session, claim, ClaimState.ASKED_BACK, " ")
    decide(session, claim, ClaimState.ASKED_BACK, "Which one?")
    assert claim.state == "asked-back"
    with pytest.raises(ConflictError):
        decide(session, claim)  # it waits for the person
    assert send(session, badge, "asha", Said("This one.", ())) is claim
    assert (claim.state, claim.text, claim.links, claim.sendings) == ("open", "This one.", [], 2)
    with pytest.raises(ConflictError, match="changed while you read"):
        decide(session, claim, sending=1)
    decide(session, claim, ClaimState.DECLINED, "No.")
    again = send(session, badge, "asha")
    assert again.id != claim.id
    person = persons.find(session, "asha")
    withdrawn = claims.withdraw(session, person, again.id)
    assert (withdrawn.state, withdrawn.text, withdrawn.links) == ("withdrawn", "", [])
    for number in (again.id, claim.id):
        with pytest.raises(ConflictError):
            claims.withdraw(session, person, number)
    with pytest.raises(NotFoundError):
        claims.withdraw(session, persons.ensure(session, "ines", now=NOW), again.id)
    assert claims.latest(session, badge, person) is claim
    assert session.scalar(select(func.count()).select_from(Award)) == 0
    assert claims.clean(session, NOW + timedelta(days=31), 30) == 2


def test_nobody_answers_their_own_claim(session: Session, site: Site) -> None:
    claim = send(session, offered(session, site), "asha")
    own = replace(ROOT, username="asha", person_id=claim.person_id)
    for decision in reviews.DECISIONS:
        with pytest.raises(ForbiddenError, match="your own"):
            decide(session, claim, decision, "I say so.", actor=own)
    assert claim.state == "open"


def test_who_may_read_and_answer(session: Session, site: Site) -> None:
    claim = send(session, offered(session, site), "asha")
    manager = Actor(username="boris", roles=frozenset({Role.MANAGER}), issuers=frozenset({"*"}))
    elsewhere = replace(manager, issuers=frozenset({"another"}))
    for actor in (RITA, ROOT, manager):
        assert reviews.find(session, actor, claim.id, now=NOW) is claim
        assert len(session.execute(reviews.listed(actor, now=NOW)).all()) == 1
    for actor in (elsewhere, Actor(username="asha")):
        assert session.execute(reviews.listed(actor, now=NOW)).all() == []
        with pytest.raises(ForbiddenError):
            reviews.find(session, actor, claim.id, now=NOW)
    persons.find(session, "asha").opted_out = True  # W9
    assert session.execute(reviews.listed(ROOT, now=NOW)).all() == []
    with pytest.raises(NotFoundError):
        reviews.find(session, ROOT, claim.id, now=NOW)


def test_who_cannot_claim_is_told_why(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge = offered(session, site)
    give(session, badge, "asha")
    with pytest.raises(ConflictError, match="you have it already"):
        send(session, badge, "asha")
    persons.ensure(session, "ghost", now=NOW).opted_out = True
    with pytest.raises(OptedOutError):
        send(session, badge, "ghost")
    plain = make_badge(session, site, "Plain")
    with pytest.raises(ConflictError, match="cannot be claimed"):
        send(session, plain, "ines")
    monkeypatch.setattr(claims, "MAX_UNDER_WAY", 2)
    for number in range(2):
        other = make_badge(session, site, f"Other {number}")
        other.claimable = True
        send(session, other, "ines")
    with pytest.raises(ConflictError, match="let them be answered"):
        send(session, badge, "ines")


def test_an_offer_ends_and_is_full(session: Session, site: Site) -> None:
    terms = replace(TERMS, maximum_awards=1, ends_at=NOW + timedelta(hours=1))
    badge = offered(session, site, terms)
    first, second = send(session, badge, "asha"), send(session, badge, "ines")
    with pytest.raises(ConflictError, match="is over"):
        send(session, badge, "otto", now=terms.ends_at)
    assert bounties.find(session, badge, now=NOW).left == 1
    decide(session, first)
    session.expire_all()
    offer = bounties.find(session, badge, now=NOW)
    assert (offer.left, offer.shut) == (0, Shut.FULL)
    with pytest.raises(ConflictError, match="all awards"):
        send(session, badge, "otto")
    with pytest.raises(ConflictError, match="all awards"), session.begin_nested():
        decide(session, second)
    session.refresh(second)
    assert second.state == "open"
    bounties.change(session, badge, replace(terms, maximum_awards=2), actor=ROOT, now=NOW)
    decide(session, second)
    badge.retired_at = NOW
    assert bounties.find(session, badge, now=NOW).shut == Shut.RETIRED


@pytest.mark.parametrize(
    "terms", [{"maximum_awards": 0}, {"instructions": "x" * 4001}, {"instructions": "\x07"}]
)
def test_terms_that_make_no_sense_are_refused(
    session: Session, site: Site, terms: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError):
        offered(session, site, replace(TERMS, **terms))  # type: ignore[arg-type]  # what is wrong


def test_a_badge_that_was_revoked_or_is_repeatable_may_be_earned_anew(
    session: Session, site: Site
) -> None:
    badge = offered(session, site)
    awards.revoke(session, give(session, badge, "asha").award, "A mistake.", now=NOW)
    outcome = decide(session, send(session, badge, "asha"))
    assert outcome is not None
    assert outcome.award.occurrence == "again-1"
    often = offered(session, site, name="Often", repeatable=True)
    for _ in range(2):
        outcome = decide(session, send(session, often, "asha"))
        assert outcome is not None
        assert outcome.created


def test_a_claim_is_told_to_its_person_and_goes_with_them(session: Session, site: Site) -> None:
    rita = persons.ensure(session, "rita", now=NOW)
    badge = offered(session, site)
    claim = send(session, badge, "asha")
    decide(session, claim, text="Fine.", actor=replace(RITA, person_id=rita.id))
    asha = persons.find(session, "asha")
    told = json.loads("".join(disclosing.everything(session, asha, now=NOW)))
    assert [(each["text"], each["answer"]) for each in told["claims"]] == [(SAID.text, "Fine.")]
    erasing.erase(session, rita, "anonymise", now=NOW)
    assert session.scalars(select(Claim.reviewer_id)).all() == [None]
    erasing.erase(session, persons.find(session, "asha"), "anonymise", now=NOW)
    assert session.scalars(select(Claim)).all() == []
