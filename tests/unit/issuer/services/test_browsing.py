# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import event

from issuer.db import Database
from issuer.errors import NotFoundError
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


@pytest.mark.parametrize("slug", ["unknown", "", "a\0b", "x" * 5000])
def test_an_unknown_issuer_is_not_found(session: Session, slug: str) -> None:
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
        "assertion": lambda: browsing.assertion_page(session, uuid).issuer.name,
        "issuer": lambda: browsing.issuer_page(session, "accolades"),
    }
    for name, work in pages.items():
        assert _statements(session, work) <= MOST_STATEMENTS, name
