# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links that people hand in, as machines write them: what stands in a badge is read by others."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from issuer.services.findings import web_link
from openbadges.models.kinds import is_url

#: What an address is written with; everything else is escaped, so that it is one for machines too.
IN_ADDRESS = "!$%&'()*+,/:;=?@~"
BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def address_of(link: str, longest: int) -> str:
    """Return a link as machines write it, or nothing where it is none that others can follow."""
    if len(link) > longest or not web_link(link) or "\\" in link:
        return ""
    try:
        parts = urlsplit(link)
        if parts.username is not None or parts.password is not None:
            return ""
        name = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # UnicodeError is one
        return ""
    host = f"[{name}]" if ":" in name else name
    escaped = {
        name: quote(BARE_PERCENT.sub("%25", getattr(parts, name)), safe=IN_ADDRESS)
        for name in ("path", "query", "fragment")
    }
    address = parts._replace(netloc=f"{host}{port}", **escaped).geturl()
    return address if is_url(address) else ""
