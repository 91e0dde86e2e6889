# SPDX-License-Identifier: AGPL-3.0-or-later
"""Apps of others: made known, found, listed for who let them in, and forgotten."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, select

from issuer.errors import NotFoundError
from issuer.models import App, AppAccess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Person

_SCOPE = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
READ_BADGES = f"{_SCOPE}credential.readonly"
WRITE_BADGES = f"{_SCOPE}credential.upsert"
READ_PROFILE = f"{_SCOPE}profile.readonly"
WRITE_PROFILE = f"{_SCOPE}profile.update"
#: What an app may be allowed, and what it means to programs.
SCOPES = {
    READ_BADGES: "Permission to read OpenBadgeCredentials of the authenticated entity.",
    WRITE_BADGES: "Permission to hand in OpenBadgeCredentials of the authenticated entity.",
    READ_PROFILE: "Permission to read the profile of the authenticated entity.",
    WRITE_PROFILE: "Permission to update the profile of the authenticated entity.",
}
#: For how long an app is kept that nobody let in, or nobody any more.
UNUSED, LEFT = timedelta(days=30), timedelta(days=400)
BATCH = 500
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What an app says of itself."""

    name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    auth_method: str
    renews: bool
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowed:
    """An app that a person let in, for their eyes."""

    app: App
    scopes: tuple[str, ...]
    since: datetime
    last_used_at: datetime | None


def hashed(secret: str) -> str:
    """Return what is kept of a secret of ours: nobody guesses one, so one round is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def register(session: Session, wanted: Registration, *, now: datetime) -> tuple[App, str]:
    """Make an app known; return it and its secret, which is empty where it can keep none."""
    secret = "" if wanted.auth_method == "none" else secrets.token_urlsafe(SECRET_BYTES)
    made = App(
        client_id=secrets.token_urlsafe(18),
        secret_hash=hashed(secret) if secret else None,
        auth_method=wanted.auth_method,
        name=wanted.name,
        about=dict(wanted.about),
        redirect_uris=list(wanted.redirect_uris),
        scopes=list(wanted.scopes),
        renews=wanted.renews,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made, secret


def find(session: Session, client_id: str) -> App | None:
    """Return the app of that name, or nothing."""
    key = client_id.replace("\0", "\ufffd")
    return session.scalars(select(App).filter_by(client_id=key)).one_or_none()


def listed(session: Session, person: Person, *, now: datetime) -> Sequence[Allowed]:
    """Return the apps that a person let in and that are still in, the last used first."""
    statement = (
        select(AppAccess, App)
        .join(App, AppAccess.app_id == App.id)
        .where(AppAccess.person_id == person.id, AppAccess.ends_at > now)
        .order_by(AppAccess.id)
    )
    found: dict[int, list[AppAccess]] = {}
    known: dict[int, App] = {}
    for access, app in session.execute(statement):
        found.setdefault(app.id, []).append(access)
        known[app.id] = app
    shown = [_allowed(known[number], accesses) for number, accesses in found.items()]
    return sorted(shown, key=lambda each: each.last_used_at or each.since, reverse=True)


def _allowed(app: App, accesses: Sequence[AppAccess]) -> Allowed:
    used = [each.last_used_at for each in accesses if each.last_used_at]
    held = {scope for each in accesses for scope in each.scopes}
    return Allowed(
        app,
        tuple(scope for scope in SCOPES if scope in held),
        min(each.created_at for each in accesses),
        max(used, default=None),
    )


def shut_out(session: Session, person: Person, number: int) -> str:
    """End all that a person allowed an app; return its name; raise `NotFoundError`."""
    app = session.get(App, number)
    mine = (AppAccess.app_id == number, AppAccess.person_id == person.id)
    if app is None or not session.scalar(select(func.count()).where(*mine)):
        raise NotFoundError("app %(number)s: you did not let it in", number=number)
    session.execute(delete(AppAccess).where(*mine))
    return app.name


def shut_out_all(session: Session, person_id: int) -> None:
    """End all that a person allowed any app."""
    session.execute(delete(AppAccess).where(AppAccess.person_id == person_id))


def drop_unused(session: Session, *, now: datetime) -> int:
    """Delete some of what is over: what ended, and apps that nobody lets in; return how many."""
    over = select(AppAccess.id).where(AppAccess.ends_at <= now).limit(BATCH)
    ended = session.scalars(over).all()
    session.execute(delete(AppAccess).where(AppAccess.id.in_(ended)))
    unused = (
        select(App.id)
        .where(
            App.last_used_at.is_(None) & (App.created_at < now - UNUSED)
            | (App.last_used_at < now - LEFT),
            ~exists().where(AppAccess.app_id == App.id),
        )
        .limit(BATCH)
    )
    left = session.scalars(unused).all()
    session.execute(delete(App).where(App.id.in_(left)))
    return len(ended) + len(left)
