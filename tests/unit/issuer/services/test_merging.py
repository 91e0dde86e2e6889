# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from issuer.errors import ConflictError, GoneError, InvalidInputError
from issuer.models import (
    Assertion,
    AuditEntry,
    Award,
    BadgePeriod,
    BadgeTotal,
    Claim,
    ClaimState,
    EmailIdentity,
    Grant,
    Person,
    RankHistogram,
    Team,
    TeamMember,
    Total,
)
from issuer.services import (
    audits,
    awards,
    erasing,
    exporting,
    logins,
    merging,
    persons,
    profiles,
    publishing,
    recounting,
    visibility,
)
from issuer.services.permissions import Actor
from openbadges.signing import peek
from openbadges.times import format_time
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from issuer.site import Site

ROOT = Actor(username="root", origin="192.0.2.1")
LATER = NOW + timedelta(days=40)


@pytest.fixture
def badges(session: Session, site: Site) -> dict[str, Badge]:
    """Return badges, of which Asha has some by one account, some by another, and some by both."""
    made = {
        name: make_badge(session, site, name, points=points, repeatable=name == "again")
        for name, points in (("both", 3), ("own", 5), ("again", 2), ("back", 7))
    }
    give(session, made["both"], "asha", now=LATER, issued_at=LATER)
    give(session, made["both"], "asha-old")
    give(session, made["own"], "asha-old")
    for name, event in (("asha", "m1"), ("asha-old", "m1"), ("asha-old", "m2")):
        give(session, made["again"], name, occurrence=event)
    given = give(session, made["back"], "asha-old").award
    awards.revoke(session, given, "by mistake", now=NOW)
    give(session, made["back"], "asha")
    give(session, made["both"], "boris")
    return made


def people(session: Session) -> tuple[Person, Person]:
    return persons.find(session, "asha"), persons.find(session, "asha-old")


def merge(session: Session) -> merging.Plan:
    return merging.merge(session, ROOT, *people(session), now=LATER)


def kept(session: Session) -> dict[str, set[tuple[Any, ...]]]:
    """Return all that is counted, but for what is nothing."""
    session.expire_all()
    return {
        table.__tablename__: {
            tuple(str(value) for value in row)
            for row in session.execute(select(*table.__table__.columns))
            if row[-1]
        }
        for table in (Total, RankHistogram, BadgeTotal, BadgePeriod)
    }


def test_no_promise_of_either_account_stops_verifying(
    session: Session, badges: dict[str, Badge]
) -> None:
    facts = (Assertion.uuid, Assertion.document, Assertion.identity_hash, Assertion.document_id)
    before = set(session.execute(select(*facts)).all())
    merge(session)
    session.expire_all()
    assert set(session.execute(select(*facts)).all()) == before
    revoked = []
    for uuid, document, *_ in before:
        try:
            assert publishing.find_assertion(session, uuid).document == document
        except publishing.RevokedError:
            revoked.append(uuid)
    assert len(revoked) == 1  # as before, and with its reason
    stays = session.scalars(select(Award).filter_by(badge_id=badges["both"].id)).first()
    assert stays is not None
    assert (stays.issued_at, len(stays.assertions)) == (NOW, 2)
    assert sorted(each.is_default for each in stays.assertions) == [False, True]


def test_what_is_counted_is_what_the_awards_say(session: Session, badges: dict[str, Badge]) -> None:
    """predecessors 1.2: deleting an award leaves the ranks stale."""
    merge(session)
    counted = kept(session)
    held = session.scalars(select(Total).filter_by(period="all")).all()
    names = {persons.find(session, name).id: name for name in ("asha", "boris")}
    assert {names[each.person_id]: (each.badges, each.points) for each in held} == {
        "asha": (5, 3 + 5 + 2 + 2 + 7),
        "boris": (1, 3),
    }
    recounting.recount(session)
    months = {
        (str(badge), f"{month}"[:7]): number
        for badge, month, number in session.execute(
            text(
                "SELECT badge_id, min(issued_at), count(*) FROM awards "
                "WHERE revoked_at IS NULL GROUP BY badge_id"
            )
        )
    }
    anew = kept(session)
    assert {
        (badge, first[:7]): int(number)
        for badge, period, first, number in counted.pop("badge_periods")
        if period == "month"
    } == months
    assert anew.pop("badge_periods")
    assert anew == counted


def test_the_account_that_goes_leads_to_the_other(
    session: Session, badges: dict[str, Badge]
) -> None:
    _, gone = people(session)
    gone.subject, gone.last_login_at, gone.display_name = "https://id s-2", LATER, "Asha R."
    team = Team(slug="t", name="T", created_at=NOW)
    session.add(team)
    session.flush()
    session.add_all(
        [
            Grant(badge_id=badges["own"].id, person_id=each.id, created_at=NOW)
            for each in people(session)
        ]
        + [TeamMember(team_id=team.id, person_id=gone.id, joined_at=NOW)]
    )
    audits.record(
        session, Actor(username="asha-old", person_id=gone.id), "login", "person", "x", now=NOW
    )
    done = merge(session)
    assert (len(done.moved), len(done.doubles), done.grants, done.moves_login) == (3, 2, 1, True)
    session.expire_all()
    asha = persons.find(session, "asha-old")
    assert (asha.username, asha.display_name, asha.last_login_at) == ("asha", "Asha R.", LATER)
    assert profiles.profile(session, "Asha-Old").person is asha
    for table in (Grant, TeamMember):
        assert session.scalars(select(table.person_id)).all() == [asha.id]
    entries = {entry.action: entry for entry in session.scalars(select(AuditEntry))}
    assert entries["login"].actor_id == asha.id
    assert entries["person.merge"].after is not None
    assert entries["person.merge"].after["merged"] == "asha-old"
    claims = {"iss": "https://id", "sub": "s-2", "nickname": "asha-old"}
    assert logins.record_login(session, claims, now=LATER) is asha
    with pytest.raises(ConflictError, match="belongs to another login"):
        logins.record_login(session, {**claims, "sub": "stranger"}, now=LATER)


def test_addresses_move_and_the_proof_of_one_is_enough(
    session: Session, badges: dict[str, Badge]
) -> None:
    asha, gone = people(session)
    for person, address, proof in (
        (asha, "both@example.org", None),
        (gone, "both@example.org", NOW),
        (gone, "old@example.org", NOW),
    ):
        session.add(
            EmailIdentity(
                person_id=person.id,
                address=address,
                verified_at=proof,
                is_default=proof is not None and address.startswith("old"),
                created_at=NOW,
            )
        )
    session.flush()
    merge(session)
    session.expire_all()
    rows = session.scalars(select(EmailIdentity).order_by(EmailIdentity.address)).all()
    assert [(row.address, row.verified_at, row.is_default) for row in rows] == [
        ("both@example.org", NOW, False),
        ("old@example.org", NOW, False),
    ]
    assert {row.person_id for row in rows} == {asha.id}


def test_who_hid_one_of_them_is_hidden(session: Session, badges: dict[str, Badge]) -> None:
    """predecessors 1.5: what somebody hid shows through in no list and no rank."""
    _, gone = people(session)
    visibility.opt_out(session, gone)
    assert merge(session).hides
    session.expire_all()
    assert persons.find(session, "asha").opted_out
    counted = kept(session)
    recounting.recount(session)
    assert kept(session)["rank_histogram"] == counted["rank_histogram"]


def test_what_cannot_be_merged_is_told(session: Session, badges: dict[str, Badge]) -> None:
    asha, gone = people(session)
    with pytest.raises(ConflictError, match="is one account"):
        merging.plan(session, asha, asha)
    with pytest.raises(InvalidInputError, match="type 'asha-old'"):
        merging.check_name(gone, "asha")
    merging.check_name(gone, " Asha-Old ")
    erasing.erase(session, gone, "anonymise", now=NOW)
    for pair in ((asha, gone), (gone, asha)):
        with pytest.raises(ConflictError, match="was erased"):
            merging.merge(session, ROOT, *pair, now=NOW)
    with pytest.raises(GoneError):
        profiles.profile(session, "asha-old")


def test_of_two_claims_under_way_that_of_the_account_that_stays_is_reviewed(
    session: Session, badges: dict[str, Badge]
) -> None:
    """A person has one claim of a badge under way; what else they handed in is kept."""
    asha, gone = people(session)
    for person, name, state in (
        (asha, "own", ClaimState.ASKED_BACK),
        (gone, "own", ClaimState.OPEN),
        (gone, "back", ClaimState.OPEN),
        (asha, "back", ClaimState.DECLINED),
    ):
        session.add(
            Claim(
                badge_id=badges[name].id,
                person_id=person.id,
                text=f"{name} of {person.username}",
                links=["https://example.org/"],
                state=state,
                created_at=NOW,
            )
        )
    session.flush()
    merge(session)
    session.expire_all()
    assert {
        (claim.badge.slug, claim.person.username, claim.state, claim.text, bool(claim.links))
        for claim in session.scalars(select(Claim))
    } == {
        ("own", "asha", "asked-back", "own of asha", True),
        ("own", "asha", "withdrawn", "", False),
        ("back", "asha", "open", "back of asha-old", True),
        ("back", "asha", "declined", "back of asha", True),
    }


def test_a_grant_that_holds_is_not_lost_for_one_that_ended(
    session: Session, badges: dict[str, Badge]
) -> None:
    asha, gone = people(session)
    for person, name, end in (
        (asha, "own", NOW),
        (gone, "own", None),
        (asha, "back", LATER + timedelta(days=1)),
        (gone, "back", NOW),
    ):
        session.add(
            Grant(badge_id=badges[name].id, person_id=person.id, created_at=NOW, expires_at=end)
        )
    session.flush()
    merge(session)
    session.expire_all()
    assert {
        (grant.badge.slug, grant.person_id, grant.expires_at)
        for grant in session.scalars(select(Grant))
    } == {("own", asha.id, None), ("back", asha.id, LATER + timedelta(days=1))}


def test_each_form_of_an_assertion_tells_the_same_after_a_merge(
    session: Session, site: Site, badges: dict[str, Badge]
) -> None:
    """It goes into an award of another day, and says what it said."""
    merge(session)
    statement = select(Assertion).join(Award).where(Award.badge_id == badges["both"].id)
    found = session.scalars(statement).all()
    assert len({json.loads(each.document)["issuedOn"] for each in found}) == 2
    for each, taken in zip(
        found,
        exporting.collect(session, [each.id for each in found], site.keys, now=LATER),
        strict=True,
    ):
        moment = json.loads(each.document)["issuedOn"]
        proof = json.loads(taken.proof)
        assert moment == proof["validFrom"] == proof["awardedDate"] == format_time(taken.issued_at)
        assert json.loads(peek(taken.token)[1])["nbf"] == taken.issued_at.timestamp()
