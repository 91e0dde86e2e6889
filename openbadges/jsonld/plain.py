# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns any lawful JSON-LD form of a badge document into the plain one (JSON-LD 1.1, Compaction).

Core terms keep their meaning whatever contexts say. Only objects that the core knows nothing of,
such as extensions, may bring a context that gives words another meaning; they are set aside while
the rest is processed, and put back as they were.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from openbadges.errors import MalformedError, UnsupportedError
from openbadges.jsonld.direct import is_plain
from openbadges.jsonld.engine import BASE, compact
from openbadges.jsonld.loading import as_list, gather
from openbadges.jsonld.terms import ALIASES, CORE, NAMESPACES, PREFIXES, TERMS, WITH_IDS
from openbadges.vocabulary import ASSERTION, CONTEXT, ENDORSEMENT

if TYPE_CHECKING:
    from openbadges.jsonld.loading import Load

# A language beside the context, as the examples of the specification have it, is no JSON-LD.
_LANGUAGE: Final = "urn:openbadges:language"
_MANY_NODES = frozenset({"@graph", "@included"})


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
    terms = {name: value for name, value in CORE.items() if name not in ALIASES}
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
        self._core = CORE.keys()
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
            return self._text(value, name)
        if isinstance(value, list):
            return [self.put_back(item, name) for item in value]
        if not isinstance(value, dict):
            return value
        kept = self._objects.get(str(value.get("id"))) if value.keys() == {"id"} else None
        if kept is not None and name not in self._core:
            return kept
        result: dict[str, Any] = {}
        for member, item in value.items():
            term: str = "@language" if member == _LANGUAGE else TERMS.get(member, str(member))
            given = self.put_back(item, member)
            if term in WITH_IDS and term != member and _has_text(given):
                # Text that nobody calls an id names nothing.
                term = str(member)
            result[term] = [*as_list(result[term]), *as_list(given)] if term in result else given
        return result

    def _keep(self, value: dict[str, Any]) -> str:
        identifier = f"{self._prefix}{len(self._objects)}"
        own = as_list(value["@context"])
        # Alone, the object must still know the prefixes that the document defines.
        context = [*self._outer, *own] if self._outer else value["@context"]
        self._objects[identifier] = {**value, "@context": context}
        return identifier

    def _text(self, value: str, name: str) -> str:
        if value.startswith(self._prefix):
            raise MalformedError("JSON-LD: a core property holds a context of its own")
        if name in WITH_IDS and value.startswith(PREFIXES):
            # An id is known by its whole text.
            prefix, _, rest = value.partition(":")
            return NAMESPACES[f"{prefix}:"] + rest
        return value.removeprefix(BASE)


def _has_text(value: object) -> bool:
    return any(isinstance(item, str) for item in as_list(value))


def _settle_revoked(plain: dict[str, Any]) -> None:
    """Read ``obi:revoked`` by the class: the context has two terms for that one IRI."""
    kinds = as_list(plain.get("type"))
    if {ASSERTION, ENDORSEMENT}.isdisjoint(kinds) or "revokedAssertions" not in plain:
        return
    values = [*as_list(plain.pop("revokedAssertions")), *as_list(plain.get("revoked"))]
    plain["revoked"] = values[0] if len(values) == 1 else values
