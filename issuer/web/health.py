# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tells those who watch over the process whether it lives and can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g
from flask_healthz import HealthError, Healthz
from sqlalchemy.exc import SQLAlchemyError

from issuer.errors import DatabaseNotReadyError
from issuer.services import synchronised
from issuer.services.schema import ensure_current
from issuer.site import current_site

if TYPE_CHECKING:
    from flask import Flask, Response


def init_app(app: Flask) -> None:
    """Answer ``/healthz/live`` and ``/healthz/ready``."""
    app.config["HEALTHZ"] = {"live": live, "ready": ready}
    Healthz(app, no_log=True)
    app.after_request(_tell)


def live() -> None:
    """Answer at all: that is the proof."""


def ready() -> None:
    """Raise `HealthError` unless the database answers and has the tables of this version."""
    database = current_site().database
    try:
        ensure_current(database)
        with database.reading() as session:
            g.degraded = synchronised.summary(session)
    except (DatabaseNotReadyError, SQLAlchemyError) as error:
        raise HealthError(str(error).partition("\n")[0]) from error


def _tell(response: Response) -> Response:
    """Add to an answer that all is well what nevertheless is not as it should be."""
    if degraded := g.get("degraded"):
        answer = response.get_json() | {"degraded": degraded}
        response.set_data(current_app.json.dumps(answer))
    return response
