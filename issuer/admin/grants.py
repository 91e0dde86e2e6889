# SPDX-License-Identifier: AGPL-3.0-or-later
"""Grants: who may hand out which badge, until when, and how often."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from issuer.access import current_actor, needs
from issuer.admin.fields import IntegerField
from issuer.admin.parts import REFUSED, Section, attempt, done, failed, part, searched, table
from issuer.models import Badge, Grant
from issuer.services import choosing, grants
from issuer.services.permissions import Right
from issuer.site import db_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

    Answer = Response | tuple[str, int] | str

blueprint = part("grants", "grants")
SECTIONS = (Section(_("Grants"), "admin_grants.show", Right.GRANTS, _("People"), 220),)


class GrantForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Who may hand out what."""

    badge = StringField(
        _("Badge"),
        [InputRequired(), Length(max=200)],
        description=_("Its name or the last part of its address."),
    )
    username = StringField(_("Person"), [Length(max=100)], description=_("A user name."))
    group = StringField(
        _("Or a group"),
        [Length(max=grants.MAX_GROUP)],
        description=_(
            "A group of the login service; its members get the right when they next sign in."
        ),
    )
    quota = IntegerField(
        _("How often each may give it"),
        [Optional(), NumberRange(1, grants.MAX_QUOTA)],
        description=_("Empty: as often as they like."),
    )
    until = DateField(_("Last day"), [Optional()], description=_("Empty: until you end it."))


class PressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A button, with nothing but its token."""


@blueprint.get("/")
@needs(Right.GRANTS)
def show() -> str:
    """Show the grants, and the form for a new one."""
    form = GrantForm(formdata=None)
    form.badge.data = request.args.get("badge", "")[:200]
    return _page(form)


@blueprint.post("/")
@needs(Right.GRANTS)
def create() -> Answer:
    """Let somebody hand out a badge."""
    form = GrantForm()

    def change(session: Session, actor: Actor, now: datetime) -> tuple[str, str, bool]:
        badge = choosing.chosen(session, form.badge.data)
        terms = grants.Terms(
            username=(form.username.data or "").strip(),
            group=(form.group.data or "").strip(),
            quota=form.quota.data,
            expires_at=_end_of(form.until.data),
        )
        is_new = grants.put(session, actor, badge, terms, now=now)[1]
        return badge.slug, terms.username or terms.group, is_new

    made = attempt(form, change)
    if made is None:
        return _page(form), REFUSED
    slug, name, is_new = made
    words = (
        gettext("%(name)s may award %(badge)s now.", name=name, badge=slug)
        if is_new
        else gettext("The grant of %(name)s for %(badge)s is changed.", name=name, badge=slug)
    )
    link = url_for(".show", q=name)
    return done(words, url_for(".show"), link=link, link_text=gettext("See it"))


@blueprint.post("/<int:number>/end")
@needs(Right.GRANTS)
def end(number: int) -> Response:
    """End a grant now."""
    form = PressForm()

    def change(session: Session, actor: Actor, now: datetime) -> str:
        return grants.end(session, actor, number, now=now).badge.slug

    slug = attempt(form, change)
    if slug is None:
        return failed(", ".join(form.form_errors), url_for(".show"))
    link = url_for(".show", state="ended", q=slug)
    text = gettext("See it")
    return done(gettext("The grant has ended."), url_for(".show"), link=link, link_text=text)


def _page(form: GrantForm) -> str:
    now, state = datetime.now(UTC), request.args.get("state", "")
    found = table(
        db_session(),
        grants.listed(current_actor(), now=now, query=searched(), state=state),
        {"badge": Badge.slug.expression, "made": Grant.created_at.expression},
        usual="-made",
        key=Grant.id.expression,
        filters={"state": state if state in {"ended", "all"} else ""},
    )
    return render_template("admin/grants/page.html", form=form, table=found, state=state, now=now)


def _end_of(day: date | None) -> datetime | None:
    """Return when a day is over; the last day counts."""
    if day is None or day >= date.max:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
