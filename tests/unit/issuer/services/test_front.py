# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of the front page and of a badge's page, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select

from issuer.db import Database
from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import (
    Award,
    BadgePeriod,
    Grant,
    Invitation,
    Period,
    RankHistogram,
    Tag,
    Total,
)
from issuer.services import front, progress
from issuer.services.badge_pages import badge_page
from issuer.services.permissions import Actor, Role
from issuer.services.rarity import rarity
from tests.unit.issuer.web.seeds import NOW, Seeds, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

MOST_STATEMENTS = 5


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    make_tables(database)
    with database.session() as session:
        yield session
    database.dispose()


@pytest.fixture
def seeds(session: Session) -> Seeds:
    return Seeds(session)


def test_the_front_page_shows_what_is_new_rare_and_whose(session: Session, seeds: Seeds) -> None:
    badges = [seeds.badge(f"b{n}", created_at=NOW + timedelta(n)) for n in range(6)]
    asha, ghost = seeds.person("Asha"), seeds.person("ghost", opted_out=True)
    seeds.award(badges[0], ghost)
    uuids = [seeds.award(badge, asha) for badge in badges[:3]]
    uuids.append(seeds.award(badges[3], seeds.person("ines")))
    seeds.award(badges[4], asha, revoked_at=NOW)
    seeds.totals({badges[0]: 9, badges[1]: 2, badges[2]: 5}, people=11)
    for span, day in ((Period.WEEK, date(2026, 2, 23)), (Period.MONTH, date(2026, 3, 1))):
        for person, number in ((asha, 3), (ghost, 9)):
            values = {"person_id": person.id, "period": span, "starts_on": day}
            session.add(Total(**values, badges=number, points=1))
    month = {"measure": "badges", "period": Period.MONTH, "starts_on": date(2026, 3, 1)}
    session.add(RankHistogram(**month, total=3, people=2))
    session.flush()

    latest, mine = front.awards(session, "asha")
    assert [card.uuid for card in latest] == uuids[::-1]
    assert [card.uuid for card in mine] == uuids[2::-1]
    assert front.awards(session)[1] == ()
    shown = {name: [card.slug for card in cards] for name, cards in front.badges(session).items()}
    assert shown["newest"] == ["b5", "b4", "b3", "b2"]
    assert shown["rarest"] == ["b1", "b2", "b0"]
    assert shown["popular"][:3] == ["b0", "b2", "b1"]
    leaders = front.leaders(session, NOW)
    for span in (Period.WEEK, Period.MONTH):
        found = [(one.place, one.person.username, one.badges) for one in leaders[span]]
        assert found == [(1, "Asha", 3)]
    numbers = front.numbers(session, NOW)
    assert (numbers.awards, numbers.people, numbers.lately) == (11, 11, 6)


def test_a_badge_page_tells_all_of_a_badge_in_five_statements(
    session: Session, seeds: Seeds
) -> None:
    tags = (Tag(name="quality"), Tag(name="art"))
    first, second = seeds.badge("tester-1", tags=tags), seeds.badge("tester-2")
    seeds.series("Tester", first, second)
    people = [seeds.person(name) for name in ("asha", "ines", "ghost")]
    people[2].opted_out = True
    seeds.award(first, people[2], issued_at=NOW - timedelta(days=90))
    uuids = [seeds.award(first, person, issued_at=NOW) for person in people[:2]]
    seeds.award(second, people[1], revoked_at=NOW)
    seeds.totals({first: 3}, people=30)
    session.flush()
    session.expunge_all()
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(session.get_bind().engine, "before_cursor_execute", note)
    page = badge_page(session, "tester-1", now=NOW, viewer=Actor(username="ines"))
    assert page.badge.issuer.name
    event.remove(session.get_bind().engine, "before_cursor_execute", note)
    assert len(seen) <= MOST_STATEMENTS
    assert (page.holders, page.tags, page.is_mine) == (3, ("art", "quality"), True)
    assert (page.rarity.band, page.rarity.share) == ("uncommon", 0.1)
    assert page.series is not None
    assert [(step.badge.slug, step.held) for step in page.series.steps] == [
        ("tester-1", True),
        ("tester-2", False),
    ]
    assert [card.uuid for card in page.awards.items] == uuids[::-1]
    assert page.first is not None
    assert page.first.person.username == "asha"
    assert page.months == ((date(2025, 12, 1), 1), (date(2026, 3, 1), 2))


def test_who_may_grant_sees_the_link_that_is_open_and_a_delegate_their_own(
    session: Session, seeds: Seeds
) -> None:
    badge = seeds.badge("tester")
    ines = seeds.person("ines")
    expired = {"created_at": NOW, "expires_at": NOW - timedelta(1)}
    session.add(Grant(badge_id=badge.id, person_id=ines.id, created_at=NOW))
    session.add(Grant(badge_id=badge.id, group_name="designers", created_at=NOW))
    session.add(Grant(badge_id=badge.id, group_name="former", **expired))
    for token, other in (
        ("open", {}),
        ("own", {"created_by_id": ines.id}),
        ("newer", {}),
        ("code", {"batch": "codes", "maximum_uses": 1, "created_by_id": ines.id}),
        ("revoked", {"revoked_at": NOW}),
        ("used-up", {"maximum_uses": 0}),
        ("expired", {"expires_at": NOW}),
    ):
        values = {"token": token, "badge_id": badge.id, "created_at": NOW, **other}
        session.add(Invitation(**values))
    session.flush()
    manager = Actor(username="boris", roles=frozenset({Role.MANAGER}))
    for viewer, shown in (
        (Actor(username="ines"), "own"),
        (Actor(username="asha", groups=frozenset({"designers"})), ""),
        (Actor(username="root", roles=frozenset({Role.ADMIN})), "newer"),
        (replace(manager, issuers=frozenset({badge.issuer.slug})), "newer"),
        (replace(manager, issuers=frozenset({"another"})), None),
        (Actor(username="asha", groups=frozenset({"former"})), None),
        (Actor(), None),
    ):
        page = badge_page(session, "tester", now=NOW, viewer=viewer)
        assert (page.may_grant, page.invitation) == (shown is not None, shown or ""), viewer


def test_holders_are_paged_by_key_without_loss(session: Session, seeds: Seeds) -> None:
    badge = seeds.badge("tester")
    same = NOW + timedelta(days=1, microseconds=7)
    uuids = {seeds.award(badge, seeds.person(f"p{n}"), issued_at=same) for n in range(3)}
    uuids |= {seeds.award(badge, seeds.person(f"q{n}")) for n in range(4)}
    found, after, parts = [], "", 0
    while parts == 0 or after:
        page = badge_page(session, "tester", now=NOW, after=after, limit=2)
        found += [card.uuid for card in page.awards.items]
        after, parts = page.awards.after, parts + 1
    assert (len(found), set(found), parts) == (7, uuids, 4)
    for wrong in ("x", "1", "-1-1", "1-1 or 1=1", "9" * 40, "\uff11-\uff11"):
        with pytest.raises(InvalidInputError, match="place"):
            badge_page(session, "tester", now=NOW, after=wrong)
    for slug in ("unknown", "", "a\0b", "x" * 5000):
        with pytest.raises(NotFoundError):
            badge_page(session, slug, now=NOW)


def test_periods_of_a_badge_follow_awards_and_revocations(session: Session, seeds: Seeds) -> None:
    badge = seeds.badge("tester")
    for number in range(3):
        seeds.award(badge, seeds.person(f"p{number}"), issued_at=NOW)
    kept = select(BadgePeriod.period, BadgePeriod.starts_on, BadgePeriod.awards)
    starts = {"year": (1, 1), "month": (3, 1), "week": (2, 23), "day": (3, 1)}

    def periods(awards: int) -> set[tuple[str, date, int]]:
        return {(name, date(2026, *start), awards) for name, start in starts.items()}

    assert {tuple(row) for row in session.execute(kept)} == periods(3)
    award = session.scalars(select(Award).limit(1)).one()
    award.revoked_at = NOW
    session.flush()
    assert {tuple(row) for row in session.execute(kept)} == periods(2)
    award.revoked_at = None
    session.flush()
    assert {tuple(row) for row in session.execute(kept)} == periods(3)


@pytest.mark.parametrize(
    ("holders", "people", "band"),
    [
        (0, 9, "unclaimed"),
        (1, 0, "unclaimed"),
        (1, 1000, "legendary"),
        (1, 50, "rare"),
        (1, 10, "uncommon"),
        (1, 5, "common"),
        (9, 5, "common"),
    ],
)
def test_rarity_is_a_share_of_those_with_badges(holders: int, people: int, band: str) -> None:
    assert rarity(holders, people).band == band


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_part_of_a_page_reads_a_whole_table(session: Session, seeds: Seeds) -> None:
    """PostgreSQL has the same indexes, but reads tables as small as these whole."""
    badge = seeds.badge("tester")
    seeds.series("Tester", badge)
    seeds.award(badge, seeds.person("asha"))
    seen: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        seen.append((statement, values))

    event.listen(session.get_bind().engine, "before_cursor_execute", note)
    front.awards(session, "asha")
    front.badges(session)
    front.leaders(session, NOW)
    front.numbers(session, NOW)
    progress.nearest(session, "asha", 3)
    badge_page(session, "tester", now=NOW, viewer=Actor(username="asha"))
    event.remove(session.get_bind().engine, "before_cursor_execute", note)
    assert len(seen) == 10
    read = set()
    for statement, values in seen:
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        read |= {row[3] for row in rows if row[3].startswith("SCAN")}
    # What is read whole was limited before, or is the list of groups of who looks.
    whole = {step.split()[1] for step in read if "USING" not in step}
    assert {name for name in whole if not name.startswith(("anon", "(subquery"))} <= {"CONSTANT"}
    # In the order of an index that stops after the few that are shown.
    assert {step.split()[1] for step in read if "USING" in step} <= {
        "awards",
        "badges",
        "badge_totals",
    }
