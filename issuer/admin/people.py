# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts: found, looked at, and changed on the request of those whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from issuer.access import needs
from issuer.admin.parts import (
    MAX_SEARCH,
    REFUSALS,
    REFUSED,
    Section,
    attempt,
    cleaned,
    done,
    failed,
    part,
    searched,
    table,
)
from issuer.errors import InvalidInputError
from issuer.models import Award, Person
from issuer.services import (
    api_tokens,
    browsers,
    disclosing,
    erasing,
    merging,
    people,
    persons,
    renaming,
)
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

blueprint = part("people", "people")
SECTIONS = (Section(_("People"), "admin_people.listed", Right.PEOPLE, _("People"), 250),)

COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": Person.key.expression,
    "since": Person.created_at.expression,
}
AWARDS: dict[str, ColumnElement[Any]] = {"issued": Award.issued_at.expression}


class RenameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Asks for the name that an account has now."""

    username = StringField(_("New user name"), [DataRequired(), Length(max=255)])


class TypedForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Asks for a name that is typed, because what follows cannot be undone."""

    name = StringField(_("Name"), [DataRequired(), Length(max=255)])


class PressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Asks for nothing but the token of the session."""


@blueprint.get("/")
@needs(Right.PEOPLE)
def listed() -> str:
    """List people, hidden ones too."""
    if "@" in searched():
        raise InvalidInputError(
            "q: an e-mail address does not belong into the address of a page, which stands in "
            "logs: type it into the field"
        )
    return _listing()


@blueprint.post("/")
@needs(Right.PEOPLE)
def search() -> Response | str:
    """Lead to what a name finds, or to whom an e-mail address finds; that stands in no address."""
    query = cleaned(request.form.get("q", ""), MAX_SEARCH)
    if "@" not in query:
        sort = cleaned(request.form.get("sort", ""))
        return redirect(url_for(".listed", q=query or None, sort=sort or None), 303)
    found = db_session().scalars(people.found(query).limit(2)).all()
    if len(found) == 1:
        return redirect(_page(found[0].username), 303)
    return _listing(query)


@blueprint.get("/<username>")
@needs(Right.PEOPLE)
def person(username: str) -> str:
    """Show an account."""
    session = db_session()
    found = persons.find(session, username)
    awards = table(
        session, people.awards_of(found), AWARDS, usual="-issued", key=Award.id.expression
    )
    return render_template(
        "admin/people/person.html", sheet=people.sheet(session, found), table=awards
    )


@blueprint.route("/<username>/rename", methods=["GET", "POST"])
@needs(Right.PEOPLE)
def rename(username: str) -> Response | tuple[str, int]:
    """Give an account another name."""
    form = RenameForm()

    def change(session: Session, actor: Actor, now: datetime) -> str:
        found = persons.find(session, username)
        renaming.rename(session, actor, found, form.username.data, now=now)
        return found.username

    if (name := attempt(form, change)) is not None:
        return done(gettext("The account is called %(name)s now.", name=name), _page(name))
    found = persons.find(db_session(), username)
    return render_template("admin/people/rename.html", person=found, form=form), _status(form)


@blueprint.route("/<username>/merge", methods=["GET", "POST"])
@needs(Right.PEOPLE)
def merge(username: str) -> Response | tuple[str, int]:
    """Merge another account into this one, after showing what that does."""
    form, other = TypedForm(), request.values.get("other", "").strip()

    def change(session: Session, actor: Actor, now: datetime) -> str:
        kept, gone = (persons.find(session, name) for name in (username, other))
        merging.check_name(gone, form.name.data)
        return merging.merge(session, actor, kept, gone, now=now).kept.username

    if (name := attempt(form, change)) is not None:
        return done(
            gettext("%(other)s is one with %(name)s now.", other=other, name=name), _page(name)
        )
    session = db_session()
    kept, plan, trouble = persons.find(session, username), None, ""
    if other:
        try:
            plan = merging.plan(session, kept, persons.find(session, other))
        except REFUSALS as error:
            trouble = worded(error)
    page = render_template(
        "admin/people/merge.html", person=kept, plan=plan, other=other, trouble=trouble, form=form
    )
    return page, REFUSED if trouble else _status(form)


@blueprint.post("/<username>/hide")
@needs(Right.PEOPLE)
def hide(username: str) -> Response:
    """Hide a person on their request."""
    return _pressed(username, people.hide, gettext("Nobody sees this person any more."))


@blueprint.post("/<username>/show")
@needs(Right.PEOPLE)
def show(username: str) -> Response:
    """Show a person again on their request."""
    return _pressed(username, people.show, gettext("Everybody sees this person again."))


@blueprint.post("/<username>/tokens")
@needs(Right.PEOPLE)
def end_tokens(username: str) -> Response:
    """End all tokens of a person, such as one that leaked."""
    text = gettext("No program speaks for this person any more.")
    return _pressed(username, api_tokens.revoke_all, text)


@blueprint.post("/<username>/logins")
@needs(Right.PEOPLE)
def end_logins(username: str) -> Response:
    """Sign a person out everywhere, such as after a device was lost."""
    text = gettext("This person is signed out everywhere.")
    return _pressed(username, browsers.end_for, text)


@blueprint.post("/<username>/data.json")
@needs(Right.PEOPLE)
def data(username: str) -> Response:
    """Hand out all that is kept about a person, and note who did."""
    form, database = PressForm(), current_site().database
    name = attempt(
        form,
        lambda session, actor, now: people.note_copy(
            session, actor, persons.find(session, username), now=now
        ),
    )
    if name is None:
        return failed("; ".join(form.form_errors), _page(username))

    def text() -> Iterator[str]:
        with database.reading() as reading:
            found = persons.find(reading, name)
            yield from disclosing.everything(reading, found, now=datetime.now(UTC))

    response = Response(text(), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="accolades-{name}.json"'
    return response


@blueprint.route("/<username>/erase", methods=["GET", "POST"])
@needs(Right.PEOPLE)
def erase(username: str) -> Response | tuple[str, int]:
    """Erase a person on their request."""
    form, site = TypedForm(), current_site()

    def change(session: Session, actor: Actor, now: datetime) -> tuple[list[UUID], str | None]:
        found = persons.find(session, username)
        erasing.check_name(found, form.name.data)
        return people.erase(session, actor, found, site.settings.erasure, now=now)

    if (dropped := attempt(form, change)) is not None:
        erasing.drop_pictures(site.settings, site.objects, *dropped)
        return done(gettext("The account was erased."), _page(username))
    found = persons.find(db_session(), username)
    page = render_template(
        "admin/people/erase.html", person=found, policy=site.settings.erasure, form=form
    )
    return page, _status(form)


def _listing(posted: str = "") -> str:
    session = db_session()
    shown = table(
        session,
        people.search(session, posted or searched()),
        COLUMNS,
        usual="name",
        key=Person.id.expression,
        posted=posted,
    )
    return render_template("admin/people/list.html", table=shown)


def _pressed(username: str, change: Callable[..., object], text: str) -> Response:
    form = PressForm()
    result = attempt(
        form,
        lambda session, actor, now: change(
            session, actor, persons.find(session, username), now=now
        ),
    )
    if result is None:
        return failed("; ".join(form.form_errors), _page(username))
    return done(text if result else gettext("Nothing had to be changed."), _page(username))


def _page(username: str) -> str:
    return url_for("admin_people.person", username=username)


def _status(form: FlaskForm) -> int:
    return REFUSED if form.is_submitted() else 200
