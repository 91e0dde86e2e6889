# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tells those who watch over the process whether it lives and can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_healthz import HealthError, Healthz

from issuer.errors import DatabaseNotReadyError
from issuer.services.schema import ensure_current
from issuer.site import current_site

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Answer ``/healthz/live`` and ``/healthz/ready``."""
    app.config["HEALTHZ"] = {"live": live, "ready": ready}
    Healthz(app, no_log=True)


def live() -> None:
    """Answer at all: that is the proof."""


def ready() -> None:
    """Raise `HealthError` unless the database answers and has the tables of this version."""
    try:
        ensure_current(current_site().database)
    except DatabaseNotReadyError as error:
        raise HealthError(str(error)) from error
