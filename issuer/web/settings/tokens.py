# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens of a person for their programs: made and shown once, listed, revoked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _

from issuer.access import acting
from issuer.errors import ConflictError, InvalidInputError
from issuer.limits import limiter
from issuer.services import api_tokens
from issuer.services.api_tokens import Wanted
from issuer.services.permissions import Scope
from issuer.site import current_site
from issuer.telling import worded
from issuer.web.login import current_login
from issuer.web.settings.shown import changing, guard, me

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("api_tokens", __name__, url_prefix="/settings/tokens")
guard(blueprint)

#: Each leaves a row and a line in the audit log.
BY_PERSON = "20 per hour"
END = time(23, 59, 59)
#: What a form proposes.
USUAL = timedelta(days=90)
WORDS = {
    Scope.AWARDS_READ: _("See which badges you may award, and what you awarded"),
    Scope.AWARDS_WRITE: _("Award badges, and undo that"),
    Scope.INVITATIONS_READ: _("See your invitations, with their links"),
    Scope.INVITATIONS_WRITE: _("Make and close invitations"),
}


def _who() -> str:
    login = current_login(datetime.now(UTC))
    return f"person {login.username.lower()}" if login else "nobody"


@blueprint.get("")
def show() -> Response:
    """Show the tokens of whoever asks, and the form for a new one."""
    return _page()


@blueprint.post("")
@limiter.limit(BY_PERSON, key_func=_who)
def make() -> Response:
    """Make a token and show it, this once; or show the form again with what was wrong."""
    now = datetime.now(UTC)
    wanted = Wanted(
        name=request.form.get("name", ""),
        scopes=request.form.getlist("scope"),
        expires_at=_end_of(request.form.get("day", "")),
    )
    with changing() as (database, person):
        text = api_tokens.make(database, acting(database), person, wanted, now=now)[1]
    return _page(text=text)


@blueprint.post("/<int:number>/revoke")
def revoke(number: int) -> Response:
    """End a token at once."""
    with changing() as (database, person):
        api_tokens.revoke(database, acting(database), person, number, now=datetime.now(UTC))
    return redirect(url_for(".show", done="revoked"), 303)


@blueprint.errorhandler(InvalidInputError)
@blueprint.errorhandler(ConflictError)
def _refused(error: Exception) -> Response:
    return _page(trouble=worded(error), status=409 if isinstance(error, ConflictError) else 400)


def _page(*, text: str = "", trouble: str = "", status: int = 200) -> Response:
    now = datetime.now(UTC)
    # A session of its own: that of the request may have looked before the token was made.
    with current_site().database.reading() as database:
        html = render_template(
            "settings/tokens.html",
            tokens=api_tokens.listed(database, me(database), now=now),
            text=text,
            trouble=trouble,
            done=request.args.get("done", ""),
            given=request.form if trouble else {},
            chosen=request.form.getlist("scope") if trouble else [Scope.AWARDS_READ],
            scopes=WORDS,
            now=now,
            longest_name=api_tokens.MAX_NAME,
            first_day=now.date(),
            usual_day=now.date() + USUAL,
            last_day=now.date() + api_tokens.LONGEST - timedelta(days=1),
        )
    return make_response(html, status)


def _end_of(text: str) -> datetime:
    """Return the end of a day in UTC; raise `InvalidInputError` for what is none."""
    try:
        return datetime.combine(date.fromisoformat(text), END, tzinfo=UTC)
    except ValueError as error:
        raise InvalidInputError("end: needs a day like 2026-03-01") from error
