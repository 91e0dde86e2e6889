# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lists of badges and awards that pages share, paged by key and not by number."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_

from issuer.errors import InvalidInputError
from issuer.models import Assertion, Award, Badge, BadgeTotal, Person
from issuer.services.cards import AwardCard, BadgeCard, Listing, PersonCard

if TYPE_CHECKING:
    from sqlalchemy import Row, Select
    from sqlalchemy.orm import Session

#: The columns of an award in a list, and its row.
Shown = tuple[UUID, datetime, str, str, str, int, int | None, str, str, int, str | None]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Where a list of awards goes on: the moment in microseconds, and the row.
CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})", re.ASCII)


def plain(text: str) -> str:
    """Return the text without NUL, which no database can look for."""
    return text.replace("\0", "\ufffd")


#: Made once, because making a statement costs more than running it.
_BADGE_CARDS = (
    select(
        Badge.slug,
        Badge.name,
        Badge.description,
        func.coalesce(BadgeTotal.holders, 0),
        Badge.version,
        Badge.svg_id,
    )
    .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
    .where(Badge.retired_at.is_(None))
)
_AWARD_CARDS = (
    select(
        Assertion.uuid,
        Award.issued_at,
        Badge.slug,
        Badge.name,
        Badge.description,
        Badge.version,
        Badge.svg_id,
        Person.username,
        Person.display_name,
        Award.id,
        Award.cause_url,
    )
    .select_from(Award)
    # The sum keeps SQLite from reading all assertions to find the awards of each.
    .join(Assertion, and_(Assertion.award_id == Award.id + 0, Assertion.is_default))
    .join(Badge, Award.badge_id == Badge.id)
    .join(Person, Award.person_id == Person.id)
    .where(Award.revoked_at.is_(None), Person.opted_out.is_(False), Person.erased_at.is_(None))
)


def badge_cards() -> Select[str, str, str, int, int, int | None]:
    """Select the badges that can still be earned, as `BadgeCard` takes them."""
    return _BADGE_CARDS


def award_cards() -> Select[*Shown]:
    """Select the awards that may be shown: not taken back, of people who may be named."""
    return _AWARD_CARDS


def page_of_awards(
    session: Session, statement: Select[*Shown], after: str, limit: int
) -> Listing[AwardCard]:
    """Return the newest awards before the cursor, and the cursor of the next part."""
    if after:
        statement = statement.where(tuple_(Award.issued_at, Award.id) < _position(after))
    newest_first = statement.order_by(Award.issued_at.desc(), Award.id.desc())
    rows = session.execute(newest_first.limit(limit + 1)).all()
    cards = tuple(award_card(row) for row in rows[:limit])
    return Listing(cards, _cursor(rows[limit - 1]) if len(rows) > limit else "")


def award_card(row: Any) -> AwardCard:
    """Return the card of a row that `award_cards` selected."""
    return AwardCard(
        row.uuid,
        row.issued_at,
        BadgeCard(row.slug, row.name, row.description, version=row.version, svg_id=row.svg_id),
        PersonCard(row.username, row.display_name),
        why=row.cause_url or "",
    )


def _cursor(row: Row[*Shown]) -> str:
    microseconds = (row.issued_at - EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{row.id}"


def _position(cursor: str) -> tuple[datetime, int]:
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInputError(f"place {cursor[:40]!r}: not one that a list names: start anew")
    return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
