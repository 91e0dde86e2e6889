# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a service like Libravatar has a picture for an e-mail address; it is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.adapters import patience
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from issuer.config import Settings

ACCEPT = "image/*"
#: The smallest picture: we only ask whether there is one.
SIDE = 16
OK, MISSING = 200, 404


def has_picture(settings: Settings, name: str) -> bool:
    """Whether there is a picture for the SHA-256 of an address.

    Raises `SourceAwayError` when nobody answers, and `InvalidInputError` for an answer that says
    neither.
    """
    url = f"{settings.avatar_url.rstrip('/')}/{name}?s={SIDE}&d=404"
    status = patience.fetch(settings, url, accept=ACCEPT).status
    if status not in (OK, MISSING):
        raise InvalidInputError(f"the service of pictures answers with {status}")
    return status == OK
