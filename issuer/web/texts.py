# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns what people wrote into what a page may show, and values into words."""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime
from functools import lru_cache
from urllib.parse import urlsplit

import nh3
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent
from markdown_it import MarkdownIt
from markupsafe import Markup

from issuer.web.languages import locale

MAX_MARKDOWN = 20_000
TONES = 6
#: Shares below are told with a digit more, and no smaller ones.
FINE_BELOW = 0.1
LEAST_SHARE = 0.001
#: What a text may hold. No pictures: they would load from elsewhere.
ALLOWED = {"p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 12}).disable(["image"])


def markdown(text: str) -> Markup:
    """Return Markdown as HTML that can neither run, load, nor look like a part of the page."""
    html = _markdown.render(text[:MAX_MARKDOWN])
    for heading in HEADINGS:
        html = html.replace(f"<{heading}>", "<p><strong>")
        html = html.replace(f"</{heading}>", "</strong></p>")
    clean = nh3.clean(
        html,
        tags=ALLOWED,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )
    return Markup(clean)  # noqa: S704 (cleaned in the line before)


def web_address(value: str | None) -> str:
    """Return an address that a link may lead to, and nothing for any other."""
    try:
        parts = urlsplit(value or "")
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return ""
    return (value or "") if usable else ""


def host(address: str) -> str:
    """Return the host of an address, to tell where a link leads."""
    return (urlsplit(address).hostname or "").removeprefix("www.")


def day(moment: date, short: bool = False) -> str:
    """Return a day as people write it: 3 November 2026, or 3 Nov 2026."""
    return _day(moment.year, moment.month, moment.day, "medium" if short else "long", locale())


@lru_cache(maxsize=4096)
def _day(year: int, month: int, number: int, length: str, locale: str) -> str:
    """Write a day; lists name the same ones again and again."""
    return format_date(date(year, month, number), length, locale=locale)


def month(moment: date) -> str:
    """Return a month as people write it: November 2026."""
    return format_skeleton("yMMMM", moment, locale=locale())


def moment(value: datetime) -> str:
    """Return a moment as people write it, in UTC: 3 Nov 2026, 14:05 UTC."""
    written = format_datetime(value.astimezone(UTC), "d MMM y, HH:mm", locale=locale())
    return f"{written} UTC"


def instant(moment: date) -> str:
    """Return a day or moment as programs read it: HTML knows no fraction but of three digits."""
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else str(moment)


def number(value: float) -> str:
    """Return a number with its thousands apart."""
    return _number(value, locale())


@lru_cache(maxsize=4096)
def _number(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)


def percent(share: float) -> str:
    """Return a share in percent; a small one keeps the digit that tells it from nothing."""
    spoken = _parsed(locale())
    pattern = spoken.percent_formats[None].pattern
    fine = pattern.replace("##0", "##0.#")
    if 0 < share < LEAST_SHARE:
        return f"< {format_percent(LEAST_SHARE, fine, locale=spoken)}"
    return format_percent(share, fine if share < FINE_BELOW else pattern, locale=spoken)


def counted(value: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 badge, 2 badges."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """Return one or two letters that stand for a name."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def tone(name: str) -> int:
    """Return which of the avatar colours a name has, always the same."""
    return zlib.crc32(name.encode()) % TONES


@lru_cache(maxsize=16)
def _parsed(locale: str) -> Locale:
    return Locale.parse(locale)


def flatten_errors(errors: object) -> list[str]:
    """Return what is wrong with a field of a form, and with the fields inside it, as one list."""
    if isinstance(errors, dict):
        return [text for each in errors.values() for text in flatten_errors(each)]
    if isinstance(errors, list | tuple):
        return [text for each in errors for text in flatten_errors(each)]
    return [str(errors)]
