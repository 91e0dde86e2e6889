# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogue: badges found, filtered and sorted, paged by key, with tags and series."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import (
    Award,
    Badge,
    BadgeTotal,
    Milestone,
    Period,
    Person,
    RankHistogram,
    Series,
    Tag,
    badge_tags,
)
from issuer.services import rarity, searching
from issuer.services.cards import BadgeCard, Listing, SeriesCard, Step, TagCard
from issuer.services.listing import EPOCH, LARGEST, plain, position

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select
    from sqlalchemy.orm import Session

SORTS = ("best", "name", "new", "held", "rare")
MINE = ("have", "lack")
PAGE = 30
MAX_CHOICES = 200
NUMBERED = re.compile(r"([0-9]{1,18})-([0-9]{1,18})", re.ASCII)
MARKED = re.compile(r"([01])-([a-z0-9-]{1,200})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for in the catalogue; empty values ask for nothing."""

    query: str = ""
    tag: str = ""
    series: str = ""
    rarity: str = ""
    level: int = 0
    mine: str = ""
    sort: str = ""
    after: str = ""
    me: str = ""  # the key of whoever asks
    words: list[str] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but an order is asked for."""
        return not (self.words or self.tag or self.series or self.rarity or self.level or self.mine)

    @property
    def order(self) -> str:
        """How the list is sorted: what is looked for comes best first, everything else by name."""
        if self.sort in SORTS and (self.sort != "best" or self.words):
            return self.sort
        return "best" if self.words else "name"


def people_with_badges() -> ScalarSelect[Any]:
    """Select how many people hold a badge; the histogram has a row a total, not a person."""
    return (
        select(func.coalesce(func.sum(RankHistogram.people), 0))
        .where(
            RankHistogram.measure == "badges",
            RankHistogram.period == Period.ALL,
            RankHistogram.total > 0,
        )
        .scalar_subquery()
    )


def number_of_people(session: Session) -> int:
    """Return how many people hold a badge."""
    return int(session.scalars(select(people_with_badges())).one())


def find(session: Session, wanted: Wanted, people: int, *, limit: int = PAGE) -> Listing[BadgeCard]:
    """Return badges that can be earned, those after the cursor; raise `InvalidInputError`."""
    order = _Order.of(session, wanted)
    statement = (
        select(
            Badge.slug,
            Badge.name,
            Badge.description,
            BadgeTotal.holders,
            Badge.version,
            Badge.svg_id,
            Badge.id,
            Badge.created_at,
            order.mark.label("mark"),
        )
        .join(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Badge.retired_at.is_(None), *_filters(session, wanted, people))
        .order_by(*order.keys)
        .limit(limit + 1)
    )
    if wanted.after:
        statement = statement.where(order.later(wanted.after))
    rows = session.execute(statement).all()
    cards = tuple(BadgeCard(*row[:6]) for row in rows[:limit])
    return Listing(cards, order.cursor(rows[limit - 1]) if len(rows) > limit else "")


def choices(session: Session) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the names of all tags, and slug and name of all series: one statement."""
    tags = select(literal("tag").label("kind"), Tag.name.label("key"), Tag.name.label("name"))
    series = select(literal("series"), Series.slug, Series.name)
    parts = [
        select(part.subquery())
        for part in (
            tags.order_by(Tag.name).limit(MAX_CHOICES),
            series.order_by(Series.name).limit(MAX_CHOICES),
        )
    ]
    rows = session.execute(union_all(*parts)).all()
    return (
        tuple(sorted(row[1] for row in rows if row[0] == "tag")),
        tuple(sorted(((row[1], row[2]) for row in rows if row[0] == "series"), key=_by_name)),
    )


def tags(session: Session) -> tuple[TagCard, ...]:
    """Return all tags with badges that can be earned, each with their number."""
    statement = select(Tag.name, Tag.badges).where(Tag.badges > 0)
    rows = session.execute(statement.order_by(Tag.name).limit(MAX_CHOICES))
    return tuple(TagCard(*row) for row in rows)


def tag(session: Session, name: str) -> str:
    """Return the name of a tag; raise `NotFoundError`."""
    found = session.scalars(select(Tag.name).filter_by(name=plain(name))).one_or_none()
    if found is None:
        raise NotFoundError("tag %(tag)r: there is none", tag=name[:80])
    return found


def all_series(session: Session, *, after: str = "", limit: int = 24) -> Listing[SeriesCard]:
    """Return the series by name with their first badges' pictures, those after the cursor."""
    some = select(Series).order_by(Series.name, Series.id).limit(limit + 1)
    if after:
        known = select(Series.name, Series.id).where(Series.slug == plain(after)).subquery()
        place = select(known.c.name, known.c.id).scalar_subquery()
        some = some.where(tuple_(Series.name, Series.id) > place)
    some_series = some.subquery()
    rows = session.execute(
        select(some_series.c.slug, some_series.c.name, some_series.c.description, *_step_columns())
        .outerjoin(Milestone, Milestone.series_id == some_series.c.id)
        .outerjoin(Badge, Badge.id == Milestone.badge_id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .order_by(some_series.c.name, some_series.c.id, Milestone.position)
    ).all()
    found: dict[str, SeriesCard] = {}
    for slug, name, description, *step in rows:
        card = found.setdefault(slug, SeriesCard(slug, name, description, []))
        if step[1]:
            card.steps.append(Step(step[0], BadgeCard(*step[1:7])))
    cards = tuple(found.values())
    return Listing(cards[:limit], cards[limit - 1].slug if len(cards) > limit else "")


def one_series(session: Session, slug: str, *, me: str = "") -> SeriesCard:
    """Return a series with all its steps, and which of them ``me`` has; raise `NotFoundError`."""
    rows = session.execute(
        select(Series.slug, Series.name, Series.description, *_step_columns(me))
        .select_from(Series)
        .outerjoin(Milestone, Milestone.series_id == Series.id)
        .outerjoin(Badge, Badge.id == Milestone.badge_id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Series.slug == plain(slug))
        .order_by(Milestone.position)
    ).all()
    if not rows:
        raise NotFoundError("series %(series)r: there is none", series=slug[:80])
    slug, name, description = rows[0][:3]
    steps = [Step(row[3], BadgeCard(*row[4:10]), bool(row[10])) for row in rows if row[4]]
    return SeriesCard(slug, name, description, steps)


def steps_beside(session: Session, badge_id: int, *, me: str = "") -> SeriesCard | None:
    """Return the series of a badge with all its steps, None for a badge without one."""
    rows = session.execute(_steps_beside(bool(me)), {"badge": badge_id, "me": me}).all()
    if not rows:
        return None
    slug, name, description = rows[0][:3]
    steps = [Step(row[3], BadgeCard(*row[4:10]), bool(row[10])) for row in rows]
    return SeriesCard(slug, name, description, steps)


@lru_cache
def _steps_beside(known: bool) -> Select[Any]:
    own = select(Milestone.series_id).where(Milestone.badge_id == bindparam("badge"))
    columns = _step_columns(bindparam("me") if known else "")
    return (
        select(Series.slug, Series.name, Series.description, *columns)
        .join(Milestone, Milestone.series_id == Series.id)
        .join(Badge, Badge.id == Milestone.badge_id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Series.id == own.scalar_subquery())
        .order_by(Milestone.position)
    )


def holds(me: str | BindParameter[str]) -> ColumnElement[bool]:
    """Return the condition that a person has the badge of the row; nobody has none."""
    if isinstance(me, str) and not me:
        return literal(value=False)
    return exists().where(
        Award.badge_id == Badge.id,
        Award.person_id == select(Person.id).where(Person.key == me).scalar_subquery(),
        Award.revoked_at.is_(None),
    )


def _step_columns(me: str | BindParameter[str] = "") -> tuple[Any, ...]:
    return (
        Milestone.position,
        Badge.slug,
        Badge.name,
        Badge.description,
        func.coalesce(BadgeTotal.holders, 0),
        Badge.version,
        Badge.svg_id,
        holds(me),
    )


def _filters(session: Session, wanted: Wanted, people: int) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.words:
        found.append(Badge.id.in_(searching.badge_ids(session, wanted.words)))
    if wanted.tag:
        tagged = select(badge_tags.c.badge_id).join(Tag).where(Tag.name == plain(wanted.tag))
        found.append(Badge.id.in_(tagged))
    if wanted.series:
        own = select(Milestone.badge_id).join(Series).where(Series.slug == plain(wanted.series))
        found.append(Badge.id.in_(own))
    if wanted.level:
        level = exists().where(Milestone.badge_id == Badge.id, Milestone.position == wanted.level)
        found.append(level)
    if wanted.rarity in rarity.NAMES:
        found.append(rarity.is_in(wanted.rarity, people))
    if wanted.me and wanted.mine in MINE:
        has = holds(wanted.me)
        found.append(has if wanted.mine == "have" else ~has)
    return found


@dataclass(frozen=True, slots=True)
class _Order:
    """A way to sort, with its cursor: the place after the last badge of a page."""

    name: str
    mark: ColumnElement[int]  # whether a badge is found by its name
    keys: tuple[ColumnElement[Any], ...]

    @classmethod
    def of(cls, session: Session, wanted: Wanted) -> _Order:
        mark: ColumnElement[int] = literal(0, Integer)
        keys: tuple[Any, ...] = (Badge.slug,)
        name = wanted.order
        if name == "best":
            named = searching.badge_ids(session, wanted.words, in_names=True)
            mark = case((Badge.id.in_(named), 1), else_=0)
            keys = (mark.desc(), Badge.slug)
        elif name == "new":
            keys = (Badge.created_at.desc(), Badge.id.desc())
        elif name == "held":
            keys = (BadgeTotal.holders.desc(), BadgeTotal.badge_id.desc())
        elif name == "rare":
            keys = (BadgeTotal.holders, BadgeTotal.badge_id)
        return cls(name, mark, keys)

    def cursor(self, row: Any) -> str:
        """Return the place of a badge in the list."""
        if self.name == "best":
            return f"{row.mark}-{row.slug}"
        if self.name == "new":
            return f"{(row.created_at - EPOCH) // timedelta(microseconds=1)}-{row.id}"
        return row.slug if self.name == "name" else f"{row.holders}-{row.id}"

    def later(self, after: str) -> ColumnElement[bool]:
        """Return the condition that a badge comes after a place; raise `InvalidInputError`."""
        if self.name == "name":
            return Badge.slug > plain(after)
        if self.name == "best":
            mark, slug = _read(MARKED, after)
            found = int(mark)
            return (self.mark < found) | and_(self.mark == found, Badge.slug > slug)
        first, row = _read(NUMBERED, after)
        if int(row) > LARGEST:
            raise _nowhere(after)
        if self.name == "new":
            moment = position(after)[0]
            return tuple_(Badge.created_at, Badge.id) < (moment, int(row))
        if int(first) > LARGEST:
            raise _nowhere(after)
        place, given = tuple_(BadgeTotal.holders, BadgeTotal.badge_id), (int(first), int(row))
        return place < given if self.name == "held" else place > given


def _read(form: re.Pattern[str], after: str) -> tuple[str, str]:
    match = form.fullmatch(after)
    if match is None:
        raise _nowhere(after)
    return match[1], match[2]


def _nowhere(after: str) -> InvalidInputError:
    return InvalidInputError(
        "place %(place)r: not one that a list names: start anew", place=after[:40]
    )


def _by_name(item: tuple[str, str]) -> str:
    return item[1].casefold()
