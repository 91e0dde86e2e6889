# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing keys: what hangs on each is told before anything is done to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from issuer.access import needs
from issuer.admin.parts import REFUSED, Section, attempt, done, part
from issuer.errors import InvalidInputError
from issuer.models import Issuer
from issuer.services import issuers, signing_keys
from issuer.services.permissions import Right
from issuer.services.signing_keys import MAX_REASON
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("keys", "keys")
SECTIONS = (Section(_("Keys"), "admin_keys.listed", Right.KEYS, _("Site"), 310),)


class TypedForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Asks for a name that is typed, because what follows cannot be undone."""

    name = StringField(_("Name"), [DataRequired(), Length(max=255)])


class RotateForm(TypedForm):
    """Asks for the name of an issuer, and knows which key signed when that was asked."""

    former = HiddenField()


class RevokeForm(TypedForm):
    """Asks for the name of a key, and why it is taken back."""

    reason = StringField(_("Reason"), [DataRequired(), Length(max=MAX_REASON)])


@blueprint.get("/")
@needs(Right.KEYS)
def listed() -> str:
    """List all keys with what hangs on them."""
    session = db_session()
    return render_template(
        "admin/keys/list.html",
        keys=signing_keys.listed(session),
        issuers=session.scalars(select(Issuer).order_by(Issuer.slug)).all(),
        stores=current_site().settings.key_stores,
        warnings=current_site().keys.warnings(),
        now=datetime.now(UTC),
    )


@blueprint.route("/new/<slug>", methods=["GET", "POST"])
@needs(Right.KEYS)
def rotate(slug: str) -> Response | tuple[str, int]:
    """Make a new key for an issuer."""
    form, site = RotateForm(), current_site()

    def change(session: Session, actor: Actor, now: datetime) -> str:
        _check(form, slug)
        found, former = issuers.find(session, slug), form.former.data or ""
        made = signing_keys.rotate(session, actor, found, site.keys, now=now, former=former)
        return made.key.kid

    if (kid := attempt(form, change)) is not None:
        return done(gettext("%(key)s signs from now on.", key=kid), url_for(".listed"))
    session = db_session()
    issuer = issuers.find(session, slug)
    epoch = issuers.current_epoch(session, issuer)
    told = signing_keys.consequences(session, epoch.key) if epoch else None
    form.former.raw_data, form.former.data = None, epoch.key.kid if epoch else ""
    page = render_template(
        "admin/keys/rotate.html",
        issuer=issuer,
        told=told,
        form=form,
        stores=site.settings.key_stores,
    )
    return page, _status(form)


@blueprint.route("/<kid>/retire", methods=["GET", "POST"])
@needs(Right.KEYS)
def retire(kid: str) -> Response | tuple[str, int]:
    """End a key without another in its place."""
    form, keys = TypedForm(), current_site().keys

    def change(session: Session, actor: Actor, now: datetime) -> str:
        _check(form, kid)
        signing_keys.retire(session, actor, signing_keys.find(session, kid), keys, now=now)
        return kid

    if attempt(form, change) is not None:
        return done(gettext("%(key)s signs nothing new.", key=kid), url_for(".listed"))
    return _asked("retire", kid, form)


@blueprint.route("/<kid>/revoke", methods=["GET", "POST"])
@needs(Right.KEYS)
def revoke(kid: str) -> Response | tuple[str, int]:
    """Take a key back."""
    form, keys = RevokeForm(), current_site().keys

    def change(session: Session, actor: Actor, now: datetime) -> str:
        _check(form, kid)
        found = signing_keys.find(session, kid)
        signing_keys.revoke(session, actor, found, form.reason.data, keys, now=now)
        return kid

    if attempt(form, change) is not None:
        return done(gettext("%(key)s was revoked.", key=kid), url_for(".listed"))
    return _asked("revoke", kid, form)


def _asked(what: str, kid: str, form: FlaskForm) -> tuple[str, int]:
    session = db_session()
    told = signing_keys.consequences(session, signing_keys.find(session, kid))
    return render_template(f"admin/keys/{what}.html", told=told, form=form), _status(form)


def _check(form: TypedForm, name: str) -> None:
    if form.name.data.strip() != name:
        raise InvalidInputError(gettext("name: type %(name)s to go on", name=name))


def _status(form: FlaskForm) -> int:
    return REFUSED if form.is_submitted() else 200
