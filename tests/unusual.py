# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges of unusual content: always the same ones for the same number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from issuer.models import Assertion
from issuer.services import awards, exporting, minting, persons
from tests.issuing import BLUE, NOW, RED, give, make_badge

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from issuer.services.exporting import Exported
    from issuer.site import Site

#: Words in many scripts, from the right to the left too; signs that formats give a meaning.
WORDS = (
    "Zażółć gęślą jaźń",
    "Ελληνικά",
    "Привет мир",
    "שלום עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "გამარჯობა",
    "Բարեւ աշխարհ",
    "你好世界",
    "こんにちは",
    "안녕하세요",
    "ሰላም ልዑል",
    "வணக்கம்",
    "🏅🎉👩‍💻",
    "e\u0301\u0323",
    "a\u200fb\u200ec",
    "]]>&amp;<!--\\u0000{}%s",
    "\"quoted\" 'and' `ticks` \\",
    "line\nbreak\ttab",
    "\U00010348\U0001d11e",
    "https://example.org/?a=b&c=d#e",
)
#: An address as people paste it; machines write it otherwise.
TYPED = "https://exämple.org/a|b[1]/学?q={100%}#c#d"


@dataclass(frozen=True)
class Unusual:
    """What makes a badge and why somebody has it."""

    name: str
    facts: dict[str, Any]
    cause: awards.Cause
    picture: bytes


def unusual(number: int) -> Unusual:
    """Return the badge of that number."""
    rng = random.Random(number)  # noqa: S311 (the same for the same number)

    def words(most: int, longest: int) -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, most)))[:longest]

    return made_of(number, words, rng.randint)


def made_of(
    number: int, words: Callable[[int, int], str], between: Callable[[int, int], int]
) -> Unusual:
    """Return a badge of words and numbers that somebody else chooses."""
    one_line = " ".join(words(6, 150).split())
    alignments = tuple(
        {
            "targetName": words(3, 200),
            "targetUrl": TYPED if each == 1 else f"https://example.org/targets/{each}?q=%D7%A9#x",
            "targetDescription": words(9, 900),
        }
        for each in range(between(0, 12))
    )
    facts = {
        "slug": f"unusual-{number}",
        "legacy_id": f"unusual-{number}",
        "description": words(20, 2000),
        "criteria_text": words(between(1, 1500), 9900),
        "criteria_url": TYPED if between(0, 1) else None,
        "tags": tuple(sorted({f"{words(1, 60)} {each}" for each in range(between(0, 40))})),
        "alignments": alignments,
        "expires_after": timedelta(days=between(4000, 90_000)) if between(0, 2) else None,
    }
    evidence = [
        {
            "id": f"https://example.org/evidence/{each}?w=%E5%AD%A6&x=1",
            "name": words(3, 200),
            "narrative": words(40, 4000),
        }
        for each in range(between(0, 6))
    ]
    # What claims and forms give: a link alone, or words alone.
    evidence += [{"id": f"https://example.org/photo/{number}"}] * between(0, 1)
    evidence += [{"narrative": words(9, 400)}] * between(0, 1)
    evidence += [{"id": TYPED}] * between(0, 1)
    # Nobody could type the last; a program may say it of an award.
    evidence += [{"name": "\x01\x1f\x7f\ufffe\uffff"}] * between(0, 1)
    cause = awards.Cause(source="admin", narrative=words(60, 5000), evidence=evidence)
    return Unusual(f"{one_line} {number}"[:190], facts, cause, BLUE if between(0, 1) else RED)


def issue(
    session: Session, site: Site, badge: Unusual, username: str, address: int | None = None
) -> Exported:
    """Return a badge that was made, awarded and signed, for an address of its holder."""
    made = make_badge(session, site, badge.name, badge.picture, **badge.facts)
    award = give(session, made, username, cause=badge.cause).award
    person = persons.find(session, username)
    rows = minting.for_address(session, person, [award.id], address, now=NOW)
    (found,) = exporting.collect(session, rows, site.keys, now=NOW)
    assert session.get_one(Assertion, rows[0]).is_default == (address is None)
    return found
