# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a service like Libravatar has a picture for an e-mail address; it is not looked at."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from issuer.adapters import patience
from issuer.adapters.places import shown
from issuer.errors import InvalidInputError, SourceAwayError

if TYPE_CHECKING:
    from issuer.config import Settings
    from openbadges.fetching import Response

ACCEPT = "image/*"
#: The smallest picture: we only ask whether there is one.
SIDE = 16
OK, MISSING = 200, 404
#: Nobody, asked for to tell a service that is away from one that cannot answer for somebody.
PROBE = hashlib.sha256(b"accolades-probe").hexdigest()


def has_picture(settings: Settings, name: str) -> bool:
    """Whether there is a picture for the SHA-256 of an address.

    Raises `SourceAwayError` when nobody answers, or not as such a service does, and
    `InvalidInputError` where only this name has no answer, or one that says neither.
    """
    try:
        return _said(_ask(settings, name))
    except SourceAwayError as error:
        # One whose picture cannot be had must not stand in the way of all who come after.
        _said(_ask(settings, PROBE))
        try:
            return _said(_ask(settings, name, tries=1))
        except SourceAwayError:
            reason = str(error).replace(name, "…")  # it could be told whose address it is
            raise InvalidInputError(f"the service of pictures: {reason}") from error


def _ask(settings: Settings, name: str, *, tries: int = patience.TRIES) -> Response:
    url = f"{settings.avatar_url.rstrip('/')}/{name}?s={SIDE}&d=404"
    return patience.fetch(settings, url, accept=ACCEPT, tries=tries)


def _said(answer: Response) -> bool:
    """Whether an answer is a picture; a page, of whoever stands in the way, is none."""
    if answer.status not in (OK, MISSING):
        raise InvalidInputError(f"the service of pictures answers with {answer.status}")
    kind = answer.content_type.partition(";")[0].strip().lower()
    is_page = answer.body.lstrip()[:1] == b"<" if not kind else not kind.startswith("image/")
    if answer.status == OK and is_page:
        raise SourceAwayError(
            f"{shown(answer.final_url)} answers with {kind or 'a page'} and no picture: "
            "check avatar_url"
        )
    return answer.status == OK
