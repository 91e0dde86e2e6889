# SPDX-License-Identifier: AGPL-3.0-or-later
"""Endorsements: what our issuers say of others, and what others say of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from issuer.access import acting, current_actor, needs
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
from issuer.limits import VERIFY_SCOPE, limiter, verifications
from issuer.models import Endorsement, Issuer
from issuer.services import (
    endorsement_lists,
    endorsements,
    endorsers,
    issuers,
    permissions,
    verifying,
)
from issuer.services.checking import MAX_ADDRESS
from issuer.services.endorsements import MAX_COMMENT, MAX_REASON
from issuer.services.endorsers import MAX_DOCUMENT
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.endorsers import Examined
    from issuer.services.permissions import Actor

    Answer = Response | tuple[str, int]

blueprint = part("endorsements", "endorsements")
SECTIONS = (Section(_("Endorsements"), "admin_endorsements.show", Right.ENDORSE, _("Badges"), 140),)
STATES = ("own", "others", "revoked")


class IssueForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What an issuer of ours says of something."""

    issuer = SelectField(_("In the name of"), validate_choice=False)
    about = StringField(
        _("What is endorsed"),
        [DataRequired(), Length(max=MAX_ADDRESS)],
        description=_("The address of a badge, an issuer or an award, here or on another site."),
        render_kw={"placeholder": "https://"},
    )
    comment = TextAreaField(
        _("What is good about it"),
        [DataRequired(), Length(max=MAX_COMMENT)],
        description=_("Markdown. It is public, and stays as it is."),
        render_kw={"rows": 5},
    )


class TakeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What another issuer says of something of ours."""

    source = TextAreaField(
        _("The endorsement"),
        [DataRequired(), Length(max=MAX_DOCUMENT)],
        description=_("Its address, its JSON or its signed text; Open Badges 2.0 or 3.0."),
        render_kw={"rows": 4, "spellcheck": "false", "autocapitalize": "off"},
    )


class ReasonForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Why an endorsement is taken back."""

    reason = StringField(_("Reason"), [DataRequired(), Length(max=MAX_REASON)])


class PressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A button, with nothing but its token."""


@blueprint.get("/")
@needs(Right.ENDORSE)
def show() -> str:
    """Show the endorsements by and of one's issuers."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    found = table(
        db_session(),
        endorsement_lists.listed(current_actor(), query=searched(), state=state),
        endorsement_lists.COLUMNS,
        usual="-made",
        key=Endorsement.id.expression,
        filters={"state": state},
    )
    return render_template(
        "admin/endorsements/list.html",
        table=found,
        state=state,
        now=datetime.now(UTC),
        verdict=endorsement_lists.verdict,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Right.ENDORSE)
def issue() -> Answer:
    """Say something of a badge, an issuer or an award."""
    form = IssueForm()
    form.issuer.choices = _issuers()
    if not form.is_submitted():
        form.about.data = request.args.get("about", "")[:MAX_ADDRESS]

    def change(session: Session, actor: Actor, now: datetime) -> Endorsement:
        issuer = issuers.find(session, str(form.issuer.data or ""))
        keys, about = current_site().keys, form.about.data
        return endorsements.issue(session, actor, issuer, about, form.comment.data, keys, now=now)

    if made := attempt(form, change):
        text = gettext("%(issuer)s endorses it now.", issuer=made.endorser_name)
        link = f"/endorsements/{made.uuid}"
        return done(text, url_for(".show"), link=link, link_text=gettext("See it"))
    page = render_template("admin/endorsements/issue.html", form=form)
    return page, REFUSED if form.is_submitted() else 200


@blueprint.get("/take")
@needs(Right.ENDORSE)
def ask() -> str:
    """Ask for an endorsement of another issuer."""
    return render_template("admin/endorsements/take.html", form=TakeForm())


@blueprint.post("/take")
@needs(Right.ENDORSE)
@limiter.shared_limit(verifications, VERIFY_SCOPE)
def take_in() -> Answer:
    """Verify what another issuer says of something of ours, and keep it."""
    form = TakeForm()
    given = _examined(form, form.source.data or "") if form.validate_on_submit() else None
    if given is not None:
        kept: Examined = given
        made = attempt(
            form, lambda session, actor, now: endorsers.take_in(session, actor, kept, now=now)
        )
        if made is not None:
            text = gettext("The endorsement of %(issuer)s is shown now.", issuer=made.endorser_name)
            return done(text, url_for(".show"))
    return render_template("admin/endorsements/take.html", form=form), REFUSED


@blueprint.post("/<uuid:uuid>/check")
@needs(Right.ENDORSE)
@limiter.shared_limit(verifications, VERIFY_SCOPE)
def check(uuid: UUID) -> Response:
    """Ask again whether another issuer's endorsement holds."""
    form = PressForm()
    found = endorsements.find(db_session(), uuid)
    endorsements.require_for(acting(db_session()), found)
    given = _examined(form, endorsers.source_of(found))
    if given is not None:
        report = given.report
        verdict = attempt(
            form,
            lambda session, actor, now: endorsers.note(session, actor, uuid, report, now=now),
        )
        if verdict is not None:
            text = gettext("Checked now: %(sentence)s", sentence=report.sentence)
            return done(text, url_for(".show"))
    return failed(", ".join(form.form_errors), url_for(".show"))


@blueprint.route("/<uuid:uuid>/revoke", methods=["GET", "POST"])
@needs(Right.ENDORSE)
def revoke(uuid: UUID) -> Answer:
    """Take our endorsement back, or another issuer's off our pages."""
    form = ReasonForm()

    def change(session: Session, actor: Actor, now: datetime) -> Endorsement:
        return endorsements.revoke(session, actor, uuid, form.reason.data, now=now)

    if done_to := attempt(form, change):
        text = (
            gettext("The endorsement is revoked.")
            if done_to.is_own
            else gettext("The endorsement is not shown any more.")
        )
        return done(text, url_for(".show"))
    found = endorsements.find(db_session(), uuid)
    endorsements.require_for(acting(db_session()), found)
    page = render_template("admin/endorsements/revoke.html", form=form, found=found)
    return page, REFUSED if form.is_submitted() else 200


def _issuers() -> list[tuple[str, str]]:
    own = permissions.issuers(current_actor(), Right.ENDORSE)
    found = select(Issuer.slug, Issuer.name).where(Issuer.id.in_(own)).order_by(Issuer.name)
    return [(slug, name) for slug, name in db_session().execute(found)]


def _examined(form: Any, source: str) -> Examined | None:
    """Return what the verifier says; other sites are asked while no transaction is open."""
    site = current_site()
    db_session().rollback()
    fetcher = verifying.make_fetcher(site.settings, site.database.reading, site.keys, site.objects)
    try:
        return endorsers.examine(source, fetcher, now=datetime.now(UTC))
    except REFUSALS as error:
        form.form_errors.append(worded(error))
        return None
