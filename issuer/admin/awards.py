# SPDX-License-Identifier: AGPL-3.0-or-later
"""All awards: found, looked at, taken back, and allowed again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from issuer.access import current_actor, needs
from issuer.admin import working
from issuer.admin.parts import REFUSED, Section, attempt, done, failed, part, searched, table
from issuer.models import Award, Source
from issuer.services import award_lists, awards, permissions, revocations
from issuer.services.award_lists import Asked
from issuer.services.permissions import Right
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

    Answer = Response | tuple[str, int] | str

blueprint = part("awards", "awards")
SECTIONS = (Section(_("Awards"), "admin_awards.show", Right.REVOKE, _("People"), 210),)

SOURCES = {
    Source.RULE: _("A rule"),
    Source.ADMIN: _("By hand"),
    Source.INVITATION: _("An invitation"),
    Source.CLAIM: _("A claim"),
    Source.JOB: _("A job"),
    Source.API: _("A program"),
    Source.IMPORT: _("The old system"),
}


class ReasonForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Why something is taken back."""

    reason = TextAreaField(
        _("Reason"),
        [InputRequired(), Length(max=awards.MAX_REASON)],
        description=_("The holder and everybody who opens the award can read it."),
    )


class PressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A button, with nothing but its token."""


@blueprint.get("/")
@needs(Right.REVOKE)
def show() -> str:
    """Show awards, the newest first."""
    session, now = db_session(), datetime.now(UTC)
    filters = {
        name: request.args.get(name, "").replace("\0", "")[:200]
        for name in ("badge", "source", "state")
    }
    asked = Asked(query=searched(), **{name: text.strip() for name, text in filters.items()})
    found = table(
        session,
        award_lists.listed(session, current_actor(), Right.REVOKE, asked, now=now),
        {"awarded": Award.issued_at.expression, "entered": Award.id.expression},
        usual="-awarded",
        key=Award.id.expression,
        filters=filters,
    )
    return render_template("admin/awards/list.html", table=found, asked=asked, sources=SOURCES)


@blueprint.get("/<uuid:uuid>")
@needs(Right.REVOKE)
def page(uuid: UUID) -> str:
    """Show an award with all that is known of it."""
    return _page(uuid, ReasonForm(formdata=None))


@blueprint.post("/<uuid:uuid>/revoke")
@needs(Right.REVOKE)
def revoke(uuid: UUID) -> Answer:
    """Take the award back."""
    form = ReasonForm()

    def change(session: Session, actor: Actor, now: datetime) -> bool:
        award = award_lists.one(session, actor, Right.REVOKE, uuid, now=now).award
        reason, letters = form.reason.data, working.letters()
        return revocations.revoke(session, actor, award, reason, letters=letters, now=now)

    changed = attempt(form, change)
    if changed is None:
        return _page(uuid, form), REFUSED
    if not changed:
        return failed(gettext("It was revoked before; nothing was changed."), _own(uuid))
    working.post()
    return done(gettext("The award is revoked."), _own(uuid))


@blueprint.post("/<uuid:uuid>/allow")
@needs(Right.REVOKE)
def allow(uuid: UUID) -> Response:
    """Let the badge be earned again, by rules too."""
    form = PressForm()

    def change(session: Session, actor: Actor, now: datetime) -> bool:
        award = award_lists.one(session, actor, Right.REVOKE, uuid, now=now).award
        revocations.allow_again(session, actor, award, now=now)
        return True

    if not attempt(form, change):
        return failed(", ".join(form.form_errors), _own(uuid))
    return done(gettext("The person may earn the badge again."), _own(uuid))


@blueprint.post("/<uuid:uuid>/again")
@needs(Right.REVOKE)
def again(uuid: UUID) -> Response:
    """Award the badge to the same person again."""
    form, domain = PressForm(), current_site().settings.email_domain

    def change(session: Session, actor: Actor, now: datetime) -> tuple[UUID, bool]:
        award = award_lists.one(session, actor, Right.REVOKE, uuid, now=now).award
        permissions.require(session, actor, Right.AWARD, award.badge, now=now)
        outcome = revocations.award_again(session, actor, award, email_domain=domain, now=now)
        return outcome.award.uuid, outcome.created

    made = attempt(form, change)
    if made is None:
        return failed(", ".join(form.form_errors), _own(uuid))
    if not made[1]:
        return failed(gettext("The person has the badge; nothing was changed."), _own(made[0]))
    return done(gettext("The badge is awarded again."), _own(made[0]))


def _page(uuid: UUID, form: ReasonForm) -> str:
    session, now = db_session(), datetime.now(UTC)
    found = award_lists.one(session, current_actor(), Right.REVOKE, uuid, now=now)
    return render_template("admin/awards/page.html", found=found, form=form, sources=SOURCES)


def _own(uuid: UUID) -> str:
    return url_for(".page", uuid=uuid)
