# SPDX-License-Identifier: AGPL-3.0-or-later
"""Codes and tokens of apps: each is good for one app, for one person, and for what was allowed.

A code and a refresh token are good once. Where one comes a second time, somebody else has it too:
then everything ends that came of it (RFC 6749, 4.1.2; RFC 9700, 4.14.2).
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.orm import contains_eager

from issuer.models import ApiToken, AppAccess, Person, TokenKind
from issuer.services import emails
from issuer.services.apps import SCOPES, hashed

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import App

log = logging.getLogger(__name__)

CODE_LASTS = timedelta(minutes=2)
ACCESS_LASTS = timedelta(hours=1)
REFRESH_LASTS = timedelta(days=90)
#: How exactly it is noted when an app last came.
NOTED = timedelta(minutes=5)
#: How often one person may have let in one app; what is older ends.
MAX_ACCESSES = 10
#: How many refresh tokens are kept after they were used, to know them again.
MAX_USED = 20


def allow(
    session: Session,
    app: App,
    person: Person,
    scopes: Collection[str],
    *,
    redirect_uri: str,
    challenge: str,
    code: str,
    address: int | None,
    now: datetime,
) -> AppAccess:
    """Let an app in, as soon as it redeems the code.

    ``address`` is the proven one for which badges are made out; raises as `emails.find` and
    `emails.check_proven`.
    """
    if address is not None:
        emails.check_proven(emails.find(session, person, address))
    made = AppAccess(
        app_id=app.id,
        person_id=person.id,
        scopes=[scope for scope in SCOPES if scope in scopes],
        email_identity_id=address,
        redirect_uri=redirect_uri,
        code_hash=hashed(code),
        code_challenge=challenge,
        code_expires_at=now + CODE_LASTS,
        created_at=now,
        ends_at=now + CODE_LASTS,
    )
    session.add(made)
    app.last_used_at = now
    session.flush()
    _drop_oldest(session, made)
    return made


def of_code(session: Session, app: App, code: str, *, now: datetime) -> AppAccess | None:
    """Return what a code stands for; one that comes again ends what came of it."""
    statement = (
        select(AppAccess)
        .filter_by(code_hash=hashed(code), app_id=app.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        return None
    if found.code_used_at is not None:
        log.warning("a code of the app %s came a second time: its access ends", app.client_id)
        _end(session, found.id)
        return None
    return found if now < found.code_expires_at else None


def of_refresh(session: Session, app: App, token: str, *, now: datetime) -> ApiToken | None:
    """Return what a refresh token stands for; one that comes again ends what came of it."""
    statement = select(ApiToken).filter_by(token_hash=hashed(token), kind=TokenKind.REFRESH)
    found = session.scalars(statement).one_or_none()
    access = _locked(session, found.access_id) if found else None
    if found is None or access is None or access.app_id != app.id:
        return None
    session.refresh(found)  # of two who come at once the second sees what the first did
    if found.last_used_at is not None:
        log.warning("a token of the app %s came a second time: its access ends", app.client_id)
        _end(session, access.id)
        return None
    return found if _lives(found, now) else None


def issue(
    session: Session,
    access: AppAccess,
    scopes: Collection[str],
    token: str,
    refresh: str = "",
    *,
    now: datetime,
) -> None:
    """Keep the hashes of new tokens; the access token before them ends."""
    session.execute(
        delete(ApiToken).where(ApiToken.access_id == access.id, ApiToken.kind == TokenKind.ACCESS)
    )
    spans = {TokenKind.ACCESS: (token, ACCESS_LASTS), TokenKind.REFRESH: (refresh, REFRESH_LASTS)}
    for kind, (text, lasts) in spans.items():
        if not text:
            continue
        session.add(
            ApiToken(
                person_id=access.person_id,
                name=access.app.name,
                token_hash=hashed(text),
                scopes=list(scopes),
                kind=kind,
                access_id=access.id,
                created_at=now,
                expires_at=now + lasts,
            )
        )
        access.ends_at = now + lasts
    access.last_used_at = now
    session.flush()
    _drop_used(session, access.id)


def of_token(session: Session, token: str, *, now: datetime) -> tuple[ApiToken, AppAccess] | None:
    """Return what an access token opens, with whose it is; nothing where it is no good any more."""
    statement = (
        select(ApiToken, AppAccess)
        .join(AppAccess, ApiToken.access_id == AppAccess.id)
        .join(AppAccess.person)
        .where(
            ApiToken.token_hash == hashed(token),
            ApiToken.kind == TokenKind.ACCESS,
            Person.erased_at.is_(None),
        )
        .options(contains_eager(AppAccess.person))
    )
    row = session.execute(statement).one_or_none()
    return (row[0], row[1]) if row is not None and _lives(row[0], now) else None


def of_access(session: Session, number: int, *, now: datetime) -> AppAccess | None:
    """Return what a person allowed, where that still holds."""
    statement = (
        select(AppAccess)
        .join(AppAccess.person)
        .where(AppAccess.id == number, AppAccess.ends_at > now, Person.erased_at.is_(None))
        .options(contains_eager(AppAccess.person))
    )
    return session.scalars(statement).one_or_none()


def note_use(session: Session, access: AppAccess, *, now: datetime) -> None:
    """Note that an app came, for who let it in."""
    session.execute(update(AppAccess).filter_by(id=access.id).values(last_used_at=now))


def is_noted(access: AppAccess, *, now: datetime) -> bool:
    """Whether it was noted a moment ago that an app came."""
    return access.last_used_at is not None and now - access.last_used_at < NOTED


def of_any(session: Session, token: str) -> tuple[ApiToken, AppAccess] | None:
    """Return what a token of either kind is of, however old it is."""
    statement = (
        select(ApiToken, AppAccess)
        .join(AppAccess, ApiToken.access_id == AppAccess.id)
        .where(ApiToken.token_hash == hashed(token))
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def revoke(session: Session, token: ApiToken) -> None:
    """End a token; with a refresh token all ends that came of the same login (RFC 7009, 2.1)."""
    if token.kind == TokenKind.REFRESH and token.access_id is not None:
        _end(session, token.access_id)
    else:
        session.execute(delete(ApiToken).where(ApiToken.id == token.id))


def new_token() -> str:
    """Return a secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def _locked(session: Session, number: int | None) -> AppAccess | None:
    """Return what a person allowed, for this transaction alone; everything else waits for it."""
    statement = select(AppAccess).filter_by(id=number).with_for_update()
    options = {"populate_existing": True}
    return session.scalars(statement, execution_options=options).one_or_none()


def _lives(token: ApiToken, now: datetime) -> bool:
    return token.revoked_at is None and token.expires_at is not None and now < token.expires_at


def _end(session: Session, access_id: int) -> None:
    session.execute(
        delete(AppAccess).where(AppAccess.id == access_id),
        execution_options={"synchronize_session": False},
    )


def _drop_oldest(session: Session, made: AppAccess) -> None:
    same = select(AppAccess.id).filter_by(app_id=made.app_id, person_id=made.person_id)
    kept = session.scalars(same.order_by(AppAccess.id.desc()).limit(MAX_ACCESSES)).all()
    session.execute(
        delete(AppAccess).where(
            AppAccess.app_id == made.app_id,
            AppAccess.person_id == made.person_id,
            AppAccess.id.not_in(kept),
        )
    )


def _drop_used(session: Session, access_id: int) -> None:
    used = (ApiToken.access_id == access_id, ApiToken.last_used_at.is_not(None))
    kept = select(ApiToken.id).where(*used).order_by(ApiToken.id.desc()).limit(MAX_USED)
    numbers = session.scalars(kept).all()
    if len(numbers) == MAX_USED:
        session.execute(delete(ApiToken).where(*used, ApiToken.id < numbers[-1]))
