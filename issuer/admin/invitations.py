# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations: links and codes are made, shown, printed and closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import abort, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import (
    DateTimeLocalField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from issuer.access import acting, needs
from issuer.adapters import codes, sheets
from issuer.admin.fields import IntegerField
from issuer.admin.parts import REFUSED, Section, argument, attempt, done, part, searched, table
from issuer.errors import InvitationClosedError
from issuer.models import Invitation
from issuer.printing import link_to, sheet_of
from issuer.services import (
    choosing,
    invitation_lists,
    invitations,
    permissions,
    quotas,
)
from issuer.services.invitations import MAX_CODES, MAX_NOTE, MAX_USES, Wanted
from issuer.services.permissions import Right
from issuer.site import db_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

blueprint = part("invitations", "invitations")
SECTIONS = (
    Section(
        _("Invitations"),
        "admin_invitations.overview",
        Right.INVITE,
        _("People"),
        230,
    ),
)

LINK, CODES = "link", "codes"
NEVER = "never"
LASTS = {
    "hour": (timedelta(hours=1), _("One hour")),
    "day": (timedelta(days=1), _("One day")),
    "week": (timedelta(days=7), _("One week")),
    "month": (timedelta(days=30), _("30 days")),
    "year": (timedelta(days=365), _("One year")),
}
PDF = "application/pdf"
MEDIA = {"png": "image/png", "svg": "image/svg+xml"}
#: A code is a drawing of our own making; by itself it needs nothing else.
DRAWN = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class InvitationForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What kind of invitation is to be made."""

    badge = StringField(
        _("Badge"),
        [InputRequired(), Length(max=200)],
        render_kw={"list": "badges", "autocomplete": "off"},
    )
    kind = RadioField(
        _("What is made"),
        choices=[
            SelectChoice(LINK, _("One link for many people")),
            SelectChoice(CODES, _("One-time codes: each for one person")),
        ],
        default=LINK,
    )
    maximum_uses = IntegerField(
        _("People who may use the link"),
        [Optional(), NumberRange(1, MAX_USES)],
        description=_("Empty: any number."),
        render_kw={"min": 1, "max": MAX_USES},
    )
    codes = IntegerField(
        _("Number of codes"),
        [Optional(), NumberRange(1, MAX_CODES)],
        description=_("At most 500 at once."),
        render_kw={"min": 1, "max": MAX_CODES},
    )
    lasts = SelectField(
        _("How long it lasts"),
        choices=[
            *(SelectChoice(key, words) for key, (_span, words) in LASTS.items()),
            SelectChoice(NEVER, _("Until it is revoked")),
        ],
        default="week",
    )
    until = DateTimeLocalField(
        _("Or until this moment (UTC)"),
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    note = StringField(
        _("Note"),
        [Length(max=MAX_NOTE)],
        description=_("For those who manage invitations, such as the event."),
        render_kw={"maxlength": MAX_NOTE},
    )

    def wanted(self, now: datetime) -> Wanted:
        """Return what was asked for."""
        until: datetime | None = self.until.data and self.until.data.replace(tzinfo=UTC)
        if until is None and self.lasts.data in LASTS:
            until = now + LASTS[self.lasts.data][0]
        many = self.kind.data == CODES
        return Wanted(
            expires_at=until,
            maximum_uses=None if many else self.maximum_uses.data,
            codes=(self.codes.data or 0) if many else 0,
            note=self.note.data or "",
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the number of codes where codes are wanted."""
        valid = bool(super().validate(extra_validators))
        if self.kind.data == CODES and not self.codes.data and not self.codes.errors:
            self.codes.errors = [gettext("Say how many codes you need.")]
            return False
        return valid


class RevokeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Nothing but the button."""


@blueprint.get("/")
@needs(Right.INVITE)
def overview() -> str:
    """Show the invitations that somebody made or manages."""
    session, now = db_session(), datetime.now(UTC)
    filters = {name: argument(name) for name in ("state", "badge")}
    rows = invitation_lists.listed(acting(session), now=now, query=searched(), **filters)
    shown = table(
        session,
        rows,
        invitation_lists.COLUMNS,
        usual="-made",
        key=Invitation.id.expression,
        filters=filters,
    )
    return render_template("admin/invitations/overview.html", table=shown, now=now)


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Right.INVITE)
def make() -> Response | str | tuple[str, int]:
    """Make a link or codes."""
    form = InvitationForm(badge=request.args.get("badge", "")[:200])
    made = attempt(form, lambda session, actor, now: _make(session, actor, form, now))
    if made is not None:
        target = url_for(".show", number=made.id)
        text = gettext("The codes are made.") if made.batch else gettext("The invitation is made.")
        return done(text, target)
    session, now = db_session(), datetime.now(UTC)
    known = choosing.choices(session, acting(session), Right.INVITE, now=now)
    html = render_template("admin/invitations/form.html", form=form, badges=known)
    return (html, REFUSED) if form.is_submitted() else html


@blueprint.get("/<int:number>")
@needs(Right.INVITE)
def show(number: int) -> str:
    """Show an invitation: its link and code, who used it, what can be printed."""
    session, now = db_session(), datetime.now(UTC)
    found = invitation_lists.find(session, acting(session), number, now=now)
    batch = invitation_lists.codes(session, found)
    open_ones = [each for each in batch if invitations.closing(each, now=now) is None]
    return render_template(
        "admin/invitations/show.html",
        invitation=found,
        closing=invitations.closing(found, now=now),
        batch=batch if found.batch else (),
        open_links=[link_to(each) for each in open_ones],
        link=link_to(found),
        code=codes.qr_code(link_to(found)),
        uses=invitation_lists.uses(session, found),
        papers=sheets.PAPERS,
    )


@blueprint.post("/<int:number>/revoke")
@needs(Right.INVITE)
def revoke(number: int) -> Response:
    """Close an invitation, with all codes that belong to it."""
    closed = attempt(
        RevokeForm(),
        lambda session, actor, now: invitations.revoke(
            session,
            invitation_lists.find(session, actor, number, now=now),
            actor=actor,
            now=now,
        ),
    )
    text = (
        gettext("Nobody gets the badge by it any more.")
        if closed
        else gettext("It was closed before.")
    )
    return done(text, url_for(".show", number=number))


@blueprint.get("/<int:number>/code.<any(png, svg):form>")
@needs(Right.INVITE)
def code(number: int, form: str) -> Response:
    """Download the QR code of a link."""
    session = db_session()
    found = invitation_lists.find(session, acting(session), number, now=datetime.now(UTC))
    draw = {"png": codes.png, "svg": codes.svg}[form]
    response = _file(draw(link_to(found)), MEDIA[form], f"{found.badge.slug}-{number}.{form}")
    response.headers["Content-Security-Policy"] = DRAWN
    return response


@blueprint.get("/<int:number>/sheet.pdf")
@needs(Right.INVITE)
def sheet(number: int) -> Response:
    """Download a sheet to print: a poster of a link, or cards of the codes that are open."""
    session, now = db_session(), datetime.now(UTC)
    found = invitation_lists.find(session, acting(session), number, now=now)
    try:
        body = sheet_of(session, found, request.args.get("paper", ""), now=now)
    except InvitationClosedError:
        abort(410, gettext("There is nothing to print: the invitation is closed."))
    return _file(body, PDF, f"{found.badge.slug}-{number}.pdf")


def _make(session: Session, actor: Actor, form: InvitationForm, now: datetime) -> Invitation:
    badge, wanted = choosing.chosen(session, form.badge.data or ""), form.wanted(now)
    permissions.require(session, actor, Right.INVITE, badge, now=now)
    quotas.require(session, actor, badge, wanted.promised, now=now)
    return invitations.make(session, badge, wanted, actor=actor, now=now)[0]


def _file(body: bytes, media_type: str, name: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
