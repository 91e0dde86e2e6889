# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of those who may hand out some badges: these, and what they gave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, current_app, render_template, url_for
from flask_babel import gettext
from flask_wtf import FlaskForm

from issuer.access import acting, needs
from issuer.admin.parts import attempt, done, failed, never_kept
from issuer.services import award_lists, awards, batches, grants, permissions, revocations
from issuer.services.permissions import Right
from issuer.sessions import note_delegate
from issuer.site import db_session

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Award
    from issuer.services.permissions import Actor

blueprint = Blueprint("delegates", __name__, url_prefix="/award")
blueprint.after_request(never_kept)
SECTIONS = ()
#: The part that makes links and codes by which badges are claimed.
INVITATIONS = "admin_invitations"


class PressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A button, with nothing but its token."""


@blueprint.get("", strict_slashes=False)
@needs(Right.AWARD)
def show() -> str:
    """Show which badges somebody may award, and what they awarded last."""
    session, now = db_session(), datetime.now(UTC)
    actor = acting(session)
    held = grants.held(session, actor, now=now)
    note_delegate(bool(held))
    return render_template(
        "admin/delegates/page.html",
        held=held,
        by_role=permissions.by_role(actor, Right.AWARD),
        given=award_lists.given_by(session, actor),
        may_undo=lambda award: _is_fresh(award, now),
        invites=INVITATIONS in current_app.blueprints,
    )


@blueprint.post("/<uuid:uuid>/undo")
@needs(Right.AWARD)
def undo(uuid: UUID) -> Response:
    """Undo an award that one gave just now."""
    form = PressForm()

    def change(session: Session, actor: Actor, now: datetime) -> bool:
        return revocations.undo_one(session, actor, awards.find(session, str(uuid)), now=now)

    changed = attempt(form, change)
    if changed is None:
        return failed(", ".join(form.form_errors), url_for(".show"))
    if not changed:
        return failed(gettext("It was revoked before; nothing was changed."), url_for(".show"))
    return done(gettext("The award is undone."), url_for(".show"))


def _is_fresh(award: Award, now: datetime) -> bool:
    return not award.is_revoked and now - award.created_at <= batches.UNDO
