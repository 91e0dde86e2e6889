# SPDX-License-Identifier: AGPL-3.0-or-later
"""Teams and their people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
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
from issuer.models import Person, Team
from issuer.services import searching
from issuer.services import teams as services
from issuer.services.permissions import Right
from issuer.services.teams import COLUMNS, MAX_NAME, MAX_PASTED, MEMBER_COLUMNS, Joined
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("teams", "teams")
SECTIONS = (Section(_("Teams"), "admin_teams.listing", Right.BADGES, _("Badges"), 130),)

MAX_FOUND = 20
#: So many names of a list are told one by one, each so long: what is told travels in a cookie.
MAX_TOLD = 10
MAX_SHOWN = 32


class TeamForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF tells no types
    """How a team is called."""

    name = StringField(_("Name"), [DataRequired(), Length(max=MAX_NAME)])


class PeopleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF tells no types
    """Who joins a team."""

    names = TextAreaField(
        _("Account names"),
        [DataRequired(), Length(max=MAX_PASTED)],
        description=_("A list, separated by spaces, commas or lines."),
        render_kw={"rows": 5},
    )


@blueprint.get("/")
@needs(Right.BADGES)
def listing() -> str:
    """Show all teams."""
    shown = table(db_session(), services.listing(searched()), COLUMNS, usual="name", key=Team.id)
    return render_template("admin/teams/list.html", table=shown)


@blueprint.route("/-/new", methods=["GET", "POST"])
@needs(Right.BADGES)
def create() -> Response | tuple[str, int]:
    """Make a team."""
    form = TeamForm()

    def make(session: Session, actor: Actor, now: datetime) -> Team:
        return services.create(session, actor, form.name.data, now=now)

    if made := attempt(form, make):
        return _done(gettext("The team %(team)s is made.", team=made.name), made.slug)
    page = render_template("admin/teams/form.html", form=form, team=None)
    return page, REFUSED if form.is_submitted() else 200


@blueprint.get("/<slug>")
@needs(Right.BADGES)
def show(slug: str) -> str:
    """Show a team and its people."""
    return _page(services.find(db_session(), slug), PeopleForm())


@blueprint.route("/<slug>/rename", methods=["GET", "POST"])
@needs(Right.BADGES)
def rename(slug: str) -> Response | tuple[str, int]:
    """Call a team otherwise."""
    team = services.find(db_session(), slug)
    form = TeamForm(obj=team)

    def change(session: Session, actor: Actor, now: datetime) -> bool:
        services.rename(session, actor, services.find(session, slug), form.name.data, now=now)
        return True

    if attempt(form, change):
        return _done(gettext("Saved."), team.slug)
    page = render_template("admin/teams/form.html", form=form, team=team)
    return page, REFUSED if form.is_submitted() else 200


@blueprint.post("/<slug>/people")
@needs(Right.BADGES)
def join(slug: str) -> Response | tuple[str, int]:
    """Add people, and tell what became of each name."""
    team, form = services.find(db_session(), slug), PeopleForm()

    def add(session: Session, actor: Actor, now: datetime) -> Joined:
        own = services.find(session, slug)
        return services.join(session, actor, own, form.names.data, now=now)

    joined = attempt(form, add)
    if joined is None:
        return _page(team, form), REFUSED
    if not joined.added and (joined.unknown or joined.hidden):
        form.form_errors.append(_told(joined))
        return _page(team, form), REFUSED
    return _done(_told(joined), team.slug)


@blueprint.post("/<slug>/leave")
@needs(Right.BADGES)
def leave(slug: str) -> Response:
    """Take somebody out of a team."""
    name, target = request.form.get("person", ""), url_for("admin_teams.show", slug=slug)
    try:
        with current_site().database.writing() as session:
            team = services.find(session, slug)
            gone = services.leave(session, acting(session), team, name, now=datetime.now(UTC))
    except REFUSALS as error:
        return failed(worded(error), target)
    if not gone:
        return failed(gettext("%(person)s is not in the team.", person=name), target)
    return _done(gettext("%(person)s is not in the team any more.", person=name), slug)


@blueprint.route("/<slug>/delete", methods=["GET", "POST"])
@needs(Right.BADGES)
def delete(slug: str) -> Response | tuple[str, int]:
    """Ask whether a team is to be deleted, and do it."""
    team, form = services.find(db_session(), slug), FlaskForm()

    def remove(session: Session, actor: Actor, now: datetime) -> bool:
        services.delete(session, actor, services.find(session, slug), now=now)
        return True

    if attempt(form, remove):
        text = gettext("The team %(team)s is deleted.", team=team.name)
        return done(text, url_for("admin_teams.listing"))
    page = render_template("admin/teams/delete.html", form=form, team=team)
    return page, REFUSED if form.is_submitted() else 200


def _page(team: Team, form: PeopleForm) -> str:
    session, query = db_session(), request.args.get("find", "")[:MAX_NAME]
    people = table(
        session,
        services.members(team, searched()),
        MEMBER_COLUMNS,
        usual="name",
        key=Person.id,
        filters={"find": query},
    )
    found = searching.people(session, query, MAX_FOUND)
    return render_template(
        "admin/teams/page.html", team=team, form=form, table=people, query=query, found=found
    )


def _told(joined: Joined) -> str:
    words = [ngettext("One person added.", "%(num)s people added.", len(joined.added))]
    for names, text in (
        (joined.already, _("In the team already: %(names)s.")),
        (joined.unknown, _("Not known here: %(names)s.")),
        (joined.hidden, _("Opted out: %(names)s.")),
    ):
        if names:
            more = "" if len(names) <= MAX_TOLD else f" … ({len(names)})"
            shown = ", ".join(name[:MAX_SHOWN] for name in names[:MAX_TOLD])
            words.append(str(text) % {"names": shown + more})
    return " ".join(words)


def _done(text: str, slug: str) -> Response:
    target = url_for("admin_teams.show", slug=slug)
    link = f"/leaderboard?team={slug}"
    return done(text, target, link=link, link_text=gettext("See its leaderboard"))
