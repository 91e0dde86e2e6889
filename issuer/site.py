# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every edge of one running site shares: settings, database, pictures, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app, g

from issuer.adapters.keystore import KeyFolder
from issuer.adapters.objects import ObjectFolder
from issuer.db import Database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.config import Settings

EXTENSION = "accolades"


@dataclass(frozen=True, slots=True)
class Site:
    """One running site."""

    settings: Settings
    database: Database
    objects: ObjectFolder
    keys: KeyFolder

    @classmethod
    def of(cls, settings: Settings) -> Site:
        """Open a site; nothing is connected or written yet."""
        return cls(
            settings=settings,
            database=Database(settings.database),
            objects=ObjectFolder(settings.objects),
            keys=KeyFolder(settings.keys, settings.key_passphrase or None),
        )


def current_site() -> Site:
    """Return the site of the running request."""
    return cast("Site", current_app.extensions[EXTENSION])


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
