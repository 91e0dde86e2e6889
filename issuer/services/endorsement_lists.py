# SPDX-License-Identifier: AGPL-3.0-or-later
"""Endorsements as they are shown: who says what of something, when, and whether that holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, or_, select

from issuer.models import BadgeEdition, Endorsement
from issuer.services import endorsable, permissions
from issuer.services.findings import clean, web_link
from issuer.services.permissions import Right
from openbadges.errors import MalformedError
from openbadges.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor
    from openbadges.verification import Report

#: A page shows so many, the newest first.
MOST = 20
#: A program is told so many.
MOST_TOLD = 100
EXPIRED = "expired"
COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "endorser": func.lower(Endorsement.endorser_name),
    "made": Endorsement.created_at,  # type: ignore[dict-item]  # a column of a model is an expression
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says in favour of something; all of it may come from strangers."""

    who: str
    link: str  # where it lies: a web address, or empty
    comment: str
    about: str  # the id of what it is said of
    moment: datetime | None
    verdict: str
    checked_at: datetime | None = None  # of another issuer's that was kept


def of_badge(session: Session, badge_id: int, *, now: datetime) -> tuple[Said, ...]:
    """Return what is said of a badge in any of its editions."""
    editions = select(BadgeEdition.document_id).where(BadgeEdition.badge_id == badge_id)
    return _said(session, Endorsement.subject.in_(editions), now)


def of(session: Session, ids: Iterable[str], *, now: datetime) -> tuple[Said, ...]:
    """Return what is said of all that has one of these ids."""
    wanted = sorted({each for each in ids if each and "\0" not in each})
    return _said(session, Endorsement.subject.in_(wanted), now) if wanted else ()


def in_report(report: Report) -> tuple[Said, ...]:
    """Return the endorsements that a verification came by."""
    return tuple(
        Said(
            who=clean(each.issuer_name, 100) or clean(each.issuer),
            link=web_link(each.id),
            comment=clean(each.comment, 2000, lines=True),
            about=clean(each.endorsed),
            moment=_moment(each.issued_on),
            verdict=str(each.verdict.value),
        )
        for each in report.endorsements
    )


def told(session: Session, iri: str) -> list[dict[str, str]]:
    """Return what is said of an IRI for programs: whoever wants to know verifies it there."""
    subject = endorsable.find(session, iri)
    if "\0" in iri or (subject is not None and subject.is_hidden):
        return []  # what is said of an award may name its holder
    about = subject.id if subject else iri
    statement = (
        select(Endorsement)
        .where(Endorsement.subject == about, Endorsement.revoked_at.is_(None))
        .order_by(Endorsement.id)
        .limit(MOST_TOLD)
    )
    return [
        {"id": each.document_id, "issuer": each.endorser, "issuedOn": each.issued_at.isoformat()}
        | ({} if each.is_own else {"document": each.document})
        for each in session.scalars(statement)
    ]


def listed(actor: Actor, *, query: str = "", state: str = "") -> Select[*tuple[Any, ...]]:
    """Return the statement of all endorsements by and of the issuers that somebody manages."""
    issuers = permissions.issuers(actor, Right.ENDORSE)
    statement = select(Endorsement).where(
        or_(Endorsement.issuer_id.in_(issuers), Endorsement.about_id.in_(issuers))
    )
    if query:
        key = query.lower()
        statement = statement.where(
            or_(
                func.lower(Endorsement.endorser_name).contains(key, autoescape=True),
                func.lower(Endorsement.subject).contains(key, autoescape=True),
                func.lower(Endorsement.comment).contains(key, autoescape=True),
            )
        )
    if state == "own":
        statement = statement.where(Endorsement.issuer_id.is_not(None))
    elif state == "others":
        statement = statement.where(Endorsement.issuer_id.is_(None))
    revoked = Endorsement.revoked_at.is_not(None)
    statement = statement.where(revoked if state == "revoked" else ~revoked)
    return cast("Select[*tuple[Any, ...]]", statement)


def verdict(found: Endorsement, now: datetime) -> str:
    """Return what is known of an endorsement now."""
    if found.verdict == "valid" and found.expires_at is not None and found.expires_at <= now:
        return EXPIRED
    return found.verdict


def _said(session: Session, condition: ColumnElement[bool], now: datetime) -> tuple[Said, ...]:
    statement = (
        select(Endorsement)
        .where(condition, Endorsement.revoked_at.is_(None))
        .order_by(Endorsement.issued_at.desc(), Endorsement.id.desc())
        .limit(MOST)
    )
    return tuple(
        Said(
            who=each.endorser_name,
            link=web_link(each.document_id),
            comment=each.comment,
            about=each.subject,
            moment=each.issued_at,
            verdict=verdict(each, now),
            checked_at=None if each.is_own else each.checked_at,
        )
        for each in session.scalars(statement)
    )


def _moment(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except MalformedError:
        return None
