# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of an invitation: opening it shows the badge and asks; only the button claims it."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from issuer import limits
from issuer.access import MEMBER, acting, current_actor, needs
from issuer.adapters import codes
from issuer.addresses import Addresses
from issuer.errors import ConflictError, InvitationClosedError, NotFoundError, OptedOutError
from issuer.limits import limiter
from issuer.models import Person
from issuer.services import invitations, persons, visibility
from issuer.services.invitations import Closing
from issuer.site import current_site, db_session
from issuer.web.answers import told
from issuer.web.files import PNG, picture

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Assertion, Award, Invitation

blueprint = Blueprint("invitations", __name__)

#: What says that a link is closed: its heading, and why.
CLOSED = {
    Closing.EXPIRED: (
        _("This invitation has expired"),
        _("The time in which it could be used is over."),
    ),
    Closing.USED_UP: (
        _("This invitation is used up"),
        _("It was made for a certain number of people, and all of them have been here."),
    ),
    Closing.REVOKED: (
        _("This invitation was taken back"),
        _("Whoever made it, or manages the badge, closed it."),
    ),
    Closing.RETIRED: (
        _("This badge is retired"),
        _("Nobody can earn it any more; who has it keeps it."),
    ),
}
SECRET_PATH = re.compile(r"(?<!/admin)(/invitations/)[^/?\s\"\]]+")


def init_app(app: Flask) -> None:
    """Add the pages; their addresses are secrets, and stay out of the logs of the server."""
    app.register_blueprint(blueprint)
    for logger in (app.logger, logging.getLogger("werkzeug")):
        logger.addFilter(_hide)


def who() -> str:
    """Return whom an attempt is counted for: at an event hundreds come from one address."""
    username = current_actor().key
    return f"person {username}" if username else limits.caller()


@blueprint.get("/invitations/<token>")
@needs("public")
def show(token: str) -> Response:
    """Show the badge, and ask: programs that preview links open them, too."""
    session = db_session()
    return _page(session, invitations.find(session, token))


@blueprint.post("/invitations/<token>")
@needs(MEMBER)
@limiter.limit(limits.invitations, key_func=who)
def claim(token: str) -> Response:
    """Give the badge to whoever presses the button; once to each."""
    site, now = current_site(), datetime.now(UTC)
    domain = site.settings.email_domain
    try:
        with site.database.writing() as session:
            person = session.get_one(Person, acting(session).person_id)
            if request.form.get("opt_in") == "yes":
                visibility.opt_in(session, person)
            outcome = invitations.claim(session, token, person, email_domain=domain, now=now)
            target = _share_page(outcome.award)
    except (InvitationClosedError, ConflictError, OptedOutError):
        reading = db_session()
        return _page(reading, invitations.find(reading, token), refused=409)
    if not outcome.created:
        return told(gettext("You have this badge already; the invitation was not used."), target)
    text = gettext("Congratulations! This badge is yours now.")
    return told(text, target, link="#take", link_text=gettext("Take it with you"))


@blueprint.get("/invitations/<token>/qrcode")
@needs("public")
def qr_code(token: str) -> Response:
    """Answer the code of the link, as the old site did."""
    invitation = invitations.find(db_session(), token)
    if invitations.closing(invitation, now=datetime.now(UTC)):
        raise InvitationClosedError("invitation: nobody gets a badge by it any more")
    return picture(codes.png(_address(invitation)), PNG, cache="no-store")


def _page(session: Session, invitation: Invitation, refused: int = 200) -> Response:
    now = datetime.now(UTC)
    closing = invitations.closing(invitation, now=now)
    person = _viewer(session)
    award, taken_back = None, False
    if person is not None:
        try:
            award = invitations.held_by(session, invitation, person)
        except ConflictError:
            taken_back = True
    title, reason = CLOSED[closing] if closing else ("", "")
    html = render_template(
        "invitations/page.html",
        invitation=invitation,
        badge=invitation.badge,
        address=_address(invitation),
        person=person,
        award_page=_share_page(award) if award else "",
        taken_back=taken_back,
        closed_title=title,
        closed_reason=reason,
        maker=_shown(invitation.created_by),
    )
    return make_response(html, 410 if closing else refused)


def _viewer(session: Session) -> Person | None:
    try:
        person = persons.find(session, current_actor().username)
    except NotFoundError:
        return None
    return None if person.erased_at is not None else person


def _shown(person: Person | None) -> Person | None:
    """Return whom one may ask: somebody who is named on this site."""
    if person is None or person.opted_out or person.erased_at is not None:
        return None
    return person


def _share_page(award: Award) -> str:
    assertion: Assertion = next(each for each in award.assertions if each.is_default)
    return Addresses("").assertion(assertion.uuid)


def _address(invitation: Invitation) -> str:
    path = url_for("invitations.show", token=invitation.token)
    return current_site().settings.base_url + path


def _hide(record: logging.LogRecord) -> bool:
    """Leave the secret out of a line of the log, wherever in it."""
    record.msg = _without_secret(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(_without_secret(each) for each in record.args)
    return True


def _without_secret(value: object) -> object:
    return SECRET_PATH.sub(r"\1…", value) if isinstance(value, str) else value


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
