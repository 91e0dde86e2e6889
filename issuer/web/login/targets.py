# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a login may lead: only to pages of this site."""

from __future__ import annotations

from urllib.parse import unquote

from issuer.errors import InvalidInputError

#: Longer targets would not fit into the cookie beside the state of the login.
LIMIT = 1024


def local_target(wanted: str | None, base_url: str) -> str:
    r"""Return the path behind ``wanted``; raise `InvalidInputError` unless it is on this site.

    Browsers drop control characters and read ``\`` as ``/``, so ``//evil``, ``/\evil`` and
    ``/<tab>/evil`` all lead to a foreign site.
    """
    if not wanted:
        return "/"
    path = wanted.removeprefix(base_url) or "/"
    if len(path) > LIMIT:  # such as a signed badge that was verified: the page itself will do
        path = path.partition("?")[0]
    plain = unquote(path)
    is_local = path.startswith("/") and not plain.startswith("//")
    if len(path) > LIMIT or not is_local or "\\" in plain or not plain.isprintable():
        raise InvalidInputError(
            "next: %(wanted)r is not a page of this site: start again from the front page",
            wanted=wanted[:80],
        )
    return path
