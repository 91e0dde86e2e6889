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
from openbadges.vocabulary import (
    ASSERTION,
    CLASSES,
    CONTEXT,
    ENDORSEMENT,
    EXTENSION,
    REVOCATION_LIST,
)

if TYPE_CHECKING:
    from openbadges.jsonld.loading import Load

_CORE: Final = core_terms()
# A language beside the context, as the examples of the specification have it, is no JSON-LD.
_LANGUAGE: Final = "urn:openbadges:language"
_PLAIN_CONTEXTS = (CONTEXT, [CONTEXT])
# Names that say the same as another; one of them is enough to write.
_ALIASES = frozenset({"hosted", "signed", "verify"})
_MANY_NODES = frozenset({"@graph", "@included"})
# What types of plain documents are; recipients have types of their own, which are terms as well.
_PLAIN_TYPES = (CLASSES - {EXTENSION}) | {"email", "url", "telephone"}
_NAMESPACES: Final = {
    f"{term}:": str(iri) for term, iri in _CORE.items() if str(iri)[-1:] in ("#", "/")
}
_PREFIXES = tuple(_NAMESPACES)
# An id that has the form of a keyword is none.
_SHORT = (*_PREFIXES, "@")
_TYPED: Final = {
    term: str(meaning["@type"])
    for term, meaning in _CORE.items()
    if isinstance(meaning, dict) and "@type" in meaning
}
# The properties whose values are ids, and the id itself.
_WITH_IDS = frozenset({"id", *(term for term, kind in _TYPED.items() if kind == "@id")})
_KEYWORDS = frozenset({"id", "type"})
_NAMING = _WITH_IDS | _KEYWORDS
# The processor calls a typed property by its IRI where a value is of another type.
_TERMS: Final = {str(_CORE[term]["@id"]): term for term in _TYPED}


def is_plain(document: dict[str, Any]) -> bool:
    """Say whether a document means the same with and without JSON-LD processing.

    That is so for one that is compacted with the context of version 2.0 and no other, and holds no
    value that processing would refuse, drop or write in another way.
    """
    kind = document.get("type")
    if document.get("@context") not in _PLAIN_CONTEXTS:
        return False
    # The context has two terms for one IRI, so that the class decides what this one means ...
    if "revokedAssertions" in document and kind != REVOCATION_LIST:
        return False
    # An id that is null may be no JSON-LD; a list of revocations is the one class without need.
    if kind == REVOCATION_LIST and document.get("id", "") is None:
        return False
    return _is_plain_object(document, outermost=True)


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
    terms = {name: value for name, value in _CORE.items() if name not in _ALIASES}
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
        self._core = _CORE.keys()
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
            term: str = "@language" if member == _LANGUAGE else _TERMS.get(member, str(member))
            given = self.put_back(item, member)
            if term in _WITH_IDS and term != member and _has_text(given):
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
        if name in _WITH_IDS and value.startswith(_PREFIXES):
            # An id is known by its whole text.
            prefix, _, rest = value.partition(":")
            return _NAMESPACES[f"{prefix}:"] + rest
        return value.removeprefix(BASE)


def _is_plain_object(members: dict[str, Any], *, outermost: bool = False) -> bool:
    for name, value in members.items():
        if name == "@context":
            if value not in _PLAIN_CONTEXTS:
                return False
        elif name in _ALIASES or ":" in name or (name[:1] == "@" and name != "@language"):
            return False
        elif name in _NAMING or isinstance(value, dict | list):
            # What the outermost object is always matters: whoever reads it says what is wrong.
            is_read = outermost and name in _KEYWORDS and not isinstance(value, str | list)
            if not is_read and not _is_plain_value(name, value):
                return False
    return True


def _is_plain_value(name: str, value: object) -> bool:
    if isinstance(value, str):
        return _is_written_in_full(name, value)
    if name in _KEYWORDS:
        return name == "type" and value != [] and _is_plain_list(name, value)
    if not isinstance(value, dict | list):
        return True
    # ... and the other is for true and false alone.
    if name == "revoked":
        return False
    return _is_plain_object(value) if isinstance(value, dict) else _is_plain_list(name, value)


def _is_written_in_full(name: str, value: str) -> bool:
    """Say whether text is no short form, as processing reads it, of a type or an id."""
    if name == "type":
        return value in _PLAIN_TYPES
    return name not in _WITH_IDS or not value.startswith(_SHORT)


def _is_plain_list(name: str, values: object) -> bool:
    """Say whether a value is a list whose members stay where they are."""
    return isinstance(values, list) and all(
        not isinstance(item, list | None) and _is_plain_value(name, item) for item in values
    )


def _has_text(value: object) -> bool:
    return any(isinstance(item, str) for item in as_list(value))


def _settle_revoked(plain: dict[str, Any]) -> None:
    """Read ``obi:revoked`` by the class: the context has two terms for that one IRI."""
    kinds = as_list(plain.get("type"))
    if {ASSERTION, ENDORSEMENT}.isdisjoint(kinds) or "revokedAssertions" not in plain:
        return
    values = [*as_list(plain.pop("revokedAssertions")), *as_list(plain.get("revoked"))]
    plain["revoked"] = values[0] if len(values) == 1 else values
