# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of badges, the page of one with its history, and pictures that are not saved yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, request
from werkzeug.wrappers import Response

from issuer.access import current_actor, needs
from issuer.adapters.pictures import draw
from issuer.admin import uploads
from issuer.admin.badges.place import blueprint, mine
from issuer.admin.parts import argument, searched, table
from issuer.errors import NotFoundError
from issuer.models import Badge
from issuer.services import badge_editing, badge_lists, editions, milestones
from issuer.services.badge_lists import Wanted
from issuer.services.permissions import Right
from issuer.site import db_session

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILTER = 200
FILTERS = ("tag", "series", "issuer", "state")
#: A picture of the largest size in which the site shows one, on a screen with two dots a pixel.
SHOWN_SIDE = 640


@blueprint.get("/")
@needs(Right.BADGES)
def listing() -> str:
    """Show the badges that one may change."""
    session, actor = db_session(), current_actor()
    filters = _filters()
    wanted = Wanted(query=searched(), **filters)
    statement = badge_lists.listing(session, actor, wanted, now=datetime.now(UTC))
    return render_template(
        "admin/badges/list.html",
        table=table(
            session, statement, badge_lists.COLUMNS, usual="name", key=Badge.id, filters=filters
        ),
        tags=badge_lists.tags(session),
        series=badge_lists.series(session),
        issuers=badge_lists.issuers(session, actor),
    )


@blueprint.get("/<slug>")
@needs(Right.BADGES)
def show(slug: str) -> str:
    """Show a badge, its editions, and what may be done with it."""
    session = db_session()
    badge = mine(session, slug)
    return render_template(
        "admin/badges/page.html",
        badge=badge,
        place=milestones.of(session, badge),
        history=editions.history(session, badge),
        most=editions.MOST_COUNTED,
        described=badge_lists.described(session, badge),
        why_kept=badge_editing.why_kept(session, badge),
    )


@blueprint.get("/-/uploads/<name>.png")
@needs(Right.BADGES)
def upload(name: str) -> Response:
    """Picture that was handed in and is not saved yet: drawn, never the file itself."""
    picture = uploads.held(name)
    if picture is None:
        raise NotFoundError("%(path)s: there is none", path=request.path)
    return Response(draw(picture, SHOWN_SIDE).content, content_type="image/png")


@blueprint.post("/-/words")
@needs(Right.BADGES)
def words() -> str:
    """Return Markdown as the site shows it, while it is being typed."""
    return render_template("admin/badges/_words.html", text=request.form.get("text", ""))


def _filters() -> Mapping[str, str]:
    return {name: argument(name, MAX_FILTER) for name in FILTERS}
