# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many people and reviewers at the same moment: nothing is given twice, and nothing too much."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.errors import ConflictError, InvitationClosedError
from issuer.models import (
    AuditEntry,
    Award,
    Badge,
    Bounty,
    Claim,
    Grant,
    Invitation,
    InvitationUse,
    Team,
)
from issuer.services import badges, claims, grants, persons, series, teams
from tests.issuing import NOW, make_badge, make_site
from tests.unit.issuer.services.batched import admin, member
from tests.unit.issuer.services.test_claims import SAID, TERMS, decide, offered, send
from tests.unit.issuer.services.test_invitations import claim, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.site import Site

PEOPLE = 50


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, postgres_url)
    yield made
    made.database.dispose()


def at_once(site: Site, number: int, work: Callable[[Session, int], object]) -> list[str]:
    """Do something at the same moment in transactions of their own; return what was refused."""
    begin, refused = threading.Barrier(number, timeout=60), []

    def run(place: int) -> None:
        begin.wait()
        try:
            with site.database.writing() as session:
                work(session, place)
        except (ConflictError, InvitationClosedError) as error:
            refused.append(str(error))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return refused


def test_of_fifty_claims_at_once_one_gets_the_one_use(site: Site) -> None:
    """Attacks W7: as many claim a link at once as like; it gives what it was made for."""
    with site.database.writing() as session:
        token = make(session, make_badge(session, site), maximum_uses=1).token
        for place in range(PEOPLE):
            persons.ensure(session, f"person-{place}", now=NOW)
    refused = at_once(site, PEOPLE, lambda session, place: claim(session, token, f"person-{place}"))
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Award)) == 1
        assert session.scalars(select(Invitation.uses)).all() == [1]
    assert len(refused) == PEOPLE - 1


def test_one_person_who_presses_twice_at_once_uses_it_once(site: Site) -> None:
    with site.database.writing() as session:
        token = make(session, make_badge(session, site), maximum_uses=9).token
        persons.ensure(session, "asha", now=NOW)
    outcomes: list[bool] = []
    refused = at_once(
        site, 8, lambda session, _: outcomes.append(claim(session, token, "asha").created)
    )
    with site.database.reading() as session:
        assert session.scalars(select(Invitation.uses)).all() == [1]
        assert session.scalar(select(func.count()).select_from(InvitationUse)) == 1
    assert (sorted(outcomes), refused) == ([False] * 7 + [True], [])


def test_of_many_reviewers_the_first_decides(site: Site) -> None:
    with site.database.writing() as session:
        number = send(session, offered(session, site), "asha").id
    refused = at_once(site, 8, lambda session, _: decide(session, session.get_one(Claim, number)))
    assert len(refused) == 7
    assert all("somebody else answered it" in text for text in refused)
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Award)) == 1


def test_no_more_awards_are_given_than_were_offered(site: Site) -> None:
    with site.database.writing() as session:
        badge = offered(session, site, replace(TERMS, maximum_awards=3))
        numbers = [send(session, badge, f"person-{number}").id for number in range(8)]
    refused = at_once(
        site, 8, lambda session, place: decide(session, session.get_one(Claim, numbers[place]))
    )
    assert len(refused) == 5
    assert all("all awards" in text for text in refused)
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Award)) == 3
        assert session.scalars(select(Bounty.accepted)).all() == [3]


def test_a_claim_that_is_sent_many_times_at_once_is_one(site: Site) -> None:
    with site.database.writing() as session:
        offered(session, site)
        persons.ensure(session, "asha", now=NOW)

    def work(session: Session, _place: int) -> None:
        badge = session.scalars(select(Badge)).one()
        claims.send(session, badge, persons.find(session, "asha"), SAID, now=NOW)

    at_once(site, 8, work)
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 1


def test_admins_who_grant_the_same_at_once_make_one_grant(site: Site) -> None:
    with site.database.writing() as session:
        root, slug = admin(session), make_badge(session, site).slug
        member(session, "dora")

    def grant(session: Session, place: int) -> None:
        terms = grants.Terms(username="dora", quota=1 + place)
        grants.put(session, root, badges.find(session, slug), terms, now=NOW)

    assert at_once(site, 6, grant) == []
    with site.database.reading() as session:
        (made,) = session.scalars(select(Grant)).all()
        assert made.quota in range(1, 7)
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["grant.give", *5 * ["grant.change"]]


def test_of_two_who_make_the_same_team_at_once_one_does(site: Site) -> None:
    with site.database.writing() as session:
        root = admin(session)
    refused = at_once(site, 4, lambda session, _: teams.create(session, root, "Docs", now=NOW))
    assert len(refused) == 3
    with site.database.writing() as session:
        for name in ("Art", "Ops"):
            teams.create(session, root, name, now=NOW)

    def rename(session: Session, place: int) -> None:
        team = teams.find(session, ("art", "ops")[place])
        teams.rename(session, root, team, "Games", now=NOW)

    assert len(at_once(site, 2, rename)) == 1
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).where(Team.name == "Games")) == 1


def test_badges_that_are_put_into_a_series_at_once_stand_in_a_row(site: Site) -> None:
    names = [f"badge-{place}" for place in range(5)]
    with site.database.writing() as session:
        root = admin(session)
        for name in names:
            make_badge(session, site, name)
        made = series.create(session, root, series.Words(name="Row"), now=NOW).slug

    def add(session: Session, place: int) -> None:
        row = series.find(session, made)
        series.add(session, root, row, badges.find(session, names[place % 5]), now=NOW)

    assert at_once(site, 10, add) == []
    with site.database.reading() as session:
        steps = series.steps(session, series.find(session, made))
        assert [step.position for step in steps] == [1, 2, 3, 4, 5]
