# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which documents this version reads: Open Badges 2.0, compacted with the plain 2.0 context.

Anything that only JSON-LD processing could read rightly is refused as unsupported and never
guessed at: another context may give ``issuer`` a different meaning.
"""

from __future__ import annotations

from typing import Any, Final

from openbadges.errors import MalformedError, UnsupportedError
from openbadges.models.base import type_names
from openbadges.vocabulary import ASSERTION, CONTEXT, ENDORSEMENT

_ONLY: Final = "this version reads Open Badges 2.0 only"
# A language beside the context, as the examples of the specification have it, changes no meaning.
_HARMLESS_KEYWORDS = frozenset({"@context", "@language"})


class NotABadgeError(MalformedError):
    """What was handed in is not the award of a badge at all."""


def check_form(document: dict[str, Any]) -> None:
    """Refuse a document that has to be processed as JSON-LD before its members mean anything.

    Raises `UnsupportedError`: its context is not exactly the one of version 2.0, or members have
    names that only another context or JSON-LD itself explains.
    """
    if not is_plain_context(document.get("@context")):
        raise UnsupportedError(f"{_ONLY}, with its context and no other; {_context(document)}")
    for name, value in document.items():
        _check_member(name, value)


def check_is_assertion(document: dict[str, Any]) -> None:
    """Refuse what is no assertion of version 2.0.

    Raises `NotABadgeError`: it is something else. Raises `UnsupportedError`: it looks like a badge
    of another version, or is an endorsement. Raises `MalformedError`: it has no sound type.
    """
    if not _names_context(document):
        if "@context" in document or {"recipient", "badge"} <= document.keys():
            raise UnsupportedError(f"{_ONLY}; {_context(document)}")
        raise NotABadgeError("JSON has no @context of Open Badges: it is no badge")
    names = type_names(document.get("type"), "Assertion")
    if ENDORSEMENT in names:
        raise UnsupportedError("this version judges assertions only, and this is an endorsement")
    if ASSERTION not in names:
        raise NotABadgeError(f"this is of type {str(names[0])[:60]} and not the award of a badge")


def is_plain_context(context: object) -> bool:
    """Say whether a context is the one of version 2.0, alone or as the only member of an array."""
    return context in (CONTEXT, [CONTEXT])


def _names_context(document: dict[str, Any]) -> bool:
    context = document.get("@context")
    return context == CONTEXT or (isinstance(context, list) and context[:1] == [CONTEXT])


def _context(document: dict[str, Any]) -> str:
    if document.get("@context") is None:
        return "the document has no @context"
    shown = str(document["@context"])
    return f"its @context is {shown[:80]}"


def _check_member(name: str, value: object) -> None:
    if name.startswith("@") and name not in _HARMLESS_KEYWORDS:
        raise UnsupportedError(f"{_ONLY} in its plain form, and the document uses {name[:60]}")
    if ":" in name:
        raise UnsupportedError(f"this version does not judge extensions such as {name[:60]}")
    if name != "@context":
        _check_value(name, value)


def _check_value(name: str, value: object) -> None:
    if isinstance(value, list):
        for item in value:
            _check_value(name, item)
    elif isinstance(value, dict):
        if not is_plain_context(value.get("@context", CONTEXT)):
            raise UnsupportedError(f"{_ONLY}; in {name[:60]}, {_context(value)}")
        for inner, deeper in value.items():
            _check_member(inner, deeper)
