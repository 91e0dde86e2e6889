# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings that admins change while the site runs; every process sees a change within seconds.

`Live` is the registry: what is no field of it is no setting. What nobody changed is as configured,
or as written here. A text of the site is a setting for each language.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from issuer.db import inserting
from issuer.errors import InvalidInputError
from issuer.models import Setting
from issuer.services import audits
from issuer.services.badges import UNSEEN
from issuer.services.findings import UNPRINTABLE
from issuer.words import Text, several

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pydantic_core import ErrorDetails
    from sqlalchemy.orm import Session

    from issuer.config import Settings
    from issuer.db import Database
    from issuer.services.permissions import Actor

log = logging.getLogger(__name__)

#: How long a process believes what it read.
SECONDS = 3.0
TEXTS = ("about", "terms", "privacy")
MAX_TEXT = 50_000
TEXT_KEY = re.compile(rf"text\.({'|'.join(TEXTS)})\.[a-z]{{2}}")


class Live(BaseModel):
    """All settings that can be changed while the site runs."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    site_name: str = Field(default="", max_length=60)  # empty: as configured
    site_claim: str = Field(default="", max_length=160)
    notice: str = Field(default="", max_length=2_000)  # on every page, in Markdown
    verify_per_minute: int = Field(default=30, ge=1, le=10_000)  # from one address
    login_per_minute: int = Field(default=40, ge=10, le=10_000)
    invitations_per_minute: int = Field(default=12, ge=1, le=10_000)  # tried by one person
    claims_per_hour: int = Field(default=30, ge=1, le=10_000)  # handed in by one person
    api_per_minute: int = Field(default=120, ge=1, le=100_000)  # by one token
    leaderboard: bool = True
    claims: bool = True

    @field_validator("site_name", "site_claim")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if UNPRINTABLE.search(value):
            raise ValueError(Text("must be one line of characters that can be seen"))
        return value.strip()

    @field_validator("notice")
    @classmethod
    def _visible(cls, value: str) -> str:
        return _text(value)


@dataclass(frozen=True, slots=True)
class Current:
    """The settings as they are now, and the texts by keys like ``text.about.de``."""

    live: Live
    texts: Mapping[str, str] = field(default_factory=dict)


def text_key(name: str, language: str) -> str:
    """Return under what a text is kept."""
    return f"text.{name}.{language}"


def stored(session: Session) -> dict[str, Any]:
    """Return what admins changed, by key; what this version does not know is left out."""
    rows = session.execute(select(Setting.key, Setting.value)).all()
    return {key: value for key, value in rows if key in Live.model_fields or _is_text(key)}


def current(session: Session, settings: Settings) -> Current:
    """Return the settings as they are now; a value that is no longer one is as if unchanged."""
    kept = stored(session)
    values = {
        name: value for name, value in kept.items() if not _is_text(name) and _holds(name, value)
    }
    for name in ("site_name", "site_claim"):
        values[name] = values.get(name) or getattr(settings, name)
    texts = {key: str(value) for key, value in kept.items() if _is_text(key)}
    return Current(Live.model_construct(**values), texts)


def change(
    session: Session, actor: Actor, wanted: Mapping[str, Any], *, now: datetime
) -> list[str]:
    """Change settings (None: as if never changed) and return the keys of those that differ.

    Raises `InvalidInputError` with every mistake.
    """
    checked = _checked(wanted)
    before = stored(session)
    differing = sorted(key for key, value in checked.items() if before.get(key) != value)
    for key in differing:
        if checked[key] is None:
            session.execute(delete(Setting).filter_by(key=key))
        else:
            _keep(session, actor, key, checked[key], now)
    if differing:
        was, now_is = ({key: each.get(key) for key in differing} for each in (before, checked))
        audits.record(
            session, actor, "settings.change", "settings", "site", now=now, before=was, after=now_is
        )
    session.flush()
    return differing


class Remembered:
    """The settings of a site, read again every few seconds by whoever asks first."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._settings = database, settings
        self._seconds, self._clock = seconds, clock
        self._lock, self._until = Lock(), 0.0
        self._known = Current(
            Live.model_construct(site_name=settings.site_name, site_claim=settings.site_claim)
        )

    def get(self) -> Current:
        """Return the settings; while the database is away, those that were read last."""
        if self._clock() < self._until or not self._lock.acquire(blocking=False):
            return self._known  # another thread reads them just now
        try:
            self._until = self._clock() + self._seconds
            with self._database.reading() as session:
                self._known = current(session, self._settings)
        except SQLAlchemyError as error:
            log.warning("the settings of the site cannot be read: %s", type(error).__name__)
        finally:
            self._lock.release()
        return self._known

    def forget(self) -> None:
        """Read the settings anew when they are next asked for."""
        self._until = 0.0


def _is_text(key: str) -> bool:
    return TEXT_KEY.fullmatch(key) is not None


def _holds(name: str, value: object) -> bool:
    try:
        Live.model_validate({name: value})
    except ValidationError:
        log.warning("setting %s: what is stored is no value for it, and is passed over", name)
        return False
    return True


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in wanted.items() if not _is_text(key)}
    mistakes = []
    try:
        given = {key: value for key, value in plain.items() if value is not None}
        live = Live.model_validate(given)
        plain = {key: None if plain[key] is None else getattr(live, key) for key in plain}
    except ValidationError as error:
        mistakes = [
            several((".".join(map(str, each["loc"])), _why(each)), ": ") for each in error.errors()
        ]
    texts = {key: value for key, value in wanted.items() if _is_text(key)}
    for key, value in texts.items():
        if value is None:
            continue
        try:
            if len(value) > MAX_TEXT:
                raise ValueError(Text("has more than %(limit)s characters", limit=MAX_TEXT))
            texts[key] = _text(value)
        except ValueError as error:
            mistakes.append(several((key, error.args[0]), ": "))
    if mistakes:
        raise InvalidInputError(several(mistakes))
    return {**plain, **texts}


def _why(mistake: ErrorDetails) -> str:
    """Return what a check of ours says, else what Pydantic says, which is English."""
    error = mistake.get("ctx", {}).get("error")
    return error.args[0] if error is not None else mistake["msg"]


def _text(value: str) -> str:
    lines = "\n".join(value.splitlines()).strip()
    if UNSEEN.search(lines):
        raise ValueError(Text("holds characters that cannot be seen"))
    return lines


def _keep(session: Session, actor: Actor, key: str, value: Any, now: datetime) -> None:
    adding = inserting(session, Setting)
    values = {"value": value, "updated_at": now, "updated_by_id": actor.person_id}
    session.execute(
        adding.on_conflict_do_update(
            index_elements=("key",),
            set_={name: getattr(adding.excluded, name) for name in values},
        ),
        {"key": key, **values},
    )
