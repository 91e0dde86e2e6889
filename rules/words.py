# SPDX-License-Identifier: AGPL-3.0-or-later
"""Texts that are English until somebody reads them in another language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Text(str):
    """A sentence with named values: a plain English string that still knows how it was made.

    Logs, JSON and the database take it as the string that it is; an edge may say it in a language.
    The sentence is what translators find, so it is written out where a `Text` is made.
    """

    __slots__ = ("sentence", "values")

    sentence: str
    values: Mapping[str, Any]

    def __new__(cls, sentence: str = "", /, **values: object) -> Text:
        """Return the English of a sentence; ``%(name)s`` in it stands for a value."""
        if isinstance(sentence, Text) and not values:
            return sentence
        made = super().__new__(cls, sentence % values if values else sentence)
        made.sentence, made.values = str(sentence), values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.sentence, self.values)


def _made(sentence: str, values: Mapping[str, Any]) -> Text:
    return Text(sentence, **values)
