# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import event

from issuer.db import Database
from issuer.errors import GoneError, NotFoundError
from issuer.models import OldName, Tag
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


def test_revoked_awards_are_on_no_page(session: Session, seeds: Seeds) -> None:
    badge, person = seeds.badge("tester"), seeds.person("asha", pinned=[])
    person.pinned = [badge.id]
    seeds.award(badge, person, revoked_at=NOW, revocation_reason="mistake")
    page = browsing.person_page(session, person)
    assert page.awards.items == ()
    assert page.pinned == ()


@pytest.mark.parametrize("slug", ["unknown", "", "a\0b", "x" * 5000])
def test_an_unknown_issuer_is_not_found(session: Session, slug: str) -> None:
    with pytest.raises(NotFoundError):
        browsing.issuer_page(session, slug)


def test_a_person_is_found_whatever_the_case_and_by_a_former_name(
    session: Session, seeds: Seeds
) -> None:
    person = seeds.person("Asha")
    session.add(OldName(key="asha-old", person_id=person.id, changed_at=NOW))
    session.flush()
    assert browsing.shown_person(session, "aSHA") is person
    assert browsing.shown_person(session, "Asha-Old") is person


def test_opting_out_looks_like_being_unknown(session: Session, seeds: Seeds) -> None:
    seeds.person("ghost", opted_out=True)
    with pytest.raises(NotFoundError) as hidden:
        browsing.shown_person(session, "ghost")
    with pytest.raises(NotFoundError) as unknown:
        browsing.shown_person(session, "nobody")
    assert str(hidden.value).replace("ghost", "nobody") == str(unknown.value)
    assert type(hidden.value) is type(unknown.value)


def test_an_erased_person_is_gone(session: Session, seeds: Seeds) -> None:
    seeds.person("ghost", erased_at=NOW)
    with pytest.raises(GoneError):
        browsing.shown_person(session, "ghost")


def test_a_person_page_tells_totals_and_pinned_badges_in_their_order(
    session: Session, seeds: Seeds
) -> None:
    badges = [seeds.badge(slug) for slug in ("a", "b", "c")]
    person = seeds.person("asha", pinned=[badges[2].id, badges[0].id, 999])
    uuids = [seeds.award(badge, person) for badge in badges]
    seeds.total(person, badges=3, points=12)
    page = browsing.person_page(session, person)
    assert (page.badges, page.points) == (3, 12)
    assert [card.slug for card in page.pinned] == ["c", "a"]
    assert [card.uuid for card in page.awards.items] == uuids[::-1]


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
        "person": lambda: browsing.person_page(session, browsing.shown_person(session, "p1")),
        "assertion": lambda: browsing.assertion_page(session, uuid).issuer.name,
        "issuer": lambda: browsing.issuer_page(session, "accolades"),
    }
    for name, work in pages.items():
        assert _statements(session, work) <= MOST_STATEMENTS, name
