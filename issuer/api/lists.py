# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists that come in parts, each naming the next one; and what many answers share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import request

from issuer.api import answers
from issuer.api.programs import Argument
from issuer.api.requests import InvalidRequestError
from issuer.site import current_site

if TYPE_CHECKING:
    from issuer.models import Award, Badge

USUAL, MOST = 50, 100
#: What each list takes, for its description.
ARGUMENTS = {
    "after": Argument("Where the list goes on: as `next` names it."),
    "limit": Argument(
        f"How many at once: from 1 to {MOST}, {USUAL} where it is not named.",
        {"type": "integer", "minimum": 1, "maximum": MOST},
    ),
}


def asked() -> tuple[str, int]:
    """Return where a list is to begin and how much of it is wanted.

    Raises `InvalidRequestError` for a number that is none.
    """
    text = request.args.get("limit", str(USUAL))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST):
        what = f"must be a number from 1 to {MOST}"
        raise InvalidRequestError([{"where": "limit", "what": what}])
    return request.args.get("after", ""), int(text)


def next_part(after: str) -> str | None:
    """Return the address of the next part of the list that the request asks for."""
    if not after:
        return None
    kept = {name: value for name, value in request.args.items() if name != "after"}
    query = urlencode({**kept, "after": after})
    return f"{current_site().settings.base_url}{request.path}?{query}"


def name_of(badge: Badge) -> answers.BadgeName:
    """Return a badge as other things name it."""
    return answers.BadgeName(slug=badge.slug, name=badge.name, url=badge_url(badge))


def badge_url(badge: Badge) -> str:
    """Return the address of a badge."""
    return f"{current_site().settings.base_url}/badges/{badge.slug}"


def award_url(award: Award) -> str | None:
    """Return the address of an award: that of the assertion for the person's own address."""
    return next((each.document_id for each in award.assertions if each.is_default), None)
