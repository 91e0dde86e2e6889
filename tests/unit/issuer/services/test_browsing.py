# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import event

from issuer.db import Database
from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Tag
from issuer.services import browsing
from tests.unit.issuer.web.seeds import NOW, Seeds, make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def _statements(session: Session, work: Callable[[], object]) -> int:
    session.expunge_all()
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_latest_awards_are_newest_first_and_limited(session: Session, seeds: Seeds) -> None:
    badge = seeds.badge("tester")
    uuids = [seeds.award(badge, seeds.person(f"p{n}")) for n in range(4)]
    latest = browsing.latest_awards(session, 3)
    assert [card.uuid for card in latest] == uuids[:0:-1]
    assert latest[0].person.name == "p3"
    assert latest[0].badge.slug == "tester"


@pytest.mark.parametrize("hidden", [{"opted_out": True}, {"erased_at": NOW}])
def test_people_who_are_not_to_be_shown_are_in_no_list(
    session: Session, seeds: Seeds, hidden: dict[str, object]
) -> None:
    badge = seeds.badge("tester")
    seeds.award(badge, seeds.person("ghost", **hidden))
    shown = seeds.award(badge, seeds.person("asha"))
    assert [card.uuid for card in browsing.latest_awards(session, 9)] == [shown]
    page = browsing.badge_page(session, "tester")
    assert [card.person.username for card in page.awards.items] == ["asha"]


def test_revoked_awards_are_in_no_list(session: Session, seeds: Seeds) -> None:
    badge, person = seeds.badge("tester"), seeds.person("asha")
    seeds.award(badge, person, revoked_at=NOW, revocation_reason="mistake")
    assert browsing.latest_awards(session, 9) == ()
    assert browsing.badge_page(session, "tester").awards.items == ()


def test_a_badge_page_tells_series_tags_and_totals(session: Session, seeds: Seeds) -> None:
    tag = Tag(name="quality")
    first, second = seeds.badge("tester-1", tags=(tag,)), seeds.badge("tester-2")
    seeds.series("Tester", first, second)
    seeds.totals({first: 3, second: 1}, people=7)
    page = browsing.badge_page(session, "tester-1")
    assert (page.holders, page.people, page.tags) == (3, 7, ("quality",))
    assert page.series == "Tester"
    assert [(step.position, step.badge.slug, step.badge.holders) for step in page.steps] == [
        (1, "tester-1", 3),
        (2, "tester-2", 1),
    ]


def test_holders_are_paged_by_key_without_loss(session: Session, seeds: Seeds) -> None:
    badge = seeds.badge("tester")
    same = NOW + timedelta(days=1, microseconds=7)
    uuids = {seeds.award(badge, seeds.person(f"p{n}"), issued_at=same) for n in range(3)}
    uuids |= {seeds.award(badge, seeds.person(f"q{n}")) for n in range(4)}
    found, after, parts = [], "", 0
    while parts == 0 or after:
        page = browsing.badge_page(session, "tester", after=after, limit=2)
        found += [card.uuid for card in page.awards.items]
        after, parts = page.awards.after, parts + 1
    assert (len(found), set(found), parts) == (7, uuids, 4)


@pytest.mark.parametrize("after", ["x", "1", "-1-1", "1-1 or 1=1", "9" * 40, "\uff11-\uff11"])
def test_a_cursor_that_no_list_gave_is_refused(session: Session, seeds: Seeds, after: str) -> None:
    seeds.badge("tester")
    with pytest.raises(InvalidInputError, match="place"):
        browsing.badge_page(session, "tester", after=after)


@pytest.mark.parametrize("slug", ["unknown", "", "a\0b", "x" * 5000])
def test_an_unknown_badge_or_issuer_is_not_found(session: Session, slug: str) -> None:
    with pytest.raises(NotFoundError):
        browsing.badge_page(session, slug)
    with pytest.raises(NotFoundError):
        browsing.issuer_page(session, slug)


@pytest.mark.parametrize("hidden", [{"opted_out": True}, {"erased_at": NOW}])
def test_a_share_page_names_nobody_who_is_hidden(
    session: Session, seeds: Seeds, hidden: dict[str, object]
) -> None:
    badge = seeds.badge("tester")
    ghost = seeds.award(badge, seeds.person("ghost", **hidden))
    shown = seeds.award(badge, seeds.person("asha", display_name="Asha R."))
    assert browsing.assertion_page(session, ghost).person is None
    person = browsing.assertion_page(session, shown).person
    assert person is not None
    assert person.name == "Asha R."


def test_an_unknown_assertion_is_not_found(session: Session) -> None:
    with pytest.raises(NotFoundError):
        browsing.assertion_page(session, uuid4())


@pytest.mark.parametrize(
    ("query", "tag", "slugs"),
    [
        ("", "", ["night-owl", "tester-1", "tester-2"]),
        ("TESTER", "", ["tester-1", "tester-2"]),
        ("given owl", "", ["night-owl"]),
        ("100%", "", []),
        ("_", "", []),
        ("", "quality", ["tester-1"]),
        ("owl", "quality", []),
        ("", "unknown", []),
        ("a\0b", "a\0b", []),
        ("x" * 9000, "", []),
    ],
)
def test_badges_are_found_by_words_and_tag(
    session: Session, seeds: Seeds, query: str, tag: str, slugs: list[str]
) -> None:
    seeds.badge("tester-2")
    seeds.badge("night-owl")
    seeds.badge("tester-1", tags=(Tag(name="quality"),))
    seeds.badge("retired", retired_at=NOW)
    found = browsing.badges_list(session, query=query, tag=tag)
    assert [card.slug for card in found.items] == slugs


def test_badges_are_paged_by_slug(session: Session, seeds: Seeds) -> None:
    for slug in ("c", "a", "b"):
        seeds.badge(slug)
    first = browsing.badges_list(session, limit=2)
    rest = browsing.badges_list(session, limit=2, after=first.after)
    assert [card.slug for card in first.items + rest.items] == ["a", "b", "c"]
    assert rest.after == ""


def test_shelves_show_the_best_known_badges_of_the_largest_tags(
    session: Session, seeds: Seeds
) -> None:
    quality, design = Tag(name="quality"), Tag(name="design")
    badges = [seeds.badge(f"q{n}", tags=(quality,)) for n in range(8)]
    seeds.badge("d", tags=(design,))
    seeds.badge("old", tags=(design,), retired_at=NOW)
    seeds.totals({badges[7]: 5, badges[6]: 2}, people=5)
    tags = browsing.tags(session)
    assert [(tag.name, tag.badges) for tag in tags] == [("quality", 8), ("design", 1)]
    shelves = browsing.shelves(session, tags)
    assert [card.slug for card in shelves[0].badges] == ["q7", "q6", "q0", "q1", "q2", "q3"]
    assert [card.slug for card in shelves[1].badges] == ["d"]


def test_numbers_come_from_the_totals_that_are_kept(session: Session, seeds: Seeds) -> None:
    first, second = seeds.badge("a"), seeds.badge("b")
    seeds.badge("old", retired_at=NOW)
    seeds.totals({first: 30, second: 4}, people=11)
    numbers = browsing.site_numbers(session)
    assert (numbers.badges, numbers.awards, numbers.people) == (2, 34, 11)
    assert [card.slug for card in browsing.popular_badges(session, 2)] == ["a", "b"]


def test_an_issuer_page_shows_its_badges_and_keys(session: Session, seeds: Seeds) -> None:
    seeds.badge("old", created_at=NOW - timedelta(days=1))
    seeds.badge("new")
    page = browsing.issuer_page(session, "accolades")
    assert [card.slug for card in page.badges] == ["new", "old"]
    assert [key.kid for key in page.keys] == ["key-1"]


def test_no_page_asks_more_the_more_there_is(session: Session, seeds: Seeds) -> None:
    tag = Tag(name="quality")
    badges = [seeds.badge(f"tester-{n}", tags=(tag,)) for n in range(6)]
    seeds.series("Tester", *badges)
    for number in range(12):
        person = seeds.person(f"p{number}", pinned=[badges[0].id])
        for badge in badges:
            uuid = seeds.award(badge, person)
    pages: dict[str, Callable[[], object]] = {
        "badge": lambda: browsing.badge_page(session, "tester-1").badge.issuer.name,
        "assertion": lambda: browsing.assertion_page(session, uuid).issuer.name,
        "issuer": lambda: browsing.issuer_page(session, "accolades"),
        "explore": lambda: browsing.shelves(session, browsing.tags(session)),
    }
    for name, work in pages.items():
        assert _statements(session, work) <= MOST_STATEMENTS, name
