# SPDX-License-Identifier: AGPL-3.0-or-later
"""Series: made, described, and their badges put in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Badge, Milestone, Series, Team
from issuer.services import audits, milestones, permissions
from issuer.services.checking import check_line, check_text
from issuer.services.listing import plain
from issuer.services.permissions import Right
from issuer.services.slugs import slug_of
from issuer.words import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

SUBJECT = "series"
MAX_NAME = 200
MAX_TEXT = 10_000
#: A series is shown whole.
MAX_STEPS = 200
COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": func.lower(Series.name),
    "since": Series.created_at,  # type: ignore[dict-item]  # a column of a model is an expression
}
UP, DOWN = -1, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said of a series, and the slug of the team that looks after it."""

    name: str
    description: str = ""
    team: str = ""


def find(session: Session, slug: str) -> Series:
    """Return the series with that slug; raise `NotFoundError`."""
    found = session.scalars(select(Series).filter_by(slug=plain(slug))).one_or_none()
    if found is None:
        raise NotFoundError("series %(series)r: there is none", series=slug[:80])
    return found


def listing(query: str) -> Select[*tuple[Any, ...]]:
    """Select series, as a table shows them."""
    number = select(func.count()).where(Milestone.series_id == Series.id).scalar_subquery()
    statement = select(
        Series.slug,
        Series.name,
        Series.created_at,
        number.label("badges"),
        Team.name.label("team"),
    ).outerjoin(Team, Team.id == Series.team_id)
    found = func.lower(Series.name).contains(plain(query).lower(), autoescape=True)
    return statement.where(found)


def steps(session: Session, series: Series) -> list[Milestone]:
    """Return the places of a series in their order, with their badges."""
    statement = select(Milestone).filter_by(series_id=series.id)
    statement = statement.options(joinedload(Milestone.badge)).order_by(Milestone.position)
    return list(session.scalars(statement.limit(MAX_STEPS)))


def create(session: Session, actor: Actor, words: Words, *, now: datetime) -> Series:
    """Make a series; raise `ConflictError` where its address is taken."""
    _check(words)
    slug = slug_of(words.name)
    if not slug:
        raise InvalidInputError(
            "series %(series)r: needs letters or numbers in its name", series=words.name[:80]
        )
    if session.scalars(select(Series.id).filter_by(slug=slug)).first() is not None:
        raise ConflictError(
            "series %(series)r: there is one with the address %(slug)r",
            series=words.name,
            slug=slug,
        )
    made = milestones.ensure(session, slug, words.name, now=now)
    _write(session, made, words)
    _note(session, actor, "create", made, now, after=_told(session, made))
    return made


def change(session: Session, actor: Actor, series: Series, words: Words, *, now: datetime) -> bool:
    """Describe a series anew; its address stays. Tell whether anything changed."""
    require(session, actor, series, now=now)
    _check(words)
    before = _told(session, series)
    _write(session, series, words)
    after = _told(session, series)
    if before == after:
        return False
    _note(session, actor, "change", series, now, before=before, after=after)
    return True


def add(session: Session, actor: Actor, series: Series, badge: Badge, *, now: datetime) -> bool:
    """Put a badge at the end of a series, out of any other; False where it is in it already."""
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    milestones.lock(session, series)
    place = milestones.of(session, badge)
    if place is not None and place.series_id == series.id:
        return False
    if len(steps(session, series)) >= MAX_STEPS:
        raise ConflictError(
            "series %(series)r: has %(limit)s badges, which are enough",
            series=series.slug,
            limit=MAX_STEPS,
        )
    before = _told(session, series)
    wanted = (series.slug, series.name, milestones.end(session, series))
    milestones.place(session, badge, wanted, now=now)
    _by_hand(badge, now)
    _note(session, actor, "add", series, now, before=before, after=_told(session, series))
    return True


def remove(session: Session, actor: Actor, series: Series, badge: Badge, *, now: datetime) -> bool:
    """Take a badge out of a series; tell whether it was in it."""
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    place = milestones.of(session, badge)
    if place is None or place.series_id != series.id:
        return False
    before = _told(session, series)
    milestones.place(session, badge, None, now=now)
    _by_hand(badge, now)
    _note(session, actor, "remove", series, now, before=before, after=_told(session, series))
    return True


def move(
    session: Session, actor: Actor, series: Series, badge: Badge, by: int, *, now: datetime
) -> bool:
    """Let a badge change places with the one before or after it; False at the end of the row."""
    milestones.lock(session, series)
    require(session, actor, series, now=now)
    row = steps(session, series)
    here = next((place for place, step in enumerate(row) if step.badge_id == badge.id), None)
    if here is None:
        raise NotFoundError(
            "badge %(badge)r: is not in the series %(series)r", badge=badge.slug, series=series.slug
        )
    if not 0 <= here + by < len(row):
        return False
    before = _told(session, series)
    one, other = row[here], row[here + by]
    levels = one.position, other.position
    one.position = milestones.end(session, series)  # no two have the same at any moment
    session.flush()
    other.position = levels[0]
    session.flush()
    one.position = levels[1]
    for step in (one, other):
        _by_hand(step.badge, now)
    session.flush()
    _note(session, actor, "order", series, now, before=before, after=_told(session, series))
    return True


def delete(session: Session, actor: Actor, series: Series, *, now: datetime) -> None:
    """Delete a series without badges; raise `ConflictError` for one that has some."""
    if steps(session, series):
        raise ConflictError(
            "series %(series)r: has badges: take them out first", series=series.slug
        )
    _note(session, actor, "delete", series, now, before=_told(session, series))
    session.delete(series)
    session.flush()


def require(session: Session, actor: Actor, series: Series, *, now: datetime) -> None:
    """Raise `ForbiddenError` unless somebody may change all badges of a series."""
    for step in steps(session, series):
        permissions.require(session, actor, Right.BADGES, step.badge, now=now)


def _check(words: Words) -> None:
    of = Text("series %(series)r", series=words.name[:80])
    check_line(Text("%(what)s: name", what=of), words.name, needed=True, longest=MAX_NAME)
    check_text(Text("%(what)s: description", what=of), words.description, MAX_TEXT)


def _write(session: Session, series: Series, words: Words) -> None:
    series.name, series.description, series.team_id = words.name, words.description, None
    if words.team:
        team = session.scalars(select(Team.id).filter_by(slug=plain(words.team))).one_or_none()
        if team is None:
            raise NotFoundError("team %(team)r: there is none", team=words.team[:80])
        series.team_id = team
    session.flush()


def _by_hand(badge: Badge, now: datetime) -> None:
    badge.by_hand = sorted({*badge.by_hand, "series"})
    badge.updated_at = now


def _told(session: Session, series: Series) -> dict[str, Any]:
    team = session.get(Team, series.team_id) if series.team_id else None
    return {
        "name": series.name,
        "description": series.description,
        "team": team.slug if team else None,
        "badges": [f"{step.position} {step.badge.slug}" for step in steps(session, series)],
    }


def _note(
    session: Session, actor: Actor, action: str, series: Series, now: datetime, **states: Any
) -> None:
    audits.record(session, actor, f"series.{action}", SUBJECT, series.slug, now=now, **states)
