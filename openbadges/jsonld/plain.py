# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns any lawful JSON-LD form of a badge document into the plain one (JSON-LD 1.1, Compaction).

Core terms keep their meaning whatever contexts say. Only objects that the core knows nothing of,
such as extensions, may bring a context that gives words another meaning; they are set aside while
the rest is processed, and put back as they were.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from openbadges.contexts import core_terms
from openbadges.errors import MalformedError, UnsupportedError
from openbadges.jsonld.engine import BASE, compact
from openbadges.jsonld.loading import as_list, gather
from openbadges.vocabulary import ASSERTION, CONTEXT, ENDORSEMENT

if TYPE_CHECKING:
    from openbadges.jsonld.loading import Load

# A language beside the context, as the examples of the specification have it, is no JSON-LD.
_LANGUAGE: Final = "urn:openbadges:language"
_HARMLESS = frozenset({"@context", "@language"})
# Names that say the same as another; one of them is enough to write.
_ALIASES = frozenset({"hosted", "signed", "verify"})
_MANY_NODES = frozenset({"@graph", "@included"})


def is_plain(document: dict[str, Any]) -> bool:
    """Say whether a document means the same with and without JSON-LD processing.

    That is so for one that is compacted with the context of version 2.0 and no other.
    """
    if document.get("@context") not in (CONTEXT, [CONTEXT]):
        return False
    return all(_is_plain_member(name, value) for name, value in document.items())


def to_plain(document: dict[str, Any], load: Load) -> dict[str, Any]:
    """Return the plain form of a document; one that has it already is returned as it is.

    `load` brings contexts that are not well known.

    Raises `MalformedError`: the document is no sound JSON-LD, or a context gives a core term
    another meaning. Raises `UnsupportedError`: it describes several things at once, or its
    contexts are too many. Raises what `load` raises.
    """
    if is_plain(document):
        return document
    aside = _Aside(as_list(document.get("@context"))[1:])
    rest = aside.without(document)
    terms = {name: value for name, value in core_terms().items() if name not in _ALIASES}
    result = compact(rest, terms, gather(rest, load))
    if _MANY_NODES & result.keys():
        raise UnsupportedError("the document describes several things at once (@graph)")
    plain: dict[str, Any] = aside.put_back(result)
    _settle_revoked(plain)
    return {"@context": CONTEXT, **plain}


class _Aside:
    """The objects that are set aside, each behind an id that nobody can guess."""

    def __init__(self, outer: list[Any]) -> None:
        self._outer = outer
        self._core = core_terms().keys()
        self._prefix = f"urn:openbadges:aside:{secrets.token_hex(8)}:"
        self._objects: dict[str, Any] = {}

    def without(self, value: Any, name: str = "") -> Any:
        if isinstance(value, list):
            return [self.without(item, name) for item in value]
        if not isinstance(value, dict):
            return value
        foreign = name not in self._core and name[:1] not in ("", "@")
        if foreign and "@context" in value:
            return {"@id": self._keep(value)}
        language = _LANGUAGE if "@value" not in value else "@language"
        return {
            language if member == "@language" else member: (
                item if member == "@context" else self.without(item, member)
            )
            for member, item in value.items()
        }

    def put_back(self, value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.put_back(item, name) for item in value]
        if not isinstance(value, dict):
            return value
        kept = self._objects.get(str(value.get("id"))) if value.keys() == {"id"} else None
        if kept is not None and name not in self._core:
            return kept
        return {
            "@language" if member == _LANGUAGE else member: self.put_back(item, member)
            for member, item in value.items()
        }

    def _keep(self, value: dict[str, Any]) -> str:
        identifier = f"{self._prefix}{len(self._objects)}"
        own = as_list(value["@context"])
        # Alone, the object must still know the prefixes that the document defines.
        context = [*self._outer, *own] if self._outer else value["@context"]
        self._objects[identifier] = {**value, "@context": context}
        return identifier

    def _text(self, value: str) -> str:
        if value.startswith(self._prefix):
            raise MalformedError("JSON-LD: a core property holds a context of its own")
        return value.removeprefix(BASE)


def _is_plain_member(name: str, value: object) -> bool:
    if name == "@context":
        return value in (CONTEXT, [CONTEXT])
    if ":" in name or (name.startswith("@") and name not in _HARMLESS):
        return False
    if name == "type" and any(isinstance(kind, str) and ":" in kind for kind in as_list(value)):
        # It may be another spelling of a class that has a name (JSON-LD 1.1, IRI Compaction).
        return False
    return _is_plain_value(value)


def _is_plain_value(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_plain_value(item) for item in value)
    if isinstance(value, dict):
        return all(_is_plain_member(name, item) for name, item in value.items())
    return True


def _settle_revoked(plain: dict[str, Any]) -> None:
    """Read ``obi:revoked`` by the class: the context has two terms for that one IRI."""
    kinds = as_list(plain.get("type"))
    if {ASSERTION, ENDORSEMENT}.isdisjoint(kinds) or "revokedAssertions" not in plain:
        return
    values = [*as_list(plain.pop("revokedAssertions")), *as_list(plain.get("revoked"))]
    plain["revoked"] = values[0] if len(values) == 1 else values
