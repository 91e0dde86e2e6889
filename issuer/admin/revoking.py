# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many awards taken back at once: a list, or all of a badge, shown before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from issuer.access import acting, needs
from issuer.admin import lines, working
from issuer.admin.awards import ReasonForm
from issuer.admin.parts import REFUSED, attempt, done, failed, part
from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Badge, BatchKind, BatchState
from issuer.services import batches, choosing, permissions, sheets, withdrawing
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response
    from wtforms import Field

    from issuer.models import Batch
    from issuer.services.permissions import Actor

    Answer = Response | tuple[str, int] | str

blueprint = part("revoking", "awards/revoke")
SECTIONS = ()
KINDS = (BatchKind.REVOKE, BatchKind.REVOKE_BADGE)


class ListForm(ReasonForm):
    """Which awards, and why."""

    names = TextAreaField(
        _("Awards"),
        [InputRequired(), Length(max=400_000)],
        description=_(
            "Addresses or ids of awards, or user names with the badge below; one a line."
        ),
        render_kw={"rows": 6},
    )
    badge = StringField(_("Badge"), [Length(max=200)], description=_("For user names."))

    def validate_names(self, field: Field) -> None:
        """Refuse a list that is too long."""
        try:
            sheets.names(field.data or "")
        except InvalidInputError as error:
            raise ValidationError(worded(error)) from error


class BadgeForm(ReasonForm):
    """Which badge, and why; once it was shown, its name is typed again."""

    badge = StringField(_("Badge"), [InputRequired(), Length(max=200)], id="whole-badge")


@blueprint.get("/")
@needs(Right.REVOKE)
def show() -> str:
    """Show the forms."""
    whole = BadgeForm(formdata=None)
    whole.badge.data = request.args.get("badge", "")[:200]
    return _forms(ListForm(formdata=None), whole)


@blueprint.post("/list")
@needs(Right.REVOKE)
def preview_list() -> Answer:
    """Show which awards a list means."""
    form = ListForm()

    def keep(session: Session, actor: Actor, now: datetime) -> UUID:
        typed = (form.badge.data or "").strip()
        badge = choosing.chosen(session, typed) if typed else None
        found = withdrawing.prepare(session, actor, sheets.names(form.names.data), badge, now=now)
        batch = batches.make(session, actor, BatchKind.REVOKE, found, now=now)
        withdrawing.confirm(batch, form.reason.data)
        return batch.uuid

    uuid = attempt(form, keep)
    if uuid is None:
        return _forms(form, BadgeForm(formdata=None)), REFUSED
    return redirect(_page(uuid), 303)


@blueprint.post("/badge")
@needs(Right.REVOKE)
def preview_badge() -> Answer:
    """Show how many awards of a badge there are."""
    form = BadgeForm()

    def keep(session: Session, actor: Actor, now: datetime) -> UUID:
        badge = choosing.chosen(session, form.badge.data)
        permissions.require(session, actor, Right.REVOKE, badge, now=now)
        number, upto = withdrawing.number_of(session, badge)
        options = {"upto": upto, "number": number}
        kind = BatchKind.REVOKE_BADGE
        batch = batches.make(session, actor, kind, now=now, badge_id=badge.id, options=options)
        withdrawing.confirm(batch, form.reason.data)
        return batch.uuid

    uuid = attempt(form, keep)
    if uuid is None:
        return _forms(ListForm(formdata=None), form), REFUSED
    return redirect(_page(uuid), 303)


@blueprint.get("/<uuid:uuid>")
@needs(Right.REVOKE)
def page(uuid: UUID) -> str:
    """Show what will be revoked, or what was."""
    session = db_session()
    actor = acting(session)
    batch = _find(session, actor, uuid)
    found = lines.shown(session, actor, batch, datetime.now(UTC))
    return render_template("admin/awards/revoking.html", found=found, batch=batch)


@blueprint.post("/<uuid:uuid>/confirm")
@needs(Right.REVOKE)
def confirm(uuid: UUID) -> Response:
    """Revoke what was shown, and tell what really happened."""
    letters = working.letters()

    def step(session: Session, actor: Actor, now: datetime) -> bool:
        batch = _find(session, actor, uuid, lock=True)
        return withdrawing.take_back(session, actor, batch, letters=letters, now=now)

    try:
        _check_typed(uuid, request.form.get("typed", ""))
        more = working.repeat(step)
    except (ConflictError, InvalidInputError) as error:
        return failed(worded(error), _page(uuid))
    working.post()
    return _told(uuid, more=more)


@blueprint.post("/<uuid:uuid>/drop")
@needs(Right.REVOKE)
def drop(uuid: UUID) -> Response:
    """Forget a list of which nothing was revoked."""
    try:
        with current_site().database.writing() as session:
            batches.drop(session, _find(session, acting(session), uuid, lock=True))
    except (ConflictError, InvalidInputError) as error:
        return failed(worded(error), _page(uuid))
    return done(gettext("The list is dropped; nothing was revoked."), url_for(".show"))


def _told(uuid: UUID, *, more: bool) -> Response:
    with current_site().database.reading() as session:
        batch = _find(session, acting(session), uuid)
        numbers = batches.numbers(session, batch)
        number = numbers["done"] or int(batch.options.get("revoked", 0))
    words = ngettext("%(n)s award was revoked.", "%(n)s awards were revoked.", number, n=number)
    if more:
        return failed(f"{words} {gettext('More are left: go on.')}", _page(uuid))
    return done(words, _page(uuid)) if number else failed(words, _page(uuid))


def _check_typed(uuid: UUID, typed: str) -> None:
    """Raise `InvalidInputError` unless the slug of a badge was typed of which all is revoked."""
    with current_site().database.reading() as session:
        batch = _find(session, acting(session), uuid)
        if batch.kind != BatchKind.REVOKE_BADGE or batch.state != BatchState.SHOWN:
            return
        slug = session.get_one(Badge, batch.badge_id).slug
    if typed.strip().lower() != slug:
        raise InvalidInputError("badge: type %(slug)r to revoke all awards of it", slug=slug)


def _forms(form: ListForm, whole: BadgeForm) -> str:
    return render_template("admin/awards/revoke.html", form=form, whole=whole)


def _find(session: Session, actor: Actor, uuid: UUID, *, lock: bool = False) -> Batch:
    return batches.find(session, actor, uuid, *KINDS, lock=lock)


def _page(uuid: UUID) -> str:
    return url_for(".page", uuid=uuid)
