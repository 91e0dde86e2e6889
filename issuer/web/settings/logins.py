# SPDX-License-Identifier: AGPL-3.0-or-later
"""The browsers in which somebody is signed in: each can be signed out from any other."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint

from issuer.services import browsers
from issuer.web.login import current_login
from issuer.web.settings.shown import changing, done, guard

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

log = logging.getLogger(__name__)

blueprint = Blueprint("logins", __name__, url_prefix="/settings/logins")
guard(blueprint)


@blueprint.post("/<int:number>/end")
def end(number: int) -> Response:
    """Sign one browser out."""
    with changing() as (database, person):
        browsers.end_one(database, person, number)
        name = person.username
    log.info("%s ended a login", name)
    return done("logins")


@blueprint.post("/others")
def end_others() -> Response:
    """Sign all browsers out but this one."""
    login = current_login(datetime.now(UTC))
    with changing() as (database, person):
        number = browsers.end_others(database, person, login.mark if login else "")
        name = person.username
    log.info("%s ended %s other logins", name, number)
    return done("logins")
