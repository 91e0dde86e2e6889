# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the plain values of a rule; each function raises `DefinitionError` with the place."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rules.model import Series
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Collection

    from rules.documents import Node

MAX_TEXT = 20_000
MAX_NAME = 200
MAX_SLUG = 100
MAX_TAGS = 50
MAX_TAG = 50
MAX_POINTS = 1_000_000
MAX_LEVEL = 1_000
MAX_DAYS = 36_500

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NOT_SLUG = re.compile(r"[^a-z0-9]+")
SPAN = re.compile(r"(\d{1,6}) *(hour|day|week|year)s?")
DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "year": 365}
#: What fedbadges drops from a name to make the id of a badge.
DROPPED = str.maketrans({" ": "-", **dict.fromkeys("\"'()*&?")})


def mapping(node: Node, name: str) -> dict[str, Node]:
    """Return a mapping."""
    if not isinstance(node.value, dict):
        raise node.refused(
            Text("%(name)s must be a mapping", name=name), Text("write `key: value` below it")
        )
    return node.value


def only_known(found: dict[str, Node], known: Collection[str]) -> list[Node]:
    """Return the keys that are not known."""
    return [value.key for key, value in found.items() if key not in known and value.key]


def suggestion(key: str, known: Collection[str]) -> str:
    """Return what to do about an unknown key."""
    close = get_close_matches(key, known, n=1)
    return (
        Text("did you mean %(name)s?", name=close[0])
        if close
        else Text("use %(names)s", names=", ".join(sorted(known)))
    )


def text(node: Node, name: str, *, longest: int = MAX_TEXT) -> str:
    """Return a text that is not empty."""
    if not isinstance(node.value, str) or not node.value.strip():
        raise node.refused(
            Text("%(name)s must be a text", name=name), Text('write `%(name)s: "..."`', name=name)
        )
    if len(node.value) > longest:
        raise node.refused(
            Text("%(name)s is too long", name=name),
            Text("use at most %(limit)s characters", limit=longest),
        )
    return node.value.strip()


def text_or_empty(node: Node, name: str) -> str:
    """Return a text; nothing is the empty text."""
    return "" if node.value is None or node.value == "" else text(node, name)


def badge_id(name: str) -> str:
    """Return the id that fedbadges makes from the name of a badge."""
    return name.lower().translate(DROPPED)


def slug_of(name: str) -> str:
    """Return the address part that we make from a name: a-z, 0-9 and single hyphens; or nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return NOT_SLUG.sub("-", plain.replace("'", "")).strip("-")[:MAX_SLUG].strip("-")


def slug(node: Node, name: str) -> str:
    """Return an explicit slug."""
    value = text(node, name, longest=MAX_SLUG)
    if not SLUG.fullmatch(value):
        raise node.refused(
            Text("%(name)s %(value)r is not an address part", name=name, value=value),
            Text("use a-z, 0-9 and hyphens"),
        )
    return value


def tags(node: Node, name: str) -> tuple[str, ...]:
    """Return tags, given as a list or as one text with commas."""
    if isinstance(node.value, str):
        found = [part.strip() for part in node.value.split(",")]
    elif isinstance(node.value, tuple):
        found = [text(item, "a tag", longest=MAX_TAG) for item in node.value]
    else:
        raise node.refused(
            Text("%(name)s must be a list of texts", name=name),
            Text("write `%(name)s: [one, two]`", name=name),
        )
    found = [tag for tag in dict.fromkeys(found) if tag]
    if len(found) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in found):
        raise node.refused(
            Text("%(name)s are too many or too long", name=name),
            Text("use at most %(limit)s short ones", limit=MAX_TAGS),
        )
    return tuple(found)


def truth(node: Node, name: str) -> bool:
    """Return a truth value."""
    if not isinstance(node.value, bool):
        raise node.refused(
            Text("%(name)s must be yes or no", name=name), Text("write `%(name)s: yes`", name=name)
        )
    return node.value


def whole(node: Node, name: str, *, low: int, high: int) -> int:
    """Return a whole number."""
    value = node.value
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise node.refused(
            Text("%(name)s must be a whole number", name=name),
            Text("use %(low)s to %(high)s", low=low, high=high),
        )
    return value


def span(node: Node, name: str) -> timedelta:
    """Return a span of time: a number of days, or a number with its unit."""
    value = node.value
    found = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        days = int(found[1]) * DAYS[found[2]]
    elif isinstance(value, int) and not isinstance(value, bool):
        days = value
    else:
        raise node.refused(
            Text("%(name)s must be a span of time", name=name), Text("write `90 days` or `1 year`")
        )
    if not 0 < days <= MAX_DAYS:
        raise node.refused(
            Text("%(name)s is out of range", name=name),
            Text("use up to %(limit)s days", limit=MAX_DAYS),
        )
    return timedelta(days=days)


def series(node: Node, name: str) -> Series:
    """Return the place of the badge in its series."""
    found = mapping(node, name)
    known = ("slug", "name", "level")
    for key in only_known(found, known):
        raise key.refused(
            Text("unknown key %(key)r in %(name)s", key=key.text, name=name),
            suggestion(key.text, known),
        )
    for key_name in ("name", "level"):
        if key_name not in found:
            raise node.refused(
                Text("%(name)s has no %(key_name)s", name=name, key_name=key_name),
                Text("add `%(key_name)s:`", key_name=key_name),
            )
    title = text(found["name"], "name", longest=MAX_NAME)
    own = slug(found["slug"], "slug") if "slug" in found else slug_of(title)
    if not own:
        raise node.refused(
            Text("%(name)s: no slug can be made from the name", name=name), Text("add `slug:`")
        )
    level = whole(found["level"], "level", low=1, high=MAX_LEVEL)
    return Series(slug=own, name=title, level=level)
