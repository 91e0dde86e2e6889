# SPDX-License-Identifier: AGPL-3.0-or-later
"""What admins do to issuers. A Profile that vouches for a badge stays: another one follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select

from issuer.adapters.pictures import draw
from issuer.errors import ConflictError, ForbiddenError, InvalidInputError
from issuer.models import Assertion, Badge, BadgeEdition, Image, Issuer, IssuerEpoch
from issuer.services import audits, documents, editions, issuers, permissions
from issuer.services.badges import keep_image
from issuer.services.checking import (
    MAIL_ADDRESS,
    MAX_KEPT_ADDRESS,
    check_address,
    check_line,
    check_text,
)
from issuer.services.permissions import Right
from issuer.words import Text
from rules.dialects.values import MAX_SLUG, SLUG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.adapters.objects import ObjectFolder
    from issuer.adapters.pictures import Picture
    from issuer.services.permissions import Actor

SUBJECT = "issuer"
MAX_NAME = 200
MAX_TEXT = 2000
COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": func.lower(Issuer.name),
    "since": Issuer.created_at,  # type: ignore[dict-item]  # a column of a model is an expression
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an issuer says of itself."""

    name: str
    url: str
    email: str
    description: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change led to."""

    changed: bool
    epoch: int = 0  # the number of a new Profile
    badges: int = 0  # that are issued under it from now on


def listing(query: str) -> Select[*tuple[Any, ...]]:
    """Select issuers, as a table shows them."""
    number = select(func.count()).where(Badge.issuer_id == Issuer.id).scalar_subquery()
    statement = select(
        Issuer.slug,
        Issuer.name,
        Issuer.url,
        Issuer.image_id,
        Issuer.created_at,
        number.label("badges"),
    )
    return statement.where(func.lower(Issuer.name).contains(query.lower(), autoescape=True))


def epochs(session: Session, issuer: Issuer) -> list[IssuerEpoch]:
    """Return all Profiles of an issuer, the newest first."""
    statement = select(IssuerEpoch).filter_by(issuer_id=issuer.id)
    return list(session.scalars(statement.order_by(IssuerEpoch.number.desc())))


def is_settled(session: Session, issuer: Issuer) -> bool:
    """Whether a badge was issued under the newest Profile: it can only get a successor then."""
    epoch = issuers.current_epoch(session, issuer)
    if epoch is None:
        return False
    under = select(BadgeEdition.id).where(BadgeEdition.epoch_id == epoch.id)
    return bool(session.scalar(select(exists().where(Assertion.edition_id.in_(under)))))


def create(
    session: Session,
    actor: Actor,
    identity: issuers.Identity,
    picture: Picture | None,
    keys: KeyStore,
    objects: ObjectFolder,
    *,
    now: datetime,
) -> Issuer:
    """Make an issuer with its first signing key; raise `ConflictError` where there is one."""
    _require(actor)
    if len(identity.slug) > MAX_SLUG or not SLUG.fullmatch(identity.slug):
        raise InvalidInputError(
            "issuer %(issuer)r: address is not like 'a-slug-1'", issuer=identity.slug[:80]
        )
    words = Words(
        name=identity.name,
        url=identity.url,
        email=identity.email,
        description=identity.description,
    )
    _check(words)
    if session.scalar(select(exists().where(Issuer.slug == identity.slug))):
        raise ConflictError(
            "issuer %(issuer)r: there is one with that address", issuer=identity.slug
        )
    image = keep_image(session, draw(picture), objects, now=now) if picture else None
    issuer = issuers.ensure(session, identity, keys, now=now, image_id=image.id if image else None)
    audits.record(
        session, actor, "issuer.create", SUBJECT, issuer.slug, now=now, after=_told(session, issuer)
    )
    return issuer


def change(
    session: Session,
    actor: Actor,
    issuer: Issuer,
    words: Words,
    picture: Picture | None,
    keys: KeyStore,
    objects: ObjectFolder,
    *,
    confirmed: bool,
    now: datetime,
) -> Outcome:
    """Bring an issuer to the words; its address stays, and so does all that was issued.

    Once somebody has a badge under its Profile there is a new Profile, with a key of its own, and
    all badges are issued under that from now on: raises `ConflictError` unless it is ``confirmed``.
    """
    _require(actor)
    _check(words)
    # Nobody else makes a Profile of the same number meanwhile.
    session.execute(select(Issuer.id).filter_by(id=issuer.id).with_for_update())
    before = _told(session, issuer)
    issuer.name, issuer.url = words.name, words.url
    issuer.email, issuer.description = words.email, words.description
    if picture is not None:
        issuer.image_id = keep_image(session, draw(picture), objects, now=now).id
    session.flush()
    outcome = _renew(session, issuer, keys, confirmed=confirmed, now=now)
    after = _told(session, issuer)
    if before != after:
        audits.record(
            session,
            actor,
            "issuer.change",
            SUBJECT,
            issuer.slug,
            now=now,
            before=before,
            after=after,
        )
    return Outcome(before != after, outcome.epoch, outcome.badges)


def _renew(
    session: Session, issuer: Issuer, keys: KeyStore, *, confirmed: bool, now: datetime
) -> Outcome:
    epoch = issuers.current_epoch(session, issuer)
    if epoch is None:
        return Outcome(changed=False)
    document = documents.profile(issuer, epoch.key.kid, epoch.number)
    if document.text == epoch.document:
        return Outcome(changed=False)
    if not is_settled(session, issuer):
        epoch.document = document.text  # it vouches for nothing yet
        session.flush()
        return Outcome(changed=True)
    if not confirmed:
        raise ConflictError(
            "issuer %(issuer)r: badges were issued under its Profile: confirm that there is to "
            "be a new one",
            issuer=issuer.slug,
        )
    # The document of a key names the Profile that owns it: a new Profile needs a new key.
    made = issuers.add_epoch(session, issuer, keys, now=now)
    return Outcome(True, made.number, editions.renew_all(session, issuer, now=now))


def _require(actor: Actor) -> None:
    if not permissions.by_role(actor, Right.ISSUERS):
        raise ForbiddenError("issuers: you have no right to change them")


def _check(words: Words) -> None:
    of = Text("issuer %(issuer)r", issuer=words.name[:80])
    check_line(Text("%(what)s: name", what=of), words.name, needed=True, longest=MAX_NAME)
    check_address(Text("%(what)s: home page", what=of), words.url, longest=MAX_KEPT_ADDRESS)
    check_line(Text("%(what)s: e-mail", what=of), words.email, longest=MAX_KEPT_ADDRESS)
    if not MAIL_ADDRESS.fullmatch(words.email):
        raise InvalidInputError("%(what)s: e-mail needs to be like badges@example.org", what=of)
    check_text(Text("%(what)s: description", what=of), words.description, MAX_TEXT)


def _told(session: Session, issuer: Issuer) -> dict[str, Any]:
    image = session.get(Image, issuer.image_id) if issuer.image_id else None
    epoch = issuers.current_epoch(session, issuer)
    return {
        "name": issuer.name,
        "url": issuer.url,
        "email": issuer.email,
        "description": issuer.description,
        "image": image.sha256 if image else None,
        "epoch": epoch.number if epoch else None,
    }
