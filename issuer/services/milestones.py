# SPDX-License-Identifier: AGPL-3.0-or-later
"""The places of badges in their series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Milestone, Series
from issuer.services.checking import UNSEEN
from issuer.services.slugs import slug_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge


def of(session: Session, badge: Badge) -> Milestone | None:
    """Return the place of a badge, None where it is in no series."""
    return session.scalars(select(Milestone).filter_by(badge_id=badge.id)).one_or_none()


def place(
    session: Session,
    badge: Badge,
    wanted: tuple[str, str, int] | None,
    *,
    now: datetime,
    by_hand: bool = False,
) -> bool:
    """Bring a badge to its place (slug, name, level), or out of any; tell whether it changed.

    A level that a badge was given by hand stays with it: who comes later by a rule file stands at
    the end. Raises `ConflictError` where any other badge has the level, and where somebody asks
    for it ``by_hand``.
    """
    milestone = of(session, badge)
    if wanted is None:
        if milestone is not None:
            session.delete(milestone)
            session.flush()
        return milestone is not None
    slug, name, level = wanted
    series = ensure(session, slug, name, now=now)
    lock(session, series)
    if milestone is not None and (milestone.series_id, milestone.position) == (series.id, level):
        return False
    taken = session.scalars(
        select(Milestone).filter_by(series_id=series.id, position=level)
    ).one_or_none()
    if taken is not None:
        if by_hand or "series" not in taken.badge.by_hand:
            raise ConflictError(
                "badge %(badge)r: level %(level)s of series %(series)r belongs to %(other)r",
                badge=badge.slug,
                level=level,
                series=slug,
                other=taken.badge.slug,
            )
        if milestone is not None and milestone.series_id == series.id:
            return False
        level = end(session, series)
    if milestone is None:
        milestone = Milestone(badge_id=badge.id)
        session.add(milestone)
    milestone.series, milestone.position = series, level
    session.flush()
    return True


def ensure(session: Session, slug: str, name: str, *, now: datetime) -> Series:
    """Return the series of that slug and make it where there is none."""
    insert_once(
        session,
        Series,
        {"slug": slug, "name": name, "description": "", "created_at": now},
        unique=("slug",),
    )
    return session.scalars(select(Series).filter_by(slug=slug)).one()


def lock(session: Session, series: Series) -> None:
    """Let nobody else change the order of a series until the transaction ends."""
    session.execute(select(Series.id).filter_by(id=series.id).with_for_update())


def end(session: Session, series: Series) -> int:
    """Return the level after the last one."""
    last = select(func.max(Milestone.position)).filter_by(series_id=series.id)
    return (session.scalar(last) or 0) + 1


def wanted(
    session: Session, name: str | None, level: int | None, *, badge: Badge | None = None
) -> tuple[str, str, int] | None:
    """Return the place that somebody means by the name of a series and a level.

    Without a level it is the one that the badge has there, or the end. Raises `InvalidInputError`
    for a name of which no address can be made.
    """
    name = (name or "").strip().replace("\0", "\ufffd")
    if not name:
        return None
    slug = slug_of(name)
    if UNSEEN.search(name) or not slug:
        raise InvalidInputError(
            "series %(series)r: needs letters or numbers in its name", series=name[:80]
        )
    known = or_(func.lower(Series.name) == name.lower(), Series.slug == name, Series.slug == slug)
    found = session.scalars(select(Series).where(known).order_by(Series.id).limit(1)).first()
    if found is None:
        return slug, name, level or 1
    here = of(session, badge) if badge is not None else None
    if level is None and here is not None and here.series_id == found.id:
        level = here.position
    return found.slug, found.name, level or end(session, found)
