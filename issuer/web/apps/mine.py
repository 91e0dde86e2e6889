# SPDX-License-Identifier: AGPL-3.0-or-later
"""The apps that whoever asks has let in: what each may do, when it came last, and the end of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from issuer.services import apps
from issuer.site import current_site, db_session
from issuer.web.apps import words
from issuer.web.backpacks.sending import tell
from issuer.web.settings.shown import changing, me

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("my_apps", __name__, url_prefix="/my/apps")


@blueprint.get("")
def show() -> str:
    """Show the apps of whoever asks."""
    database = db_session()
    person = me(database)
    return render_template(
        "my/apps.html",
        allowed=apps.listed(database, person, now=datetime.now(UTC)),
        may=words.may,
        address=current_site().settings.base_url,
    )


@blueprint.post("/<int:number>/remove")
def remove(number: int) -> Response:
    """Shut an app out; its tokens open nothing from now on."""
    with changing() as (database, person):
        name = apps.shut_out(database, person, number)
    return tell(_("%(app)s is shut out.", app=name), url_for("my_apps.show"))


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
