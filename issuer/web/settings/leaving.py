# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that is kept about a person, to take along; and the end of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, session
from werkzeug.wrappers import Response

from issuer.services import disclosing, erasing, persons
from issuer.site import current_site, db_session
from issuer.web.settings.shown import changing, guard, me

if TYPE_CHECKING:
    from collections.abc import Iterator

blueprint = Blueprint("leaving", __name__, url_prefix="/settings")
guard(blueprint)


@blueprint.get("/data.json")
def data() -> Response:
    """Download all that is kept about whoever asks."""
    username = me(db_session()).username
    database = current_site().database

    def text() -> Iterator[str]:
        with database.reading() as reading:
            person = persons.find(reading, username)
            yield from disclosing.everything(reading, person, now=datetime.now(UTC))

    response = Response(text(), content_type="application/json")
    name = f"accolades-{username}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/erase")
def ask() -> str:
    """Tell what erasing means, and ask for the name of the account."""
    person = me(db_session())
    return render_template(
        "settings/erase.html", person=person, policy=current_site().settings.erasure
    )


@blueprint.post("/erase")
def erase() -> str:
    """Erase whoever asks, and end the login."""
    site = current_site()
    with changing() as (database, person):
        erasing.check_name(person, request.form.get("name", ""))
        portrait = person.avatar_hash
        uuids = erasing.erase(database, person, site.settings.erasure, now=datetime.now(UTC))
    session.clear()
    erasing.drop_pictures(site.settings, site.objects, uuids, portrait)
    return render_template("settings/erased.html", policy=site.settings.erasure)
