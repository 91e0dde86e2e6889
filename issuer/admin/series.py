# SPDX-License-Identifier: AGPL-3.0-or-later
"""Series: badges that follow each other, and their order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from issuer.access import acting, needs
from issuer.admin.parts import (
    REFUSALS,
    REFUSED,
    Section,
    attempt,
    done,
    failed,
    part,
    searched,
    table,
)
from issuer.errors import InvalidInputError
from issuer.models import Series, Team
from issuer.services import badges, searching, teams
from issuer.services import series as services
from issuer.services.listing import plain
from issuer.services.permissions import Right
from issuer.services.series import COLUMNS, MAX_NAME, MAX_TEXT, Words
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("series", "series")
SECTIONS = (Section(_("Series"), "admin_series.listing", Right.BADGES, _("Badges"), 110),)

MAX_FOUND = 20
MOVES = {"up": services.UP, "down": services.DOWN}


class SeriesForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF tells no types
    """What is said of a series."""

    name = StringField(_("Name"), [DataRequired(), Length(max=MAX_NAME)])
    description = TextAreaField(_("Description"), [Length(max=MAX_TEXT)], render_kw={"rows": 4})
    team = SelectField(_("Team"), description=_("Who looks after it."))

    def prepare(self) -> None:
        """Offer the teams there are."""
        self.team.choices = [("", gettext("None")), *teams.choices(db_session())]

    def words(self) -> Words:
        """Return what was typed."""
        return Words(
            name=self.name.data.strip(),
            description=(self.description.data or "").replace("\r\n", "\n").strip(),
            team=self.team.data or "",
        )


@blueprint.get("/")
@needs(Right.BADGES)
def listing() -> str:
    """Show all series."""
    shown = table(db_session(), services.listing(searched()), COLUMNS, usual="name", key=Series.id)
    return render_template("admin/series/list.html", table=shown)


@blueprint.route("/-/new", methods=["GET", "POST"])
@needs(Right.BADGES)
def create() -> Response | tuple[str, int]:
    """Make a series."""
    form = SeriesForm()
    form.prepare()

    def make(session: Session, actor: Actor, now: datetime) -> Series:
        return services.create(session, actor, form.words(), now=now)

    if made := attempt(form, make):
        return _done(gettext("The series %(series)s is made.", series=made.name), made.slug)
    page = render_template("admin/series/form.html", form=form, series=None)
    return page, REFUSED if form.is_submitted() else 200


@blueprint.route("/<slug>", methods=["GET", "POST"])
@needs(Right.BADGES)
def edit(slug: str) -> Response | tuple[str, int]:
    """Show a series with its badges, and describe it anew."""
    session = db_session()
    series = services.find(session, slug)
    team = session.get(Team, series.team_id) if series.team_id else None
    form = SeriesForm(obj=series, data={"team": team.slug if team else ""})
    form.prepare()

    def change(session: Session, actor: Actor, now: datetime) -> bool:
        services.change(session, actor, services.find(session, slug), form.words(), now=now)
        return True

    if attempt(form, change):
        return _done(gettext("Saved."), slug)
    query = request.args.get("find", "")[:MAX_NAME]
    page = render_template(
        "admin/series/form.html",
        form=form,
        series=series,
        steps=services.steps(session, series),
        query=query,
        found=searching.badges(session, query, MAX_FOUND),
    )
    return page, REFUSED if form.is_submitted() else 200


@blueprint.post("/<slug>/badges")
@needs(Right.BADGES)
def arrange(slug: str) -> Response:
    """Add a badge, take it out, or let it change places with its neighbour."""
    what, name = request.form.get("what", ""), plain(request.form.get("badge", "")[:MAX_NAME])
    try:
        with current_site().database.writing() as session:
            text = _arrange(session, acting(session), slug, what, name)
    except REFUSALS as error:
        return failed(worded(error), url_for("admin_series.edit", slug=slug))
    return _done(text, slug)


@blueprint.post("/<slug>/delete")
@needs(Right.BADGES)
def delete(slug: str) -> Response:
    """Delete a series without badges."""
    try:
        with current_site().database.writing() as session:
            series = services.find(session, slug)
            services.delete(session, acting(session), series, now=datetime.now(UTC))
    except REFUSALS as error:
        return failed(worded(error), url_for("admin_series.edit", slug=slug))
    text = gettext("The series %(series)s is deleted.", series=series.name)
    return done(text, url_for("admin_series.listing"))


def _arrange(session: Session, actor: Actor, slug: str, what: str, name: str) -> str:
    series, badge = services.find(session, slug), badges.find(session, name)
    now = datetime.now(UTC)
    if what == "add":
        new = services.add(session, actor, series, badge, now=now)
        text = _("%(badge)s is in the series.") if new else _("%(badge)s was in it already.")
    elif what == "remove":
        services.remove(session, actor, series, badge, now=now)
        text = _("%(badge)s is not in the series.")
    elif what in MOVES:
        services.move(session, actor, series, badge, MOVES[what], now=now)
        text = _("%(badge)s has its place.")
    else:
        raise InvalidInputError(
            "series %(series)r: cannot %(what).20r", series=slug[:80], what=what
        )
    return str(text) % {"badge": badge.name}


def _done(text: str, slug: str) -> Response:
    target = url_for("admin_series.edit", slug=slug)
    return done(text, target, link=f"/series/{slug}", link_text=gettext("See its page"))
