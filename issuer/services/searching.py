# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds badges and people by the beginnings of words, in any order, without case or accents.

The words lie in tables of their own that triggers keep (`issuer.models.derived`), so a search reads
an index and not the badges or people.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, column, func, literal, literal_column, select, table

from issuer.models import Badge, BadgeTotal, Person
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
#: How Python writes İ in lower case, where databases write i.
DOTTED = "i\u0307"


def words(query: str) -> list[str]:
    """Return the words of a query; none where there is nothing to look for."""
    # Some keyboards send a letter and its accent apart; a name is kept with both in one.
    text = unicodedata.normalize("NFC", query[:MAX_QUERY].lower().replace(DOTTED, "i"))
    found = "".join(sign if _is_in_word(sign) else " " for sign in text).split()
    return [word for word in found if any(map(str.isalnum, word))][:MAX_WORDS]


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


def _is_in_word(sign: str) -> bool:
    """Whether a sign belongs to a word: a letter, a digit, or a mark such as a vowel of Hindi."""
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


def _phrases(wanted: list[str]) -> str:
    return " AND ".join(f'"{word}"*' for word in wanted)


def _rows(name: str, asked: str) -> Select[int]:
    matches: Any = literal_column(name).op("MATCH")(asked)
    return select(column("rowid").label("id")).select_from(table(name)).where(matches)


def _documents(kind: str, wanted: list[str], weight: str = "") -> Select[int]:
    # The database cuts what is asked for as it cut what it keeps: both have the same letters.
    words = func.nullif(func.trim(func.plain_words(" ".join(wanted))), "")
    ending = literal(f":*{weight}", Text)
    asked = func.to_tsquery("simple", func.replace(words, " ", ending + " & ") + ending)
    found = table(f"{kind}_search", column(f"{kind}_id"), column("document"))
    matches: Any = found.c.document.op("@@")(asked)
    return select(found.c[f"{kind}_id"].label("id")).where(matches)
