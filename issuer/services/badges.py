# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges: made or brought up to date, with their pictures and editions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.pictures import SVG, draw
from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Badge, Image, Tag
from issuer.services import editions, milestones, repricing
from issuer.services.checking import UNSEEN as UNSEEN
from issuer.words import Text

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.adapters.pictures import Picture
    from issuer.models import BadgeEdition, Issuer

MAX_NAME = 200
MAX_TEXT = 10_000


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
    name = name.replace("\0", "\ufffd")  # which no database can look for
    badge = session.scalars(select(Badge).filter_by(slug=name)).one_or_none()
    badge = badge or session.scalars(select(Badge).filter_by(legacy_id=name)).one_or_none()
    if badge is None:
        raise NotFoundError(
            "badge %(badge)r: there is none: see 'accolades badges list'", badge=name
        )
    return badge


def has_picture(session: Session, legacy_id: str) -> bool:
    """Whether there is a badge of that id with a picture."""
    statement = select(Badge.png_id).filter_by(legacy_id=legacy_id)
    return session.scalars(statement).one_or_none() is not None


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

    What was written on the site by hand stays. What was issued under it stays as it was: a change
    of its document makes a new edition once somebody holds it. Raises `InvalidInputError` for facts
    that cannot be a badge, and `ConflictError` when another badge has the slug.
    """
    check(facts)
    badge = session.scalars(select(Badge).filter_by(legacy_id=facts.legacy_id)).one_or_none()
    created = badge is None
    if badge is None:
        badge = insert(session, issuer, facts, now=now)
    changed = write(session, badge, facts, picture, objects, now=now, leaving=badge.by_hand)
    return badge, created or bool(changed)


def insert(session: Session, issuer: Issuer, facts: Facts, *, now: datetime) -> Badge:
    """Return a badge that has nothing but its names yet; raise `ConflictError`."""
    if session.scalars(select(Badge.id).filter_by(slug=facts.slug)).one_or_none():
        raise ConflictError(
            "badge %(badge)r: slug %(slug)r belongs to another", badge=facts.name, slug=facts.slug
        )
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


def write(
    session: Session,
    badge: Badge,
    facts: Facts,
    picture: Picture | None,
    objects: ObjectFolder,
    *,
    now: datetime,
    leaving: Collection[str] = (),
    by_hand: bool = False,
) -> set[str]:
    """Bring a badge to what the facts say, but for those to leave; return what changed.

    What somebody says ``by_hand`` and cannot be is refused. The names are those of `Facts`,
    `picture`, and `edition` where a new document was made.
    """
    before = badge.points
    changed = _apply(session, badge, facts, leaving)
    if "picture" not in leaving and _picture(session, badge, picture, objects, now):
        changed.add("picture")
    if changed:
        badge.updated_at = now
        session.flush()
    if "points" in changed:
        repricing.reprice(session, badge, badge.points - before)
    if "series" not in leaving and milestones.place(
        session, badge, facts.series, now=now, by_hand=by_hand
    ):
        changed.add("series")
    if editions.renew(session, badge, now=now):
        changed.add("edition")
    session.flush()
    return changed


def current_edition(session: Session, badge: Badge) -> BadgeEdition:
    """Return the edition that is issued now; raise `InvalidInputError` where there is none."""
    edition = editions.newest(session, badge)
    if edition is None:
        raise InvalidInputError(
            "badge %(badge)r: has no picture yet: give it a PNG or SVG", badge=badge.slug
        )
    return edition


def check(facts: Facts) -> None:
    """Raise `InvalidInputError` for facts that cannot be a badge."""
    for what, text, limit in (
        (Text("name"), facts.name, MAX_NAME),
        (Text("description"), facts.description, MAX_TEXT),
        (Text("criteria"), facts.criteria_text or facts.description, MAX_TEXT),
    ):
        if not text.strip() or len(text) > limit:
            raise InvalidInputError(
                "badge %(badge)r: %(what)s needs 1 to %(limit)s characters",
                badge=facts.name,
                what=what,
                limit=limit,
            )
        if unseen := UNSEEN.search(text):
            raise InvalidInputError(
                "badge %(badge)r: %(what)s holds %(letter)a, which cannot be seen",
                badge=facts.name,
                what=what,
                letter=unseen[0],
            )
    if not facts.slug:
        raise InvalidInputError(
            "badge %(badge)r: no address can be made from its name: give it one", badge=facts.name
        )
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", facts.slug):
        raise InvalidInputError(
            "badge %(badge)r: slug %(slug)r is not like 'a-slug-1'",
            badge=facts.name,
            slug=facts.slug,
        )


def _apply(session: Session, badge: Badge, facts: Facts, leaving: Collection[str]) -> set[str]:
    seconds = round(facts.expires_after.total_seconds()) if facts.expires_after else None
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
    changed = set()
    for name, value in values.items():
        if name not in leaving and getattr(badge, name) != value:
            setattr(badge, name, value)
            changed.add(name)
    wanted = sorted(set(facts.tags))
    if "tags" not in leaving and [tag.name for tag in badge.tags] != wanted:
        badge.tags = [tag(session, name) for name in wanted]
        changed.add("tags")
    return changed


def tag(session: Session, name: str) -> Tag:
    """Return the tag of that name and make it where there is none."""
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
