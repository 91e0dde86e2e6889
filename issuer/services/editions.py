# SPDX-License-Identifier: AGPL-3.0-or-later
"""Editions of badges: what is issued now, and what was issued under each of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select

from issuer.models import Assertion, Badge, BadgeEdition, IssuerEpoch
from issuer.services import documents

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Issuer

#: The page tells how many assertions an edition has up to here.
MOST_COUNTED = 1000
#: Members of a document that differ in each edition, whatever was changed.
OWN = frozenset({"id", "version", "related", "image"})


@dataclass(frozen=True, slots=True)
class Past:
    """An edition as its history tells it."""

    edition: BadgeEdition
    changed: tuple[str, ...]  # members of the document, and `image`
    assertions: int  # up to `MOST_COUNTED`


def newest(session: Session, badge: Badge) -> BadgeEdition | None:
    """Return the edition that is issued now, None where there is none yet."""
    statement = select(BadgeEdition).filter_by(badge_id=badge.id)
    return session.scalars(statement.order_by(BadgeEdition.number.desc()).limit(1)).one_or_none()


def is_issued(session: Session, edition: BadgeEdition) -> bool:
    """Whether anybody was ever given the badge in this edition."""
    return bool(session.scalar(select(exists().where(Assertion.edition_id == edition.id))))


def renew(session: Session, badge: Badge, *, now: datetime) -> bool:
    """Make the edition that says what the badge is now, unless the newest one does.

    A badge without a picture has no edition.
    """
    if badge.png_id is None:
        return False
    epoch = session.scalars(
        select(IssuerEpoch)
        .filter_by(issuer_id=badge.issuer_id)
        .order_by(IssuerEpoch.number.desc())
        .limit(1)
    ).one()
    last = newest(session, badge)
    number = last.number if last else 1
    document = documents.badge_class(badge, epoch.document_id, number)
    images = (badge.png_id, badge.svg_id)
    if last and last.document == document.text and (last.png_id, last.svg_id) == images:
        return False
    if last and not is_issued(session, last):
        session.delete(last)  # nobody was ever given it
        session.flush()
    elif last:
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
    session.flush()
    return True


def renew_all(session: Session, issuer: Issuer, *, now: datetime) -> int:
    """Let all badges of an issuer be issued under its newest Profile; return how many changed."""
    found = session.scalars(select(Badge).filter_by(issuer_id=issuer.id).order_by(Badge.id))
    return sum(renew(session, badge, now=now) for badge in found.all())


def history(session: Session, badge: Badge) -> list[Past]:
    """Return all editions of a badge, the newest first, each with what it changed."""
    some = (
        select(Assertion.id)
        .where(Assertion.edition_id == BadgeEdition.id)
        .limit(MOST_COUNTED)
        .correlate(BadgeEdition)
        .subquery()
    )
    number = select(func.count()).select_from(some).scalar_subquery()
    statement = select(BadgeEdition, number).filter_by(badge_id=badge.id)
    rows = session.execute(statement.order_by(BadgeEdition.number)).all()
    former: BadgeEdition | None = None
    past = []
    for edition, assertions in rows:
        past.append(Past(edition, _changed(former, edition), assertions))
        former = edition
    return past[::-1]


def _changed(former: BadgeEdition | None, edition: BadgeEdition) -> tuple[str, ...]:
    if former is None:
        return ()
    before, after = json.loads(former.document), json.loads(edition.document)
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)} - OWN
    if (former.png_id, former.svg_id) != (edition.png_id, edition.svg_id):
        names.add("image")
    return tuple(sorted(names))
