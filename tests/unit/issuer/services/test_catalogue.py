# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogue on both databases: what is found, in which order, page by page, and by an index."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select, text

from issuer.db import Database
from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Badge, CatalogueTotal, Tag
from issuer.services import catalogue, searching
from issuer.services.catalogue import Wanted
from tests.unit.issuer.web.seeds import NOW, Seeds, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

PEOPLE = 100

#: What is asked for, and what is found, in its order.
CASES: dict[str, tuple[dict[str, object], list[str]]] = {
    "everything": ({}, ["cafe", "night-owl", "tester-1", "tester-2"]),
    "case": ({"query": "TESTER"}, ["tester-1", "tester-2"]),
    "order-of-words": ({"query": "owl given"}, ["night-owl"]),
    "beginning": ({"query": "tes"}, ["tester-1", "tester-2"]),
    "accents": ({"query": "creme"}, ["cafe"]),
    "typed-accents": ({"query": "CAFÉ"}, ["cafe"]),
    "tag": ({"query": "qual"}, ["tester-1"]),
    "criteria": ({"query": "midnight"}, ["night-owl"]),
    "name-first": ({"query": "night"}, ["night-owl", "cafe"]),
    "nothing": ({"query": "zebra"}, []),
    "only-signs": ({"query": "%_'\""}, ["cafe", "night-owl", "tester-1", "tester-2"]),
    "operators": ({"query": 'tester" OR name : ( & | ! <-> :* NEAR'}, []),
    "nul": ({"query": "a\0b", "tag": "a\0b"}, []),
    "endless": ({"query": "x" * 9000}, []),
    "by-tag": ({"tag": "quality"}, ["tester-1"]),
    "by-series": ({"series": "tester"}, ["tester-1", "tester-2"]),
    "by-level": ({"level": 2}, ["tester-2"]),
    "rare": ({"rarity": "rare"}, ["tester-2"]),
    "common": ({"rarity": "common"}, ["night-owl"]),
    "unclaimed": ({"rarity": "unclaimed"}, ["cafe"]),
    "what-i-have": ({"mine": "have", "me": "asha"}, ["tester-1"]),
    "what-i-lack": ({"mine": "lack", "me": "asha"}, ["cafe", "night-owl", "tester-2"]),
    "mine-of-nobody": ({"mine": "have"}, ["cafe", "night-owl", "tester-1", "tester-2"]),
    "held": ({"sort": "held"}, ["night-owl", "tester-1", "tester-2", "cafe"]),
    "rarest": ({"sort": "rare"}, ["cafe", "tester-2", "tester-1", "night-owl"]),
    "newest": ({"sort": "new"}, ["cafe", "tester-1", "night-owl", "tester-2"]),
}


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    make_tables(database)
    with database.session() as session:
        seeds = Seeds(session)
        second = seeds.badge("tester-2")
        owl = seeds.badge("night-owl", criteria_text="Be up at **midnight**.")
        first = seeds.badge("tester-1", tags=(Tag(name="quality"),))
        seeds.badge("cafe", name="Café", description="Crème, in the night")
        seeds.badge("retired", name="Tester of old", retired_at=NOW)
        seeds.series("Tester", first, second)
        asha = seeds.person("asha", display_name="Asha Räman")
        seeds.person("ghost", display_name="Asha Hidden", opted_out=True)
        seeds.person("gone", display_name="Asha Gone", erased_at=NOW)
        seeds.award(first, asha)
        seeds.award(second, asha, revoked_at=NOW)
        seeds.totals({first: 9, second: 3, owl: 60}, people=PEOPLE)
        yield session
    database.dispose()


def _slugs(session: Session, wanted: Wanted, limit: int = 9) -> tuple[list[str], str]:
    found = catalogue.find(session, wanted, PEOPLE, limit=limit)
    return [card.slug for card in found.items], found.after


def _wanted(asked: dict[str, object], after: str = "") -> Wanted:
    words = searching.words(str(asked.get("query", "")))
    return Wanted(**{**asked, "words": words, "after": after})  # type: ignore[arg-type]  # a table


def test_badges_are_found_and_paged_in_every_order(session: Session) -> None:
    for name, (asked, slugs) in CASES.items():
        assert _slugs(session, _wanted(asked)) == (slugs, ""), name
        paged, after = [], ""
        while len(paged) < len(slugs):
            some, after = _slugs(session, _wanted(asked, after), limit=1)
            paged += some
        assert (paged, after) == (slugs, ""), name


def test_a_place_that_no_list_names_is_refused(session: Session) -> None:
    """PostgreSQL compares no number with more than its column can hold."""
    places = ("1-1 or 1=1", "1-2147483648", "1-999999999999999999", "999999999999999999-1")
    for order in ("new", "held", "rare"):
        for place in places:
            with pytest.raises(InvalidInputError, match="place"):
                _slugs(session, Wanted(sort=order, after=place))
        assert _slugs(session, Wanted(sort=order, after="0-2147483647"))


def test_people_are_found_by_either_name_and_the_hidden_never(session: Session) -> None:
    for query in ("asha", "RAMAN", "räm as", "ash"):
        assert [card.username for card in searching.people(session, query, 9)] == ["asha"], query
    assert searching.people(session, "hidden", 9) == ()
    assert searching.people(session, "", 9) == ()
    assert [card.slug for card in searching.badges(session, "te", 9)] == ["tester-1", "tester-2"]


def test_names_of_any_script_are_found_as_they_are_written(session: Session) -> None:
    """Hindi writes vowels as marks, Python makes two signs of İ, some keyboards of ř and é."""
    names = ("नमस्ते दुनिया", "İbrahim Şahin", "Žofie Dvořáková", "Nguyễn Thị Hạnh", "مُحَمَّد علي")
    statement = text("UPDATE persons SET display_name = :name WHERE username = 'asha'")
    for name in names:
        session.execute(statement, {"name": name})
        for query in (name, *name.split(), name[:3], unicodedata.normalize("NFD", name)):
            found = [card.username for card in searching.people(session, query, 9)]
            assert found == ["asha"], query
        assert searching.people(session, f"{name} zebra", 9) == ()
    assert searching.words("\u0301 🦆 -") == []


def test_what_is_found_follows_every_change(session: Session) -> None:
    badge = session.query(Badge).filter_by(slug="night-owl").one()
    badge.name, badge.tags = "Early bird", [Tag(name="mornings")]
    session.execute(text("UPDATE persons SET display_name = 'Zoë' WHERE username = 'asha'"))
    session.flush()
    assert [card.slug for card in searching.badges(session, "bird", 9)] == ["night-owl"]
    assert _slugs(session, _wanted({"query": "morning"}))[0] == ["night-owl"]
    assert _slugs(session, _wanted({"query": "owl bird"}))[0] == ["night-owl"]  # its description
    assert [card.username for card in searching.people(session, "zoe", 9)] == ["asha"]
    badge.tags = []
    session.flush()
    assert _slugs(session, _wanted({"query": "morning"}))[0] == []


def test_series_and_tags_tell_what_they_hold(session: Session) -> None:
    series = catalogue.one_series(session, "tester", me="asha")
    assert [(step.position, step.badge.slug, step.held) for step in series.steps] == [
        (1, "tester-1", True),
        (2, "tester-2", False),
    ]
    assert series.held == 1
    listing = catalogue.all_series(session)
    assert [(card.name, len(card.steps), listing.after) for card in listing.items] == [
        ("Tester", 2, "")
    ]
    assert [(card.name, card.badges) for card in catalogue.tags(session)] == [("quality", 1)]
    assert catalogue.choices(session) == (("quality",), (("tester", "Tester"),))
    for call in (catalogue.one_series, catalogue.tag):
        with pytest.raises(NotFoundError):
            call(session, "a\0b")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_way_to_look_reads_whole_tables(session: Session) -> None:
    """PostgreSQL has the same indexes, but reads tables as small as these whole."""
    seen: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, values))

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    for order in ("name", "new", "held", "rare"):
        _slugs(session, Wanted(sort=order))
    searching.people(session, "asha", 9)
    searching.badges(session, "tes", 9)
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 6
    for place, (statement, values) in enumerate(seen):
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = [row[3] for row in rows]
        # What is put in order by hand, or read without an index, is the few that a search found.
        assert place > 3 or not any("TEMP B-TREE" in step for step in plan), plan
        read = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
        assert set(read) <= {"SCAN anon_1"}, plan


def test_the_number_of_a_tag_follows_its_badges(session: Session) -> None:
    crafts = Tag(name="crafts")
    session.add(Tag(name="quiet"))
    whole = select(CatalogueTotal.badges)
    assert session.scalars(whole).one() == 4
    badges = session.query(Badge).filter(Badge.retired_at.is_(None)).limit(3).all()
    for badge in badges:
        badge.tags = [crafts]

    def number() -> int:
        session.flush()
        return {tag.name: tag.badges for tag in catalogue.tags(session)}.get("crafts", 0)

    assert number() == 3
    badges[0].retired_at = NOW
    badges[1].tags = []
    assert number() == 1
    assert session.scalars(whole).one() == 3
    badges[0].retired_at = None
    assert number() == 2
    assert session.scalars(whole).one() == 4
    badges[0].tags, badges[2].retired_at = [], NOW
    assert number() == 0
    assert "quiet" not in {tag.name for tag in catalogue.tags(session)}
