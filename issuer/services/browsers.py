# SPDX-License-Identifier: AGPL-3.0-or-later
"""The browsers in which people are signed in: each has a row, and ends with it.

A cookie is signed and says whose it is, but it counts only for as long as its row is there and was
used lately. So a login can be ended from elsewhere, and one that nobody uses ends by itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, select, update

from issuer.errors import NotFoundError
from issuer.models import Login
from issuer.services import audits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import CursorResult, Delete
    from sqlalchemy.orm import Session

    from issuer.models import Person
    from issuer.services.permissions import Actor

#: Of more than these the one that was not used for the longest ends.
MAX_LOGINS = 30
MAX_NUMBER = 2**31 - 1  # of a row
#: How exactly it is noted when a login was last used: that costs a write.
NOTED = timedelta(minutes=5)
BATCH = 500
#: More of what a browser says of itself is not read.
READ = 400
#: What browsers call themselves, and after that all those whom they want to be taken for.
BROWSERS = {
    "EdgA/": "Edge",
    "EdgiOS/": "Edge",
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Vivaldi/": "Vivaldi",
    "FxiOS/": "Firefox",
    "Firefox/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "CrOS": "ChromeOS",
    "Windows NT": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
APPLE = {"iPhone", "iPad", "macOS"}


@dataclass(frozen=True, slots=True)
class Span:
    """How long a login lasts: altogether, and while nobody uses it."""

    lasts: timedelta
    idle: timedelta

    def end(self, began_at: datetime, now: datetime) -> datetime:
        """Return when a login ends that is used now and not again."""
        return min(began_at + self.lasts, now + self.idle)

    @property
    def noted(self) -> timedelta:
        """How often its use has to be noted, so that it does not end while it is used."""
        return min(NOTED, self.idle / 4)


@dataclass(frozen=True, slots=True)
class Agent:
    """What a browser says it is, in words of ours; empty where that is unknown."""

    browser: str = ""
    system: str = ""


def read_agent(header: str) -> Agent:
    """Return what a ``User-Agent`` names; nothing of its own text."""
    told = header[:READ]
    system = next((name for sign, name in SYSTEMS.items() if sign in told), "")
    browser = next((name for sign, name in BROWSERS.items() if sign in told), "")
    if not browser and "Safari/" in told and "Version/" in told and system in APPLE:
        browser = "Safari"  # elsewhere many others call themselves that
    return Agent(browser, system)


def begin(
    session: Session, person: Person, mark: str, span: Span, *, agent: Agent, now: datetime
) -> Login:
    """Note that somebody signed in; their logins that are over or too many go."""
    session.execute(delete(Login).filter_by(person_id=person.id).where(Login.ends_at <= now))
    latest = select(Login.id).filter_by(person_id=person.id).order_by(Login.last_used_at.desc())
    many = session.scalars(latest.offset(MAX_LOGINS - 1)).all()
    session.execute(delete(Login).where(Login.id.in_(many)))
    made = Login(
        person_id=person.id,
        mark_hash=hash_of(mark),
        browser=agent.browser,
        system=agent.system,
        began_at=now,
        last_used_at=now,
        ends_at=span.end(now, now),
    )
    session.add(made)
    session.flush()
    return made


def find(session: Session, mark: str, *, now: datetime) -> Login | None:
    """Return the login of that mark, if it is not over."""
    live = select(Login).filter_by(mark_hash=hash_of(mark)).where(Login.ends_at > now)
    return session.scalars(live).one_or_none()


def note_use(session: Session, login: Login, span: Span, *, now: datetime) -> None:
    """Note that a login is used; it ends later then, and never later than it may last."""
    stale = update(Login).filter_by(id=login.id).where(Login.last_used_at < now)
    session.execute(stale.values(last_used_at=now, ends_at=span.end(login.began_at, now)))


def listed(session: Session, person: Person, *, now: datetime) -> Sequence[Login]:
    """Return where somebody is signed in; what was used last comes first."""
    live = select(Login).filter_by(person_id=person.id).where(Login.ends_at > now)
    return session.scalars(live.order_by(Login.last_used_at.desc(), Login.id.desc())).all()


def end(session: Session, mark: str) -> bool:
    """Let a login be over, for every copy of its cookie; tell whether there was one."""
    return _drop(session, delete(Login).filter_by(mark_hash=hash_of(mark))) > 0


def end_one(session: Session, person: Person, number: int) -> None:
    """End a login of a person; raise `NotFoundError` where it is none of theirs."""
    own = delete(Login).filter_by(id=number, person_id=person.id)
    if number > MAX_NUMBER or not _drop(session, own):
        raise NotFoundError("login %(login)s: there is none of yours", login=number)


def end_others(session: Session, person: Person, mark: str) -> int:
    """End all logins of a person but that of the mark; return how many."""
    others = Login.mark_hash != hash_of(mark)
    return _drop(session, delete(Login).filter_by(person_id=person.id).where(others))


def end_all(session: Session, person_id: int) -> int:
    """End all logins of an account; return how many."""
    return _drop(session, delete(Login).filter_by(person_id=person_id))


def end_for(session: Session, actor: Actor, person: Person, *, now: datetime) -> int:
    """End all logins of somebody else, such as after a device was lost; return how many."""
    number = end_all(session, person.id)
    if number:
        audits.record(
            session,
            actor,
            "person.sign_out",
            "person",
            person.key,
            now=now,
            after={"logins": number},
        )
    return number


def drop_ended(session: Session, *, now: datetime) -> int:
    """Delete some logins that are over; return how many."""
    over = session.scalars(select(Login.id).where(Login.ends_at <= now).limit(BATCH)).all()
    # One that is used at this very moment stays.
    return _drop(session, delete(Login).where(Login.id.in_(over), Login.ends_at <= now))


def hash_of(mark: str) -> str:
    """Return what is kept of a mark: nobody makes a cookie of what a copy of the database holds."""
    return hashlib.sha256(mark.encode()).hexdigest()


def _drop(session: Session, statement: Delete) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
