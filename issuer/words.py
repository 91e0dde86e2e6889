# SPDX-License-Identifier: AGPL-3.0-or-later
"""Says texts in a language that are English until then; `rules` makes such texts, too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "MARK",
    "Said",
    "Text",
    "packed",
    "paragraphs",
    "several",
    "spoken",
    "unpacked",
    "visible",
]

#: What hides, or turns the direction of what follows: a value that was typed may hold it.
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


#: What `packed` begins with: nothing that a stranger says holds it.
MARK = "\x1e"
MAX_VALUE = 300


class Said(str):
    """Words of somebody else in a `Text`: nobody translates them, and pages show whose they are."""

    __slots__ = ()


def packed(text: str) -> str:
    """Return a text as a row keeps it: one that can be translated still can when it is read."""
    if isinstance(text, Text):
        return MARK + json.dumps(_packed(text), ensure_ascii=False)
    return str(text).lstrip(MARK)


def unpacked(kept: str) -> str:
    """Return the text of which `packed` made this; words that are none of ours stay plain."""
    if not kept.startswith(MARK):
        return kept
    rest = kept.removeprefix(MARK)
    try:
        read = _unpacked(json.loads(rest))
    except (ValueError, TypeError, KeyError, AttributeError):
        return rest
    return read if isinstance(read, Text) else rest


def spoken(text: object, gettext: Callable[[str], str]) -> str:
    """Return a text in the language of ``gettext``; values that are texts are said in it too."""
    if not isinstance(text, Text):
        return str(text)
    sentence = gettext(text.sentence) if text.sentence else ""
    if not text.values:
        return sentence
    return sentence % {name: _said(value, gettext) for name, value in text.values.items()}


def visible(text: str) -> str:
    """Return a text with what would hide in it, or turn what follows, written out."""
    return _HIDDEN.sub(lambda found: repr(found[0])[1:-1], text)


def several(texts: Iterable[str], between: str = "; ") -> Text:
    """Return all of some texts as one, each of them still to be translated."""
    first, *more = texts
    whole = Text(first)
    for text in more:
        whole = Text(f"%(whole)s{between}%(more)s", whole=whole, more=text)
    return whole


def paragraphs(*texts: str) -> Text:
    """Return the body of a letter; empty texts are left out."""
    return several(filter(None, texts), "\n\n")


def _said(value: object, gettext: Callable[[str], str]) -> object:
    if isinstance(value, Text):
        return spoken(value, gettext)
    return _Plain(value) if isinstance(value, str) else value


class _Plain(str):
    """A value for ``%s``, where English says ``%r``: what would hide is written out."""

    __slots__ = ()

    def __str__(self) -> str:
        return visible(self)


def _packed(value: object) -> object:
    if isinstance(value, Text):
        values = {name: _packed(each) for name, each in value.values.items()}
        return {"text": value.sentence, "values": values}
    if isinstance(value, Said):
        return {"said": value[:MAX_VALUE]}
    return value if isinstance(value, (bool, int, float)) else str(value)[:MAX_VALUE]


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "said" in value:
        return Said(value["said"])
    return Text(value["text"], **{name: _unpacked(each) for name, each in value["values"].items()})
