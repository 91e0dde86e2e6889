# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds badges and people by the beginnings of words, in any order, without case or accents.

The words lie in tables of their own that triggers keep (`issuer.models.derived`), so a search reads
an index and not the badges or people.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, func, literal_column, select, table

from issuer.models import Badge, BadgeTotal, Person
from issuer.models.derived import ACCENTED, BARE
from issuer.services import postgres
from issuer.services.cards import BadgeCard, PersonCard
from issuer.services.listing import SHOWS_PORTRAIT

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

MAX_QUERY = 100
MAX_WORDS = 8
#: Of people with a common name so many are looked at; who is meant adds a letter.
MAX_LOOKED_AT = 100
WORD = re.compile(r"[^\W_]+")
PLAIN = str.maketrans(ACCENTED, BARE)


def words(query: str) -> list[str]:
    """Return the words of a query; none where there is nothing to look for."""
    return WORD.findall(query[:MAX_QUERY].lower())[:MAX_WORDS]


def badge_ids(session: Session, wanted: list[str], *, in_names: bool = False) -> Select[int]:
    """Select the ids of badges with all the words, in names alone or in any text of theirs."""
    if postgres.is_used(session):
        return _documents("badge", wanted, "A" if in_names else "")
    asked = _phrases(wanted)
    return _rows("badge_search", f"{{name}} : ({asked})" if in_names else asked)


def person_ids(session: Session, wanted: list[str]) -> Select[int]:
    """Select the ids of people with all the words in their names, of those who are hidden too."""
    if postgres.is_used(session):
        return _documents("person", wanted)
    return _rows("person_search", _phrases(wanted))


def people(session: Session, query: str, limit: int) -> tuple[PersonCard, ...]:
    """Return people whose user name or name has all the words; none who may not be shown."""
    wanted = words(query)
    if not wanted:
        return ()
    found = person_ids(session, wanted)
    statement = (
        select(Person.username, Person.display_name, SHOWS_PORTRAIT)
        .where(
            Person.id.in_(select(found.limit(MAX_LOOKED_AT).subquery().c.id)),
            Person.opted_out.is_(False),
            Person.erased_at.is_(None),
        )
        .order_by(Person.key)
        .limit(limit)
    )
    return tuple(PersonCard(*row) for row in session.execute(statement))


def badges(session: Session, query: str, limit: int) -> tuple[BadgeCard, ...]:
    """Return badges whose names have all the words, those that most people hold first."""
    wanted = words(query)
    if not wanted:
        return ()
    statement = (
        select(
            Badge.slug,
            Badge.name,
            Badge.description,
            BadgeTotal.holders,
            Badge.version,
            Badge.svg_id,
        )
        .join(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Badge.id.in_(badge_ids(session, wanted, in_names=True)), Badge.retired_at.is_(None))
        .order_by(BadgeTotal.holders.desc(), Badge.slug)
        .limit(limit)
    )
    return tuple(BadgeCard(*row) for row in session.execute(statement))


def _phrases(wanted: list[str]) -> str:
    return " AND ".join(f'"{word}"*' for word in wanted)


def _rows(name: str, asked: str) -> Select[int]:
    matches: Any = literal_column(name).op("MATCH")(asked)
    return select(column("rowid").label("id")).select_from(table(name)).where(matches)


def _documents(kind: str, wanted: list[str], weight: str = "") -> Select[int]:
    asked = " & ".join(f"{word.translate(PLAIN)}:*{weight}" for word in wanted)
    matches: Any = column("document").op("@@")(func.to_tsquery("simple", asked))
    found = table(f"{kind}_search", column(f"{kind}_id"), column("document"))
    return select(found.c[f"{kind}_id"].label("id")).where(matches)
