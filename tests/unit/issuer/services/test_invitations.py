# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    InvitationClosedError,
    NotFoundError,
    OptedOutError,
)
from issuer.models import AuditEntry, Award, Grant, Invitation, InvitationUse, Source
from issuer.services import awards, grants, invitation_lists, invitations, persons, quotas
from issuer.services.invitations import Closing, Wanted
from issuer.services.permissions import Actor, Role
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from issuer.services.awards import Outcome
    from issuer.site import Site

ROOT = Actor(username="root", roles=frozenset({Role.ADMIN}), origin="192.0.2.1")
HOUR = timedelta(hours=1)
OPEN = Wanted(expires_at=NOW + HOUR)


@pytest.fixture
def badge(session: Session, site: Site) -> Badge:
    return make_badge(session, site)


def make(session: Session, badge: Badge, actor: Actor = ROOT, **wanted: object) -> Invitation:
    return invitations.make(session, badge, replace(OPEN, **wanted), actor=actor, now=NOW)[0]


def claim(session: Session, token: str, username: str, **arguments: object) -> Outcome:
    person = persons.ensure(session, username, now=NOW)
    values = {"email_domain": "example.org", "now": NOW}
    return invitations.claim(session, token, person, **{**values, **arguments})


def test_a_link_gives_the_badge_once_to_each_and_counts_them(
    session: Session, badge: Badge
) -> None:
    maker = persons.ensure(session, "boris", now=NOW)
    invitation = make(session, badge, replace(ROOT, person_id=maker.id), maximum_uses=2)
    outcomes = [claim(session, invitation.token, name) for name in ("asha", "ines", "Asha", "ines")]
    assert [each.created for each in outcomes] == [True, True, False, False]
    award = outcomes[0].award
    assert (award.source, award.cause_id) == (Source.INVITATION, str(invitation.id))
    assert award.awarded_by_id == maker.id
    session.refresh(invitation)
    assert invitation.uses == 2
    uses = session.scalars(select(InvitationUse).order_by(InvitationUse.person_id)).all()
    assert [(use.award_id, use.used_at) for use in uses] == [
        (each.award.id, NOW) for each in outcomes[:2]
    ]
    with pytest.raises(InvitationClosedError):
        claim(session, invitation.token, "otto")


def test_whoever_has_the_badge_takes_no_use_away(session: Session, badge: Badge) -> None:
    give(session, badge, "asha")
    invitation = make(session, badge, maximum_uses=1)
    assert not claim(session, invitation.token, "asha").created
    assert claim(session, invitation.token, "ines").created


def test_tokens_cannot_be_guessed_and_are_looked_up_by_their_hash(
    session: Session, badge: Badge
) -> None:
    """Attacks W7: 128 bits at least; the time of a look-up tells nothing about a token."""
    made = invitations.make(session, badge, replace(OPEN, codes=500), actor=ROOT, now=NOW)
    tokens = {each.token for each in made}
    assert len(tokens) == 500
    assert {len(token) * 5 for token in tokens} == {160}
    assert all(each.token_hash != each.token and len(each.token_hash) == 64 for each in made)
    assert invitations.find(session, made[7].token) is made[7]
    for guess in (made[0].batch, made[0].token_hash, "", "x" * 10_000, "\0", "ünïcode"):
        with pytest.raises(NotFoundError):
            invitations.find(session, guess)


def test_what_is_closed_says_why(session: Session, badge: Badge) -> None:
    spent = make(session, badge, maximum_uses=1)
    claim(session, spent.token, "asha")
    revoked = make(session, badge)
    assert invitations.revoke(session, revoked, actor=ROOT, now=NOW) == 1
    assert invitations.revoke(session, revoked, actor=ROOT, now=NOW) == 0
    old, good = make(session, badge), make(session, badge)
    session.refresh(spent)
    later = NOW + HOUR
    for invitation, moment, reason in (
        (spent, NOW, Closing.USED_UP),
        (revoked, NOW, Closing.REVOKED),
        (old, later, Closing.EXPIRED),
        (good, later - timedelta(seconds=1), None),
    ):
        assert invitations.closing(invitation, now=moment) == reason
        if reason:
            with pytest.raises(InvitationClosedError):
                claim(session, invitation.token, "ines", now=moment)
    badge.retired_at = NOW
    assert invitations.closing(good, now=NOW) == Closing.RETIRED
    with pytest.raises(InvitationClosedError):
        claim(session, good.token, "ines")
    assert session.scalar(select(func.count()).select_from(Award)) == 1


def test_codes_are_for_one_person_each_and_closed_together(session: Session, badge: Badge) -> None:
    first, second, third = invitations.make(
        session, badge, replace(OPEN, codes=3, maximum_uses=9), actor=ROOT, now=NOW
    )
    assert claim(session, second.token, "asha").created
    with pytest.raises(InvitationClosedError):
        claim(session, second.token, "ines")
    assert invitations.revoke(session, third, actor=ROOT, now=NOW) == 3
    session.refresh(first)
    assert first.revoked_at == NOW
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["invitation.make", "invitation.revoke"]
    told = session.scalars(select(AuditEntry)).all()
    assert not any(
        first.token in repr(each.after) or first.batch in repr(each.after) for each in told
    )


def test_a_repeatable_badge_is_given_once_an_occasion(session: Session, site: Site) -> None:
    badge = make_badge(session, site, repeatable=True)
    give(session, badge, "asha", occurrence="last-year")
    one, other = invitations.make(session, badge, replace(OPEN, codes=2), actor=ROOT, now=NOW)
    link = make(session, badge)
    outcomes = [claim(session, each.token, "asha") for each in (one, other, link, link)]
    assert [each.created for each in outcomes] == [True, False, True, False]


def test_a_link_gives_nothing_to_those_who_want_none_or_lost_it(
    session: Session, badge: Badge
) -> None:
    """predecessors 1.1: an award that was revoked must not come back by itself."""
    invitation = make(session, badge)
    persons.ensure(session, "ghost", now=NOW).opted_out = True
    with pytest.raises(OptedOutError):
        claim(session, invitation.token, "ghost")
    awards.revoke(session, give(session, badge, "asha").award, "A mistake.", now=NOW)
    with pytest.raises(ConflictError, match="was taken back"):
        claim(session, invitation.token, "asha")
    session.refresh(invitation)
    assert invitation.uses == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"expires_at": NOW},
        {"maximum_uses": 0},
        {"maximum_uses": 1_000_001},
        {"codes": 501},
        {"codes": -1},
        {"note": "x" * 201},
        {"note": "\u202e"},
    ],
)
def test_what_nobody_could_use_is_not_made(
    session: Session, badge: Badge, wanted: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError):
        make(session, badge, **wanted)
    badge.retired_at = NOW
    with pytest.raises(ConflictError):
        make(session, badge)


def test_old_invitations_are_forgotten_and_their_awards_stay(
    session: Session, badge: Badge
) -> None:
    used, revoked, lasting = (
        make(session, badge),
        make(session, badge, expires_at=None),
        make(session, badge, expires_at=None),
    )
    claim(session, used.token, "asha")
    invitations.revoke(session, revoked, actor=ROOT, now=NOW)
    assert invitations.clean(session, NOW + timedelta(days=30), 30) == 0
    assert invitations.clean(session, NOW + timedelta(days=31), 30) == 2
    assert session.scalars(select(Invitation)).all() == [lasting]
    assert session.scalars(select(InvitationUse)).all() == []
    assert session.scalar(select(func.count()).select_from(Award)) == 1


def test_a_delegate_sees_their_own_and_promises_no_more_than_their_quota(
    session: Session, site: Site, badge: Badge
) -> None:
    dora = persons.ensure(session, "dora", now=NOW)
    session.add(Grant(badge_id=badge.id, person_id=dora.id, quota=5, created_at=NOW))
    delegate = Actor(username="dora", person_id=dora.id)
    other = make_badge(session, site, "Other")
    foreign, own = make(session, badge), make(session, badge, delegate, maximum_uses=3)
    claim(session, own.token, "asha")
    session.refresh(own)

    def left(actor: Actor = delegate) -> int | None:
        return grants.left(session, actor, badge, now=NOW)

    assert left(ROOT) is None
    assert left() == 2  # one was given, two are promised
    invitations.revoke(session, own, actor=delegate, now=NOW)
    assert left() == 4  # what is revoked is promised no more
    for number in (5, None):
        with pytest.raises(ConflictError, match="leaves 4"):
            quotas.require(session, delegate, badge, number, now=NOW)
    quotas.require(session, delegate, badge, 4, now=NOW)
    session.add(Grant(badge_id=badge.id, group_name="mentors", created_at=NOW))
    assert left(replace(delegate, groups=frozenset({"mentors"}))) is None

    def seen(actor: Actor) -> set[int]:
        rows = session.execute(invitation_lists.listed(actor, now=NOW))
        return {row[0].id for row in rows}

    assert seen(delegate) == {own.id}
    assert seen(ROOT) == {own.id, foreign.id}
    assert seen(Actor(username="asha")) == set()
    with pytest.raises(ForbiddenError):
        invitation_lists.find(session, delegate, foreign.id, now=NOW)
    with pytest.raises(NotFoundError):
        invitation_lists.find(session, delegate, 999, now=NOW)
    assert grants.left(session, delegate, other, now=NOW) == 0


def test_the_list_is_searched_and_shows_codes_as_one(session: Session, badge: Badge) -> None:
    batch = invitations.make(session, badge, replace(OPEN, codes=3), actor=ROOT, now=NOW)
    link = make(session, badge, note="Flock 100%")
    claim(session, batch[2].token, "asha")
    persons.find(session, "asha").opted_out = True

    def found(**asked: str) -> list[tuple[int, int, int]]:
        rows = session.execute(invitation_lists.listed(ROOT, now=NOW, **asked)).all()
        return sorted((row[0].id, row.used, row.codes) for row in rows)

    assert found() == [(batch[0].id, 1, 3), (link.id, 0, 0)]
    assert found(query="100%") == [(link.id, 0, 0)]
    assert found(query="%", badge="none") == []
    invitations.revoke(session, link, actor=ROOT, now=NOW)
    assert found(state="open") == [(batch[0].id, 1, 3)]
    assert found(state="closed") == [(link.id, 0, 0)]
    (use,) = invitation_lists.uses(session, batch[0])
    assert (use.username, use.name, use.assertion) == ("", "", None)  # W9
