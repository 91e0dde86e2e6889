# SPDX-License-Identifier: AGPL-3.0-or-later
"""The direct path: documents that mean the same with and without the JSON-LD processor.

Most documents of version 2.0 are such. A property test holds the two ways of reading together.
"""

from __future__ import annotations

from typing import Any

from openbadges.jsonld.terms import ALIASES, PREFIXES, WITH_IDS
from openbadges.vocabulary import CLASSES, CONTEXT, EXTENSION, REVOCATION_LIST

_PLAIN_CONTEXTS = (CONTEXT, [CONTEXT])
# What types of plain documents are; recipients have types of their own, which are terms as well.
_PLAIN_TYPES = (CLASSES - {EXTENSION}) | {"email", "url", "telephone"}
_KEYWORDS = frozenset({"id", "type"})
_NAMING = WITH_IDS | _KEYWORDS
# An id that has the form of a keyword is none.
_SHORT = (*PREFIXES, "@")


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


def _is_plain_object(members: dict[str, Any], *, outermost: bool = False) -> bool:
    for name, value in members.items():
        if name == "@context":
            if value not in _PLAIN_CONTEXTS:
                return False
        elif name in ALIASES or ":" in name or (name[:1] == "@" and name != "@language"):
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
    return name not in WITH_IDS or not value.startswith(_SHORT)


def _is_plain_list(name: str, values: object) -> bool:
    """Say whether a value is a list whose members stay where they are."""
    return isinstance(values, list) and all(
        not isinstance(item, list | None) and _is_plain_value(name, item) for item in values
    )
