# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON schemas of extensions, within bounds: a stranger wrote both the schema and the object.

A stranger's schema is checked without references that lead elsewhere and without regular
expressions, which could run without end; what is left is finite work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonschema
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from openbadges.errors import MalformedError, UnsupportedError
from openbadges.models.kinds import is_absolute
from openbadges.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SCHEMA: Final = 300
MAX_INSTANCE: Final = 500
_MAX_SHOWN = 200
_USUAL = "draft-07"
_DRAFTS: Final = {
    "draft-04": jsonschema.Draft4Validator,
    "draft-06": jsonschema.Draft6Validator,
    "draft-07": jsonschema.Draft7Validator,
}
# Regular expressions, and references of later drafts that are found while checking.
_LEFT_OUT = frozenset({"pattern", "patternProperties", "definitions", "$defs"})
_UNKNOWN = frozenset({"$dynamicRef", "$recursiveRef"})


def check_schema(instance: Any, schema: Any, *, trusted: bool, where: str) -> None:
    """Refuse an object that breaks a JSON schema.

    Raises `MalformedError`: it does; the text says where. Raises `UnsupportedError`: the schema is
    none, asks for what is not known here, or is too large.
    """
    if not trusted and size(instance) > MAX_INSTANCE:
        raise UnsupportedError(f"{where} is larger than {MAX_INSTANCE} values")
    try:
        error = _first_error(instance, schema if trusted else _Inliner(schema).inlined(schema))
    except jsonschema.SchemaError as broken:
        raise UnsupportedError(f"{where} has a schema that is none") from broken
    except (RecursionError, Unresolvable) as broken:
        raise UnsupportedError(f"{where} has a schema that cannot be applied") from broken
    if error is not None:
        place = "".join(f"/{part}" for part in error.absolute_path)[:_MAX_SHOWN]
        raise MalformedError(f"{where}{place}: {error.message[:_MAX_SHOWN]}")


def _first_error(instance: Any, schema: Any) -> jsonschema.ValidationError | None:
    named = str(schema.get("$schema", _USUAL)) if isinstance(schema, dict) else _USUAL
    kind = next((known for draft, known in _DRAFTS.items() if draft in named), None)
    if kind is None:
        raise UnsupportedError(f"an extension's schema is of an unknown draft: {named[:80]}")
    kind.check_schema(schema)
    # An empty registry: nothing is ever fetched for a reference.
    validator = kind(schema, registry=Registry(), format_checker=_FORMATS)
    error: jsonschema.ValidationError | None = best_match(validator.iter_errors(instance))
    return error


def size(value: object) -> int:
    """Return how many values a JSON value consists of."""
    if isinstance(value, dict):
        return 1 + sum(size(item) for item in value.values())
    return 1 + sum(size(item) for item in value) if isinstance(value, list) else 1


class _Inliner:
    """Puts what a local reference names in its place, so that every part is checked once."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._count = 0

    def inlined(self, schema: Any) -> Any:
        self._count += 1
        if self._count > MAX_SCHEMA:
            raise UnsupportedError(f"an extension's schema is larger than {MAX_SCHEMA} values")
        if isinstance(schema, list):
            return [self.inlined(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if _UNKNOWN & schema.keys():
            raise UnsupportedError("an extension's schema refers to others in an unknown way")
        if isinstance(schema.get("$ref"), str):
            return self.inlined(self._target(schema["$ref"]))
        return {name: self.inlined(item) for name, item in schema.items() if name not in _LEFT_OUT}

    def _target(self, reference: str) -> Any:
        target = self._root
        start, *parts = reference.split("/")
        for part in parts:
            name = part.replace("~1", "/").replace("~0", "~")
            target = target.get(name) if isinstance(target, dict) else None
        if start != "#" or target is None:
            raise UnsupportedError(f"an extension's schema refers to {reference[:80]!r}")
        return target


def _checker(test: Callable[[str], object]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return not isinstance(value, str) or test(value) is not False

    return check


_FORMATS = jsonschema.FormatChecker(formats=())
for _name in ("uri", "url"):
    _FORMATS.checks(_name)(_checker(is_absolute))
_FORMATS.checks("date-time", raises=MalformedError)(_checker(parse_time))
