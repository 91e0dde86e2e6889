# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badges of two people beside each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import Integer, bindparam, case, func, or_, select, tuple_

from issuer.db import BigInt
from issuer.errors import InvalidInputError
from issuer.models import Award, Badge, BadgeTotal
from issuer.services.cards import BadgeCard
from issuer.services.listing import LOOKED_AT, newest_held

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.models import Person
    from issuer.services.profiles import Profile

SIDE_LENGTH = 24
#: Of people with many badges those are compared that they hold among so many of the site.
COMPARED = 120
#: Where a comparison goes on: holders of a badge, and its row.
PLACE = re.compile(r"([0-9]{1,18})-([0-9]{1,9})", re.ASCII)

Side = Literal["both", "first", "second"]
SIDES: tuple[Side, ...] = ("both", "first", "second")


@dataclass(frozen=True, slots=True)
class Shared:
    """How many badges two people both have, or one of them alone, and the rarest of these."""

    number: int | None = 0  # None where only a part was looked at
    badges: tuple[BadgeCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The badges of two people, and where the next part begins; empty when there is none."""

    sides: dict[Side, Shared]
    after: str = ""


def compare(session: Session, first: Profile, second: Profile, after: str = "") -> Comparison:
    """Return which badges two people share and which only one of them has, the rarest first.

    Where one has many it is a part: those among `COMPARED` badges of the site after the cursor,
    from the rarest on. Raises `InvalidInputError` for a cursor that is none.
    """
    if not after and max(first.badges, second.badges) <= LOOKED_AT:
        return _compare_few(session, first.person, second.person)
    values = {"first": first.person.id, "second": second.person.id}
    if after:
        match = PLACE.fullmatch(after)
        if match is None:
            raise InvalidInputError(
                "place %(place)r: not one that a list names: start anew", place=after[:40]
            )
        values |= {"holders": int(match[1]), "badge": int(match[2])}
    rows = session.execute(_compare_many(bool(after)), values).all()
    rest = ""
    sides: dict[Side, list[BadgeCard]] = {side: [] for side in SIDES}
    for row in rows:
        if row.place > COMPARED:
            rest = f"{rows[-2].holders}-{rows[-2].badge_id}"
        elif row.first_id or row.second_id:
            side = ("first", "both")[bool(row.second_id)] if row.first_id else "second"
            sides[cast("Side", side)].append(BadgeCard(*row[:6]))
    is_whole = not after and not rest
    return Comparison(
        {
            side: Shared(len(badges) if is_whole else None, tuple(badges))
            for side, badges in sides.items()
        },
        rest,
    )


def _compare_few(session: Session, first: Person, second: Person) -> Comparison:
    has_first = func.max(case((Award.person_id == first.id, 1), else_=0))
    has_second = func.max(case((Award.person_id == second.id, 1), else_=0))
    side = case((has_first + has_second == 2, "both"), (has_first == 1, "first"), else_="second")
    held = (
        select(Award.badge_id, side.label("side"))
        .where(Award.person_id.in_((first.id, second.id)), Award.revoked_at.is_(None))
        .group_by(Award.badge_id)
        .subquery()
    )
    holders = func.coalesce(BadgeTotal.holders, 0)
    place = func.row_number().over(partition_by=held.c.side, order_by=(holders, Badge.slug))
    number = func.count().over(partition_by=held.c.side)
    found = (
        select(
            Badge.slug,
            Badge.name,
            Badge.description,
            holders.label("holders"),
            Badge.version,
            Badge.svg_id,
            held.c.side,
            place.label("place"),
            number.label("number"),
        )
        .join(held, held.c.badge_id == Badge.id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .subquery()
    )
    statement = select(found).where(found.c.place <= SIDE_LENGTH).order_by(found.c.place)
    sides: dict[Side, tuple[int, list[BadgeCard]]] = {}
    for row in session.execute(statement):
        sides.setdefault(row.side, (row.number, []))[1].append(BadgeCard(*row[:6]))
    empty: tuple[int, list[BadgeCard]] = (0, [])
    return Comparison(
        {
            name: Shared(sides.get(name, empty)[0], tuple(sides.get(name, empty)[1]))
            for name in SIDES
        }
    )


@lru_cache
def _compare_many(later: bool) -> Select[Any]:
    holders, badge = BadgeTotal.holders, BadgeTotal.badge_id
    rare = select(holders, badge).where(holders > 0)
    if later:
        place = tuple_(bindparam("holders", type_=BigInt), bindparam("badge", type_=Integer))
        rare = rare.where(tuple_(holders, badge) > place)
    some = rare.order_by(holders, badge).limit(COMPARED + 1).subquery()
    found = select(
        some,
        func.row_number().over(order_by=(some.c.holders, some.c.badge_id)).label("place"),
        *(
            newest_held(bindparam(side, type_=Integer), some.c.badge_id).label(f"{side}_id")
            for side in ("first", "second")
        ),
    ).subquery()
    is_held = or_(found.c.first_id.is_not(None), found.c.second_id.is_not(None))
    return (
        select(
            Badge.slug,
            Badge.name,
            Badge.description,
            found.c.holders,
            Badge.version,
            Badge.svg_id,
            found.c.badge_id,
            found.c.place,
            found.c.first_id,
            found.c.second_id,
        )
        .join(found, found.c.badge_id == Badge.id)
        # The last two tell where the rest begins.
        .where(or_(is_held, found.c.place >= COMPARED))
        .order_by(found.c.place)
    )
