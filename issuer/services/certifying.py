# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands on the certificate of a badge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from issuer.adapters.certificates import Certificate, draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from issuer.services.exporting import Exported

#: What Markdown marks; a certificate shows the words alone.
_MARKS = (
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s+", re.MULTILINE), ""),
    (re.compile(r"(\*\*|__|`)"), ""),
)
MAX_TEXT = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a certificate says beside the badge, in the language of whoever asked."""

    language: str = "en"
    eyebrow: str = "Certificate"
    awarded: str = "This badge was awarded to"
    issued: str = "Awarded on %(day)s by %(issuer)s"
    until: str = "Valid until %(day)s"
    why: str = "Why"
    criteria: str = "What it takes"
    check: str = "Check it at"
    attached: str = "The signed badge is attached to this file."
    day: Callable[[datetime], str] = lambda moment: moment.date().isoformat()


def certificate(
    badge: Exported, person: str, picture: bytes, words: Words, font_folder: Path | None
) -> bytes:
    """Return the certificate of a badge for ``person`` as PDF/A-3, the signed badge attached."""
    facts = [words.issued % {"day": words.day(badge.issued_at), "issuer": badge.issuer}]
    if badge.expires_at is not None:
        facts.append(words.until % {"day": words.day(badge.expires_at)})
    return draw(
        Certificate(
            language=words.language,
            eyebrow=words.eyebrow,
            title=badge.name,
            lead=words.awarded,
            person=person,
            about=badge.description,
            facts=tuple(facts),
            sections=(
                (words.why, _plain(badge.narrative)),
                (words.criteria, _plain(badge.criteria)),
            ),
            check=words.check,
            address=badge.address,
            attached=words.attached,
            badge=badge.carried,
            made_at=badge.made_at,
        ),
        picture,
        font_folder,
    )


def _plain(text: str) -> str:
    text = text[:MAX_TEXT]
    for pattern, instead in _MARKS:
        text = pattern.sub(instead, text)
    return text
