# SPDX-License-Identifier: AGPL-3.0-or-later
"""What texts of people have to be like: lines, addresses, nothing that cannot be seen."""

from __future__ import annotations

import re

from issuer.errors import InvalidInputError
from openbadges.models.kinds import is_url

MAX_LINE = 300
MAX_ADDRESS = 2000
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
#: Control characters but line breaks, and what turns the direction of all that follows.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def check_line(what: str, text: str, *, needed: bool = False, longest: int = MAX_LINE) -> None:
    """Raise `InvalidInputError` for what is no short line."""
    if len(text) > longest or UNSEEN.search(text) or "\n" in text or "\t" in text:
        raise InvalidInputError(
            "%(what)s: needs to be one line of at most %(limit)s letters", what=what, limit=longest
        )
    if needed and not text.strip():
        raise InvalidInputError("%(what)s: is needed", what=what)


def check_text(what: str, text: str, longest: int) -> None:
    """Raise `InvalidInputError` for a text that is too long or holds what cannot be seen."""
    if len(text) > longest:
        raise InvalidInputError(
            "%(what)s: needs to be at most %(limit)s letters", what=what, limit=longest
        )
    if unseen := UNSEEN.search(text):
        raise InvalidInputError(
            "%(what)s: holds %(letter)a, which cannot be seen", what=what, letter=unseen[0]
        )


def check_address(what: str, address: str) -> None:
    """Raise `InvalidInputError` for what is no address of the web."""
    check_line(what, address, longest=MAX_ADDRESS)
    if not is_url(address):
        raise InvalidInputError("%(what)s: needs to be like https://example.org/page", what=what)
