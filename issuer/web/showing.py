# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the verify page shows of documents of strangers: their picture drawn anew, their text."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from issuer.adapters.pictures import redraw
from issuer.errors import InvalidInputError
from issuer.services.findings import UNPRINTABLE, identifier

if TYPE_CHECKING:
    from openbadges.verification import Report

log = logging.getLogger(__name__)

MAX_RAW = 200_000
NOT_A_LINE = re.compile(
    UNPRINTABLE.pattern.removesuffix("+").replace("\x00-\x1f", "\x00-\x09\x0b-\x1f")
)


def picture_of(report: Report, bodies: dict[str, bytes]) -> str:
    """Return the picture of a badge as an address that loads nothing; empty where there is none.

    The picture is the one that was looked at, drawn anew: no byte of the stranger's file is served.
    """
    url = identifier((report.badge or {}).get("image"))
    content = _inside(url) if url.startswith("data:") else bodies.get(url, b"")
    if not content:
        return ""
    try:
        drawn = redraw(content, "the picture of the badge")
    except InvalidInputError as error:
        log.info("%s", error)
        return ""
    return f"data:image/png;base64,{base64.b64encode(drawn).decode()}"


def raw_documents(report: Report) -> list[tuple[str, str, str]]:
    """Return kind, id and text of the documents that were judged; nothing in it can mislead."""
    kinds = [(report.subject or "Document", report.document)]
    for kind, document in (("BadgeClass", report.badge), ("Profile", report.issuer)):
        if document is not report.document:
            kinds.append((kind, document))
    return [
        (kind, identifier(document)[:300], _text(document)) for kind, document in kinds if document
    ]


def _text(document: dict[str, Any]) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    text = text if len(text) <= MAX_RAW else text[:MAX_RAW] + "\n…"
    return NOT_A_LINE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _inside(uri: str) -> bytes:
    head, _, content = uri.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(content)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return b""  # said so by the check of the picture
