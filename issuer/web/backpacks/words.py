# SPDX-License-Identifier: AGPL-3.0-or-later
"""What became of a badge in a backpack, in plain words: what it is, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _
from markupsafe import Markup, escape

from issuer.adapters.backpacks.results import Kind, Reason
from issuer.models import PushState
from issuer.telling import marked
from issuer.words import Text

if TYPE_CHECKING:
    from issuer.models import Push


def kind_words() -> dict[str, str]:
    """Return how each kind of backpack is called."""
    return {
        Kind.BADGR: _("Badgr"),
        Kind.BADGE_CONNECT: _("Badge Connect (Open Badges 2.1)"),
        Kind.OB3: _("Open Badges 3.0"),
    }


def state_words() -> dict[str, str]:
    """Return how far a badge is."""
    return {
        PushState.WAITING: _("waiting"),
        PushState.SENT: _("sent"),
        PushState.ALREADY_THERE: _("already there"),
        PushState.REFUSED: _("refused"),
        PushState.WITHDRAWING: _("being withdrawn"),
        PushState.WITHDRAWN: _("withdrawn"),
    }


def why(push: Push) -> tuple[str, str]:
    """Return what is to be known of a badge in a backpack, and what its holder can do about it."""
    if push.reason == Reason.TAKEN_BACK:
        if push.state in {PushState.SENT, PushState.ALREADY_THERE}:
            return (
                _("The badge was revoked; this backpack cannot be asked to remove it."),
                _("Remove it there. Whoever checks it learns that it was revoked."),
            )
        return _("The badge was revoked."), ""
    is_open = push.state in {PushState.WAITING, PushState.WITHDRAWING}
    if is_open and push.reason == Reason.BROKEN:
        return _("The backpack broke on this badge. It is tried again by itself."), ""
    if push.state == PushState.WAITING and push.reason == Reason.FETCH:
        return _("The backpack could not read the badge here. It is tried again by itself."), ""
    return _refusals().get(push.reason or "", ("", ""))


def answered(answer: str) -> Markup:
    """Return what a backpack said, as its own words, or our sentence about its answer."""
    if isinstance(answer, Text):
        return marked(answer)
    return escape(_("The backpack said:")) + " " + marked(answer)


def _refusals() -> dict[str, tuple[str, str]]:
    again = _("Then choose “Try again”.")
    return {
        Reason.RECIPIENT: (
            _("The backpack does not know the address for which the badge is made out."),
            _(
                "Add that address to your account there and confirm it, or choose here another of "
                "your addresses for this backpack."
            )
            + f" {again}",
        ),
        Reason.REVOKED: (_("The badge was revoked."), ""),
        Reason.EXPIRED: (
            _("The badge has expired, and this backpack takes no badge that has."),
            _("You can still download it."),
        ),
        Reason.TOO_NEW: (
            _("The backpack takes the badge for one of the future: its clock is behind."),
            _("Choose “Try again” in a few minutes."),
        ),
        Reason.FETCH: (
            _("The backpack could not read the badge from this site."),
            _("Tell those who run this site. When they have mended it, choose “Try again”."),
        ),
        Reason.SIGNATURE: (
            _("The backpack does not accept the signature of the badge."),
            _("Tell those who run this site."),
        ),
        Reason.SCOPE: (
            _("The backpack finds that the badge and its issuer are at different places."),
            _("Tell those who run this site."),
        ),
        Reason.PICTURE: (
            _("The backpack cannot use the picture of the badge."),
            _("Download the badge as PNG and upload it there; and tell those who run this site."),
        ),
        Reason.INVALID: (
            _("The backpack finds a mistake in the badge."),
            _("Tell those who run this site."),
        ),
        Reason.ACCOUNT: (
            _("Your account there has no confirmed address yet."),
            _("Open the letter that the backpack sent you, and confirm your address.")
            + f" {again}",
        ),
        Reason.FORBIDDEN: (
            _("The backpack does not let this site add badges."),
            _("Connect it once more and allow everything that is asked.") + f" {again}",
        ),
        Reason.BROKEN: (
            _("The backpack broke on this badge again and again."),
            _("Choose “Try again” another day, or download the badge and upload it there."),
        ),
        Reason.AWAY: (
            _("The backpack was away for days."),
            _("Choose “Try again” when it is back."),
        ),
        Reason.OTHER: (
            _("The backpack refuses the badge for a reason of its own."),
            _("Download the badge as PNG and upload it there."),
        ),
        Reason.PENDING: (
            _("It is there, but hidden: the backpack knows your address, and nobody confirmed it."),
            _("Confirm the address in your account there."),
        ),
    }
