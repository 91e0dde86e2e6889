# SPDX-License-Identifier: AGPL-3.0-or-later
"""Says texts in a language that are English until then; `rules` makes such texts, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Text", "paragraphs", "several", "spoken"]

#: What hides, or turns the direction of what follows: a value that was typed may hold it.
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def spoken(text: object, gettext: Callable[[str], str]) -> str:
    """Return a text in the language of ``gettext``; values that are texts are said in it too."""
    if not isinstance(text, Text):
        return str(text)
    sentence = gettext(text.sentence) if text.sentence else ""
    if not text.values:
        return sentence
    return sentence % {name: _said(value, gettext) for name, value in text.values.items()}


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
        return _HIDDEN.sub(lambda found: repr(found[0])[1:-1], self)
