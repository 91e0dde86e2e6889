# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the wide pictures; the font has Latin letters, so other scripts need a stand-in."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from issuer.adapters.pictures import has_letters
from issuer.adapters.posters import Poster
from issuer.services.findings import clean
from issuer.site import current_site, live

if TYPE_CHECKING:
    from datetime import datetime

    from issuer.models import Badge
    from issuer.services.cards import AssertionPage

MAX_TITLE = 160
MAX_LINE = 120


def poster_of_award(page: AssertionPage, now: datetime) -> Poster:
    """Return what the picture of an award says; it names nobody who is hidden."""
    award, told = page.award, page.told
    stamp, tone = "", ""
    if award.revoked_at is not None:
        stamp, tone = f"Revoked on {plain_day(award.revoked_at)}", "bad"
    elif told.expires_at is not None and told.is_expired(now):
        stamp, tone = f"Expired on {plain_day(told.expires_at)}", "warn"
    person = page.person
    return Poster(
        eyebrow="Awarded badge",
        title=_title(told.name, page.badge.slug),
        line=f"to {_drawn(person.name, person.username)}" if person else "",
        notes=(
            plain_day(told.issued_at),
            f"Issued by {_drawn(told.issuer, page.issuer.slug)}",
        ),
        site=_site(),
        stamp=stamp,
        tone=tone,
    )


def poster_of_badge(badge: Badge) -> Poster:
    """Return what the picture of a badge says."""
    return Poster(
        eyebrow="Badge",
        title=_title(badge.name, badge.slug),
        line=_drawn(badge.description, ""),
        notes=(f"Issued by {_drawn(badge.issuer.name, badge.issuer.slug)}",),
        site=_site(),
    )


def plain_day(moment: datetime) -> str:
    """Return a day in English: what is shown elsewhere is the same for whoever asks."""
    return f"{moment.day} {moment:%B %Y}"


def broken(text: str, width: int, most: int) -> list[str]:
    """Return a text in at most so many lines of about this many letters, its beginning at least."""
    width = round(width / max(1.0, sum(map(_room, text)) / max(1, len(text))))
    # With ``max_lines`` a last word without an end would be left out whole.
    lines = textwrap.wrap(text, width) or [""]
    if len(lines) > most:
        lines[most - 1 :] = [f"{lines[most - 1][: width - 1].rstrip()}…"]
    return lines


def _room(sign: str) -> float:
    """Return how much room a sign takes, in letters: those of Chinese and pictures are wide."""
    if east_asian_width(sign) in "WF":
        return 2.0
    return 1.4 if sign.isupper() or sign in "mw@%" else 1.0


def _title(name: str, slug: str) -> str:
    return _drawn(name, slug.replace("-", " ").capitalize(), MAX_TITLE)


def _site() -> str:
    settings = current_site().settings
    return _drawn(live().site_name, settings.base_url.partition("//")[2])


def _drawn(text: str, instead: str, longest: int = MAX_LINE) -> str:
    """Return a text that can be painted: itself, or what stands for it."""
    text = clean(text, longest)
    return text if has_letters(text) else instead
