# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every edge of one running site shares: settings, database, pictures, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app, g

from issuer.adapters.keystores import KeyStore, open_stores
from issuer.adapters.objects import ObjectFolder
from issuer.db import Database
from issuer.services.live import Remembered

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.config import Settings
    from issuer.services.live import Live

EXTENSION = "accolades"


@dataclass(frozen=True, slots=True)
class Site:
    """One running site."""

    settings: Settings
    database: Database
    objects: ObjectFolder
    keys: KeyStore
    live: Remembered  # what admins change while the site runs

    @classmethod
    def of(cls, settings: Settings) -> Site:
        """Open a site; nothing is connected or written yet."""
        database = Database(settings.database)
        return cls(
            settings=settings,
            database=database,
            objects=ObjectFolder(settings.objects),
            keys=open_stores(settings),
            live=Remembered(database, settings),
        )


def current_site() -> Site:
    """Return the site of the running request."""
    return cast("Site", current_app.extensions[EXTENSION])


def live() -> Live:
    """Return the settings that admins change while the site runs, as they are now."""
    return current_site().live.get().live


def db_session() -> Session:
    """Return the session of the running request; it is closed with the request."""
    if "session" not in g:
        g.session = current_site().database.session()
    return cast("Session", g.session)


def close_session(_error: BaseException | None = None) -> None:
    """Close the session of the request that ends; what was not committed is undone."""
    session = g.pop("session", None)
    if session is not None:
        session.close()
