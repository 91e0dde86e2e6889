# SPDX-License-Identifier: AGPL-3.0-or-later
"""Issuers: in whose name badges are given, and the Profiles that they had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from issuer.access import needs
from issuer.addresses import Addresses
from issuer.admin import uploads
from issuer.admin.parts import REFUSED, Section, attempt, done, part, searched, table
from issuer.models import Issuer
from issuer.services import issuer_editing, issuers
from issuer.services.checking import MAX_KEPT_ADDRESS, MAX_LINE
from issuer.services.issuer_editing import COLUMNS, MAX_NAME, MAX_TEXT, Outcome, Words
from issuer.services.listing import plain
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from rules.dialects.values import MAX_SLUG

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("issuers", "issuers")
SECTIONS = (Section(_("Issuers"), "admin_issuers.listing", Right.ISSUERS, _("Site"), 300),)


class IssuerForm(uploads.PictureMixin, FlaskForm):  # type: ignore[misc]  # Flask-WTF tells no types
    """What an issuer says of itself."""

    name = StringField(_("Name"), [DataRequired(), Length(max=MAX_NAME)])
    slug = StringField(
        _("Address"),
        [DataRequired(), Length(max=MAX_SLUG)],
        description=_("The end of its web address, for ever: letters a to z, numbers, hyphens."),
    )
    url = StringField(
        _("Home page"),
        [DataRequired(), Length(max=MAX_KEPT_ADDRESS)],
        render_kw={"type": "url", "placeholder": "https://"},
    )
    email = StringField(
        _("E-mail"), [DataRequired(), Length(max=MAX_LINE)], render_kw={"type": "email"}
    )
    description = TextAreaField(_("Description"), [Length(max=MAX_TEXT)], render_kw={"rows": 4})
    confirmed = BooleanField(_("Make a new Profile with a new key"))

    def words(self) -> Words:
        """Return what was typed."""
        return Words(
            name=self.name.data.strip(),
            url=self.url.data.strip(),
            email=self.email.data.strip(),
            description=(self.description.data or "").replace("\r\n", "\n").strip(),
        )


@blueprint.get("/")
@needs(Right.ISSUERS)
def listing() -> str:
    """Show all issuers."""
    statement = issuer_editing.listing(searched())
    shown = table(db_session(), statement, COLUMNS, usual="name", key=Issuer.id)
    return render_template("admin/issuers/list.html", table=shown)


@blueprint.route("/-/new", methods=["GET", "POST"])
@needs(Right.ISSUERS)
def create() -> Response | tuple[str, int]:
    """Make an issuer with its first key."""
    form = IssuerForm()
    del form.confirmed

    def make(session: Session, actor: Actor, now: datetime) -> Issuer:
        site, words = current_site(), form.words()
        identity = issuers.Identity(
            slug=form.slug.data.strip(),
            name=words.name,
            url=words.url,
            email=words.email,
            description=words.description,
            base_url=site.settings.base_url,
        )
        picture = uploads.held(form.held.data)
        return issuer_editing.create(
            session, actor, identity, picture, site.keys, site.objects, now=now
        )

    if issuer := attempt(form, make):
        uploads.drop(form.held.data)
        return _done(gettext("The issuer %(issuer)s is made.", issuer=issuer.name), issuer.slug)
    page = render_template("admin/issuers/form.html", form=form, issuer=None)
    return page, REFUSED if form.is_submitted() else 200


@blueprint.route("/<slug>", methods=["GET", "POST"])
@needs(Right.ISSUERS)
def edit(slug: str) -> Response | tuple[str, int]:
    """Show an issuer with its Profiles, and change it."""
    session = db_session()
    issuer = issuers.find(session, plain(slug))
    form = IssuerForm(obj=issuer)
    del form.slug
    is_settled = issuer_editing.is_settled(session, issuer)

    def change(session: Session, actor: Actor, now: datetime) -> Outcome:
        site = current_site()
        return issuer_editing.change(
            session,
            actor,
            issuers.find(session, issuer.slug),
            form.words(),
            uploads.held(form.held.data),
            site.keys,
            site.objects,
            confirmed=form.confirmed.data,
            now=now,
        )

    if outcome := attempt(form, change):
        uploads.drop(form.held.data)
        return _done(_told(outcome), issuer.slug)
    page = render_template(
        "admin/issuers/form.html",
        form=form,
        issuer=issuer,
        is_settled=is_settled,
        epochs=issuer_editing.epochs(session, issuer),
    )
    return page, REFUSED if form.is_submitted() else 200


def _told(outcome: Outcome) -> str:
    if not outcome.changed:
        return str(_("Nothing was different, nothing was changed."))
    if not outcome.epoch:
        return str(_("Saved."))
    text: str = ngettext(
        "Saved: Profile %(epoch)s signs from now on, for one badge.",
        "Saved: Profile %(epoch)s signs from now on, for %(num)s badges.",
        outcome.badges,
        epoch=outcome.epoch,
    )
    return text


def _done(text: str, slug: str) -> Response:
    target, public = url_for("admin_issuers.edit", slug=slug), Addresses("").profile(slug)
    return done(text, target, link=public, link_text=gettext("See its page"))
