# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations to print: links, sheets, and their words in the language of whoever prints them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from babel.dates import format_datetime
from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from issuer.adapters import sheets
from issuer.adapters.sheets import Words
from issuer.errors import InvitationClosedError
from issuer.services import invitation_lists, invitations, publishing
from issuer.site import current_site

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Invitation


def link_to(invitation: Invitation) -> str:
    """Return the address by which a badge is claimed."""
    path = url_for("invitations.show", token=invitation.token)
    return current_site().settings.base_url + path


def sheet_of(session: Session, invitation: Invitation, paper: str, *, now: datetime) -> bytes:
    """Return a sheet as PDF: a poster of a link, or cards of the codes that are open.

    Raises `InvitationClosedError` where nothing is left to print.
    """
    batch = invitation_lists.codes(session, invitation)
    links = [link_to(each) for each in batch if invitations.closing(each, now=now) is None]
    if not links:
        raise InvitationClosedError("invitation: is closed, there is nothing to print")
    edition = publishing.newest_edition(session, invitation.badge.slug)
    art = current_site().objects.get(edition.png.sha256)
    words, paper = words_for(invitation), paper if paper in sheets.PAPERS else "a4"
    if invitation.batch:
        return sheets.cards(words, art, links, paper)
    return sheets.poster(words, art, links[0], paper)


def words_for(invitation: Invitation) -> Words:
    """Return the words of the sheets of an invitation."""
    until, locale = invitation.expires_at, get_locale()
    written = ""
    if until is not None:
        written = format_datetime(until.astimezone(UTC), "d MMM y, HH:mm", locale=locale) + " UTC"
    return Words(
        site=current_site().settings.site_name,
        title=invitation.badge.name,
        lead=invitation.badge.description,
        steps=(
            _("Scan this code with your phone."),
            _("Sign in and press the button: the badge is yours."),
        ),
        address=_("Or open this address:"),
        until=_("Until %(moment)s", moment=written) if written else "",
        language=locale.language if locale else "en",
    )
