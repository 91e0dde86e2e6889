# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tags of badges: called otherwise, merged, removed. They stand in the documents of badges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Badge, Tag, badge_tags
from issuer.services import audits, badges, editions, permissions
from issuer.services.badge_editing import check_tag
from issuer.services.listing import plain
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

_NUMBER = select(func.count()).where(badge_tags.c.tag_id == Tag.id).scalar_subquery()
COLUMNS: Mapping[str, ColumnElement[Any]] = {"name": func.lower(Tag.name), "badges": _NUMBER}


def find(session: Session, name: str) -> Tag:
    """Return the tag of that name; raise `NotFoundError`."""
    found = session.scalars(select(Tag).filter_by(name=plain(name))).one_or_none()
    if found is None:
        raise NotFoundError("tag %(tag)r: there is none", tag=name[:80])
    return found


def listing(query: str) -> Select[*tuple[Any, ...]]:
    """Select tags with the number of their badges, as a table shows them."""
    found = func.lower(Tag.name).contains(plain(query).lower(), autoescape=True)
    return select(Tag.name, _NUMBER.label("badges")).where(found)


def number(session: Session, tag: Tag) -> int:
    """Return how many badges have a tag."""
    statement = select(func.count()).where(badge_tags.c.tag_id == tag.id)
    return session.scalar(statement) or 0


def exists(session: Session, name: str) -> bool:
    """Whether there is a tag of that name."""
    return session.scalars(select(Tag.id).filter_by(name=plain(name))).first() is not None


def rename(session: Session, actor: Actor, tag: Tag, name: str, *, now: datetime) -> int:
    """Give all badges of a tag another one, which may be there, in its place; return how many.

    Those that somebody has get a new edition. Raises `ForbiddenError` unless the actor may change
    all of them.
    """
    name = name.strip()
    check_tag(name)
    if name == tag.name:
        raise InvalidInputError("tag %(tag)r: is called so already", tag=name)
    action = "tag.merge" if exists(session, name) else "tag.rename"
    return _replace(session, actor, tag, badges.tag(session, name), action, now=now)


def delete(session: Session, actor: Actor, tag: Tag, *, now: datetime) -> int:
    """Take a tag from all badges; return how many had it. Raises as `rename`."""
    return _replace(session, actor, tag, None, "tag.delete", now=now)


def _replace(
    session: Session, actor: Actor, tag: Tag, by: Tag | None, action: str, *, now: datetime
) -> int:
    tagged = select(badge_tags.c.badge_id).where(badge_tags.c.tag_id == tag.id)
    found = session.scalars(select(Badge).where(Badge.id.in_(tagged)).order_by(Badge.id)).all()
    for badge in found:
        permissions.require(session, actor, Right.BADGES, badge, now=now)
    for badge in found:
        kept = {each for each in badge.tags if each is not tag} | ({by} if by else set())
        badge.tags = sorted(kept, key=lambda each: each.name)
        badge.by_hand = sorted({*badge.by_hand, "tags"})
        badge.updated_at = now
    session.flush()
    for badge in found:
        editions.renew(session, badge, now=now)
    audits.record(
        session,
        actor,
        action,
        "tag",
        tag.name,
        now=now,
        before={"name": tag.name, "badges": [badge.slug for badge in found]},
        after={"name": by.name if by else None},
    )
    session.delete(tag)
    session.flush()
    return len(found)
