# SPDX-License-Identifier: AGPL-3.0-or-later
"""Extensions: objects with a context of their own, checked against the schema that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from openbadges.contexts import core_terms, well_known
from openbadges.errors import MalformedError, UnsupportedError
from openbadges.jsonld.engine import compact, expand
from openbadges.jsonld.loading import as_list, gather
from openbadges.jsonld.schemas import check_schema, size
from openbadges.vocabulary import CONTEXT, EXTENSION

if TYPE_CHECKING:
    from openbadges.jsonld.loading import Load

MAX_EXTENSIONS: Final = 20
MAX_VALUES: Final = 1000
_CLASS_NAMES = (EXTENSION, "obi:Extension", "https://w3id.org/openbadges#Extension")
_VALIDATION = ("obi:validation", "validation", "https://w3id.org/openbadges#validation")
_TYPE = ("obi:validatesType", "validatesType", "https://w3id.org/openbadges#validatesType")
_SCHEMA = (
    "obi:validationSchema",
    "validationSchema",
    "https://w3id.org/openbadges#validationSchema",
)


def check_extensions(document: dict[str, Any], load: Load) -> list[str]:
    """Return the types of the extensions in a plain document; all of them hold what they must.

    `load` brings contexts and schemas that are not well known. An extension whose context names no
    schema has nothing to hold to (Open Badges 2.0, Extensions: validation is optional).

    Raises `MalformedError`: an extension has no context of its own, is of a type that its context
    does not know, or breaks its schema. Raises `UnsupportedError`: there are too many, or they are
    too large. Raises what `load` raises.
    """
    found: list[dict[str, Any]] = []
    _find_extensions(document, found)
    if not found:
        return []
    if len(found) > MAX_EXTENSIONS or sum(size(node) for node in found) > MAX_VALUES:
        raise UnsupportedError(
            f"the document has more than {MAX_EXTENSIONS} extensions, or more than {MAX_VALUES} "
            "values in them"
        )
    return [_check(node, load) for node in found]


def _find_extensions(value: dict[str, Any] | list[Any], found: list[dict[str, Any]]) -> None:
    if isinstance(value, dict):
        kind = value.get("type", value.get("@type"))
        # Most types are one name.
        if kind in _CLASS_NAMES or (isinstance(kind, list) and _names_extension(kind)):
            found.append(value)
        items = [item for name, item in value.items() if name != "@context"]
    else:
        items = value
    for item in items:
        if isinstance(item, dict | list):
            _find_extensions(item, found)


def _names_extension(kinds: list[Any]) -> bool:
    return any(name in _CLASS_NAMES for name in kinds)


def _types(node: dict[str, Any]) -> list[Any]:
    return as_list(node.get("type", node.get("@type")))


def _check(node: dict[str, Any], load: Load) -> str:
    shown = ", ".join(str(name)[:80] for name in _types(node) if name not in _CLASS_NAMES)
    where = f"extension {shown or 'without a type of its own'}"
    own = as_list(node.get("@context"))
    if not own:
        raise MalformedError(f"{where} has no @context of its own")
    # Inside an extension its own context decides, even about words that the core has too.
    contexts = gather(node, load) | {CONTEXT: {"@context": core_terms()}}
    whole = {**node, "@context": [CONTEXT, *own]}
    rules = [
        (url, rule)
        for url in own
        if isinstance(url, str)
        for name in _VALIDATION
        for rule in as_list(contexts[url].get(name))
    ]
    if rules:
        _check_rules(whole, rules, contexts, where, load)
    return shown


def _check_rules(
    whole: dict[str, Any],
    rules: list[tuple[str, Any]],
    contexts: dict[str, Any],
    where: str,
    load: Load,
) -> None:
    kinds = _iris(whole, _types(whole), contexts)
    schemas = [
        (_member(rule, _SCHEMA), well_known(url) is not None)
        for url, rule in rules
        if kinds & _iris(whole, [_member(rule, _TYPE)], contexts)
    ]
    if not schemas:
        raise MalformedError(f"{where} is of a type that its context does not know")
    for url, trusted in schemas:
        schema = well_known(url) or load(url)
        # The schema is written for the names of the extension's context. Most documents use them;
        # one that does not is brought into that form, which also unwraps arrays of one.
        given = {name: value for name, value in whole.items() if name != "@context"}
        try:
            check_schema(given, schema, trusted=trusted, where=where)
        except MalformedError:
            other = compact(whole, {"@context": whole["@context"]}, contexts)
            check_schema(other, schema, trusted=trusted, where=where)


def _member(rule: object, names: tuple[str, ...]) -> str:
    values = [rule[name] for name in names if name in rule] if isinstance(rule, dict) else []
    if len(values) != 1 or not isinstance(values[0], str):
        raise MalformedError("an extension's context describes its validation in an unknown way")
    return values[0]


def _iris(whole: dict[str, Any], names: list[Any], contexts: dict[str, Any]) -> set[str]:
    """Return the IRIs that type names stand for, without the class of all extensions."""
    found = expand({"@context": whole["@context"], "@type": names, "@id": "urn:x"}, contexts)
    return set(found[0].get("@type", [])) - set(_CLASS_NAMES) if found else set()
