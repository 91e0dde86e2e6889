# SPDX-License-Identifier: AGPL-3.0-or-later
"""What texts of people have to be like: lines, addresses, nothing that cannot be seen."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

from issuer.errors import InvalidInputError
from openbadges.models.kinds import is_url

MAX_LINE = 300
MAX_ADDRESS = 2000
#: A backpack that keeps addresses in a column of 254 letters breaks over a longer one (Badgr).
MAX_KEPT_ADDRESS = 254
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
MAX_NAME = 100  # of a person
#: Letters that look like nothing: a name of them alone is none.
BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")
#: Control characters but line breaks, what turns the direction of all that follows, and what no
#: XML can hold.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
#: What an address is written with; everything else is escaped, so that it is one for machines too.
IN_ADDRESS = "!$%&'()*+,/:;=?@~"
BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def name_of(text: str) -> str:
    """Return a name on one line: each letter with its accents in it, blanks as spaces."""
    return " ".join(unicodedata.normalize("NFC", text).translate(BLANK).split())


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


def web_address(text: str, longest: int = MAX_ADDRESS) -> str:
    """Return an address of the web as machines write it, or nothing where it is none.

    People write letters, brackets and bars into addresses that the reference validator, and with
    it Badgr, refuses a whole badge for (RFC 3986).
    """
    if not text.isprintable() or " " in text or "\\" in text:
        return ""
    try:
        parts = urlsplit(text)
        if parts.username is not None or parts.password is not None:
            return ""
        name = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port is not None else ""
        escaped = {
            name: quote(BARE_PERCENT.sub("%25", getattr(parts, name)), safe=IN_ADDRESS)
            for name in ("path", "query", "fragment")
        }
    except ValueError:  # UnicodeError is one
        return ""
    host = f"[{name}]" if ":" in name else name
    address = parts._replace(netloc=f"{host}{port}", **escaped).geturl()
    is_sound = "%" not in host and len(address) <= longest and is_url(address)
    return address if is_sound else ""


def check_address(what: str, address: str, *, longest: int = MAX_ADDRESS) -> None:
    """Raise `InvalidInputError` for what is no address of the web."""
    check_line(what, address, longest=longest)
    if not web_address(address, longest):
        raise InvalidInputError("%(what)s: needs to be like https://example.org/page", what=what)
