# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tags: called otherwise, merged, removed, with how many badges that concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from issuer.access import needs
from issuer.admin.parts import REFUSED, Section, attempt, done, part, searched, table
from issuer.errors import ConflictError
from issuer.models import Tag
from issuer.services import badge_lists
from issuer.services import tags as services
from issuer.services.permissions import Right
from issuer.services.tags import COLUMNS
from issuer.site import db_session
from rules.dialects.values import MAX_TAG

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("tags", "tags")
SECTIONS = (Section(_("Tags"), "admin_tags.listing", Right.BADGES, _("Badges"), 120),)


class TagForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF tells no types
    """How a tag is to be called."""

    name = StringField(
        _("New name"), [DataRequired(), Length(max=MAX_TAG)], render_kw={"list": "known-tags"}
    )
    merge = HiddenField()  # the name into which a merge was agreed to


@blueprint.get("/")
@needs(Right.BADGES)
def listing() -> str:
    """Show all tags."""
    shown = table(db_session(), services.listing(searched()), COLUMNS, usual="name", key=Tag.id)
    return render_template("admin/tags/list.html", table=shown)


@blueprint.route("/rename", methods=["GET", "POST"])
@needs(Right.BADGES)
def rename() -> Response | tuple[str, int]:
    """Call a tag otherwise; where there is one of the new name, ask, and merge them."""
    tag = services.find(db_session(), request.args.get("tag", ""))
    form = TagForm(data={"name": tag.name})

    def change(session: Session, actor: Actor, now: datetime) -> tuple[int]:
        name = form.name.data.strip()
        if services.exists(session, name) and name not in {tag.name, form.merge.data}:
            form.merge.raw_data, form.merge.data = None, name
            raise ConflictError(
                "There is a tag %(tag)s already: save again to merge them.", tag=name
            )
        own = services.find(session, tag.name)
        return (services.rename(session, actor, own, name, now=now),)

    if changed := attempt(form, change):
        text = gettext("The tag is called %(tag)s now.", tag=form.name.data.strip())
        return _done(text, changed[0], form.name.data.strip())
    number = services.number(db_session(), tag)
    known = badge_lists.tags(db_session())
    page = render_template("admin/tags/rename.html", form=form, tag=tag, number=number, known=known)
    return page, REFUSED if form.is_submitted() else 200


@blueprint.route("/delete", methods=["GET", "POST"])
@needs(Right.BADGES)
def delete() -> Response | tuple[str, int]:
    """Ask whether a tag is to be taken from all badges, and do it."""
    tag = services.find(db_session(), request.args.get("tag", ""))
    form = FlaskForm()

    def remove(session: Session, actor: Actor, now: datetime) -> tuple[int]:
        return (services.delete(session, actor, services.find(session, tag.name), now=now),)

    if changed := attempt(form, remove):
        return _done(gettext("The tag %(tag)s is deleted.", tag=tag.name), changed[0], "")
    number = services.number(db_session(), tag)
    page = render_template("admin/tags/delete.html", form=form, tag=tag, number=number)
    return page, REFUSED if form.is_submitted() else 200


def _done(text: str, number: int, name: str) -> Response:
    text += " " + ngettext("One badge changed.", "%(num)s badges changed.", number)
    target = url_for("admin_tags.listing")
    if not name:
        return done(text, target)
    link = url_for("admin_badges.listing", tag=name)
    return done(text, target, link=link, link_text=gettext("See its badges"))
