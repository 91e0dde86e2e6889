# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges: made or brought up to date, with their pictures and editions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from issuer.adapters.pictures import SVG, draw
from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Assertion, Badge, BadgeEdition, Image, IssuerEpoch, Milestone, Series, Tag
from issuer.services import documents

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.adapters.pictures import Picture
    from issuer.models import Issuer

MAX_NAME = 200
MAX_TEXT = 10_000
#: Control characters but line breaks, and what turns the direction of all that follows.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What makes a badge: everything that a rule file or an admin says of it."""

    name: str
    slug: str
    legacy_id: str
    description: str
    criteria_text: str = ""
    criteria_url: str | None = None
    discussion_url: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    points: int = 1
    repeatable: bool = False
    expires_after: timedelta | None = None
    series: tuple[str, str, int] | None = None  # slug, name, level
    alignments: tuple[dict[str, str], ...] = field(default=())


def find(session: Session, name: str) -> Badge:
    """Return the badge with that slug, or with that id of the old systems."""
    badge = session.scalars(select(Badge).filter_by(slug=name)).one_or_none()
    badge = badge or session.scalars(select(Badge).filter_by(legacy_id=name)).one_or_none()
    if badge is None:
        raise NotFoundError(f"badge {name!r}: there is none: see 'accolades badges list'")
    return badge


def put(
    session: Session,
    issuer: Issuer,
    facts: Facts,
    picture: Picture | None,
    objects: ObjectFolder,
    *,
    now: datetime,
) -> tuple[Badge, bool]:
    """Make a badge, or bring it up to date; tell whether anything changed.

    What was issued under it stays as it was: a change of its document makes a new edition once
    somebody holds it. Raises `InvalidInputError` for facts that cannot be a badge, and
    `ConflictError` when another badge has the slug.
    """
    _check(facts)
    badge = session.scalars(select(Badge).filter_by(legacy_id=facts.legacy_id)).one_or_none()
    created = badge is None
    if badge is None:
        if session.scalars(select(Badge.id).filter_by(slug=facts.slug)).one_or_none():
            raise ConflictError(f"badge {facts.name!r}: slug {facts.slug!r} belongs to another")
        badge = _insert(session, issuer, facts, now)
    changed = _apply(session, badge, facts) | _picture(session, badge, picture, objects, now)
    if created or changed:
        badge.updated_at = now
        session.flush()
    changed |= _series(session, badge, facts.series, now)
    if badge.png_id is not None:
        changed |= _edition(session, badge, now)
    session.flush()
    return badge, created or changed


def current_edition(session: Session, badge: Badge) -> BadgeEdition:
    """Return the edition that is issued now; raise `InvalidInputError` where there is none."""
    statement = select(BadgeEdition).filter_by(badge_id=badge.id)
    edition = session.scalars(statement.order_by(BadgeEdition.number.desc()).limit(1)).one_or_none()
    if edition is None:
        raise InvalidInputError(f"badge {badge.slug!r}: has no picture yet: give it a PNG or SVG")
    return edition


def _check(facts: Facts) -> None:
    for what, text, limit in (
        ("name", facts.name, MAX_NAME),
        ("description", facts.description, MAX_TEXT),
        ("criteria", facts.criteria_text or facts.description, MAX_TEXT),
    ):
        if not text.strip() or len(text) > limit:
            raise InvalidInputError(f"badge {facts.name!r}: {what} needs 1 to {limit} characters")
        if unseen := UNSEEN.search(text):
            raise InvalidInputError(
                f"badge {facts.name!r}: {what} holds {unseen[0]!a}, which cannot be seen"
            )
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", facts.slug):
        raise InvalidInputError(f"badge {facts.name!r}: slug {facts.slug!r} is not like 'a-slug-1'")


def _insert(session: Session, issuer: Issuer, facts: Facts, now: datetime) -> Badge:
    values = {
        "legacy_id": facts.legacy_id,
        "slug": facts.slug,
        "name": facts.name,
        "description": facts.description,
        "issuer_id": issuer.id,
        "created_at": now,
        "updated_at": now,
    }
    insert_once(session, Badge, values, unique=("legacy_id",))
    return session.scalars(select(Badge).filter_by(legacy_id=facts.legacy_id)).one()


def _apply(session: Session, badge: Badge, facts: Facts) -> bool:
    seconds = int(facts.expires_after.total_seconds()) if facts.expires_after else None
    values = {
        "name": facts.name,
        "description": facts.description,
        "criteria_text": facts.criteria_text,
        "criteria_url": facts.criteria_url,
        "discussion_url": facts.discussion_url,
        "author": facts.author,
        "points": facts.points,
        "repeatable": facts.repeatable,
        "expires_after": seconds,
        "alignments": [dict(item) for item in facts.alignments],
    }
    changed = False
    for name, value in values.items():
        if getattr(badge, name) != value:
            setattr(badge, name, value)
            changed = True
    wanted = sorted(set(facts.tags))
    if [tag.name for tag in badge.tags] != wanted:
        badge.tags = [_tag(session, name) for name in wanted]
        changed = True
    return changed


def _tag(session: Session, name: str) -> Tag:
    insert_once(session, Tag, {"name": name}, unique=("name",))
    return session.scalars(select(Tag).filter_by(name=name)).one()


def _picture(
    session: Session, badge: Badge, picture: Picture | None, objects: ObjectFolder, now: datetime
) -> bool:
    if picture is None:
        return False
    svg = keep_image(session, picture, objects, now=now) if picture.media_type == SVG else None
    if svg is not None and badge.svg_id == svg.id and badge.png_id is not None:
        return False  # drawing the same lines again would only cost time
    png = keep_image(session, draw(picture), objects, now=now)
    changed = (badge.png_id, badge.svg_id) != (png.id, svg.id if svg else None)
    badge.png, badge.svg = png, svg
    return changed


def keep_image(
    session: Session, picture: Picture, objects: ObjectFolder, *, now: datetime
) -> Image:
    """Keep a picture in the object folder and return its row; the same bytes are kept once."""
    name = objects.put(picture.content)
    values = {
        "sha256": name,
        "media_type": picture.media_type,
        "size": len(picture.content),
        "width": picture.width,
        "height": picture.height,
        "created_at": now,
    }
    insert_once(session, Image, values, unique=("sha256",))
    return session.scalars(select(Image).filter_by(sha256=name)).one()


def _series(
    session: Session, badge: Badge, wanted: tuple[str, str, int] | None, now: datetime
) -> bool:
    milestone = session.scalars(select(Milestone).filter_by(badge_id=badge.id)).one_or_none()
    if wanted is None:
        if milestone is not None:
            session.delete(milestone)
        return milestone is not None
    slug, name, level = wanted
    insert_once(
        session,
        Series,
        {"slug": slug, "name": name, "description": "", "created_at": now},
        unique=("slug",),
    )
    series = session.scalars(select(Series).filter_by(slug=slug)).one()
    if milestone is not None and (milestone.series_id, milestone.position) == (series.id, level):
        return False
    taken = session.scalars(
        select(Milestone).filter_by(series_id=series.id, position=level)
    ).one_or_none()
    if taken is not None:
        raise ConflictError(
            f"badge {badge.slug!r}: level {level} of series {slug!r} belongs to "
            f"{taken.badge.slug!r}"
        )
    if milestone is None:
        milestone = Milestone(badge_id=badge.id)
        session.add(milestone)
    milestone.series, milestone.position = series, level
    return True


def _edition(session: Session, badge: Badge, now: datetime) -> bool:
    """Make the edition that says what the badge is now, unless the newest one does."""
    epoch = session.scalars(
        select(IssuerEpoch)
        .filter_by(issuer_id=badge.issuer_id)
        .order_by(IssuerEpoch.number.desc())
        .limit(1)
    ).one()
    statement = select(BadgeEdition).filter_by(badge_id=badge.id)
    newest = session.scalars(statement.order_by(BadgeEdition.number.desc()).limit(1)).one_or_none()
    number = newest.number if newest else 1
    document = documents.badge_class(badge, epoch.document_id, number)
    images = (badge.png_id, badge.svg_id)
    if newest and newest.document == document.text and (newest.png_id, newest.svg_id) == images:
        return False
    if newest and not session.scalar(select(exists().where(Assertion.edition_id == newest.id))):
        session.delete(newest)  # nobody was ever given it
        session.flush()
    elif newest:
        number += 1
        document = documents.badge_class(badge, epoch.document_id, number)
    badge.version = number
    session.add(
        BadgeEdition(
            badge_id=badge.id,
            number=number,
            epoch=epoch,
            png_id=badge.png_id,
            svg_id=badge.svg_id,
            document_id=document.id,
            document=document.text,
            created_at=now,
        )
    )
    return True
