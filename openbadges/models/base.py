# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all documents share: a table of properties, read and written by the same few functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from openbadges.errors import MalformedError
from openbadges.models.kinds import Kind, is_absolute, refuse
from openbadges.vocabulary import CLASSES, CONTEXT


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a class: its name in JSON, its attribute here, and what it may hold."""

    name: str
    attribute: str
    kind: Kind
    required: bool = False
    many: bool = False
    # A lone value of such a property is written bare, because consumers refuse an array.
    bare: bool = False
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An object of Open Badges 2.0; properties the standard does not name are kept in `extra`.

    ``from_dict(document.to_dict()) == document`` for every document. ``to_dict`` writes one normal
    form (one plain string as type, lists where the standard allows several values); a context or a
    type that was read in another lawful form is kept in `extra` and written as it was.
    """

    TYPES: ClassVar[tuple[str, ...]] = ()
    PROPERTIES: ClassVar[tuple[Property, ...]] = ()
    TYPE_REQUIRED: ClassVar[bool] = True

    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, document: dict[str, Any], *, where: str = "") -> Self:
        """Return the object that a JSON object describes.

        `where` names the object in errors, for one that is embedded in another.

        Raises `MalformedError`: a required property is absent or a property holds the wrong kind
        of value; the text names the property.
        """
        where = where or (cls.TYPES[0] if cls.TYPES else cls.__name__)
        if not isinstance(document, dict):
            refuse(where, "an object", document)
        rest = dict(document)
        cls._read_type(rest, where)
        values: dict[str, Any] = {}
        for item in cls.PROPERTIES:
            # What is absent keeps the default of its attribute.
            if item.name in rest or item.alias in rest:
                values[item.attribute] = _read(item, rest, where)
            elif item.required:
                raise MalformedError(f"{where}.{item.name} is missing")
        if rest.get("@context", CONTEXT) in (None, CONTEXT):
            rest.pop("@context", None)
        result = cls(extra=rest, **values)
        result.check(where)
        return result

    def to_dict(self, *, embedded: bool = False) -> dict[str, Any]:
        """Return the JSON object; one that stands alone carries the ``@context`` of version 2.0.

        Raises `MalformedError`: a value breaks the standard; the text names the property.
        """
        where = self.__class__.__name__
        extra = dict(self.extra)
        result: dict[str, Any] = {}
        context = extra.pop("@context", None if embedded else CONTEXT)
        if context is not None:
            result["@context"] = context
        kind = extra.pop("type", self.TYPES[0] if self.TYPES and self.TYPE_REQUIRED else None)
        if kind is not None:
            result["type"] = kind
        for item in self.PROPERTIES:
            _write(item, getattr(self, item.attribute), result, where)
        self.check(where)
        for name, value in extra.items():
            result.setdefault(name, value)
        return result

    def check(self, where: str) -> None:
        """Raise MalformedError where properties contradict each other; most need no rule."""

    @classmethod
    def _read_type(cls, rest: dict[str, Any], where: str) -> None:
        """Take ``type`` out of the members, unless it has a lawful form of its own."""
        if not cls.TYPES:
            return
        if rest.get("type") is None and not cls.TYPE_REQUIRED:
            rest.pop("type", None)
            return
        given = rest.get("type")
        if given == cls.TYPES[0] and cls.TYPE_REQUIRED:
            del rest["type"]
        elif not set(type_names(given, where)) & set(cls.TYPES):
            refuse(f"{where}.type", " or ".join(cls.TYPES), given)


def type_names(given: object, where: str = "document") -> list[str]:
    """Return the names in a ``type``: classes of the context, or IRIs (JSON-LD).

    Raises `MalformedError`: there is none, or one is neither a class of the context nor an IRI.
    """
    names: list[Any] = given if isinstance(given, list) else [given]
    for name in names or [None]:
        if not isinstance(name, str) or not (name in CLASSES or is_absolute(name)):
            refuse(f"{where}.type", "a class of Open Badges 2.0 or an IRI", given)
    return names


def nested(model: type[Document]) -> Kind:
    """Return the kind of a value that is an embedded object, and no mere id of one."""
    whole = _whole(model)

    def read(value: Any, where: str) -> Any:
        if isinstance(value, dict) and value.keys() == {"id"}:
            refuse(where, "an object that says more than its id", value)
        return whole.read(value, where)

    return Kind(read, whole.write)


def _whole(model: type[Document]) -> Kind:
    return Kind(
        lambda value, where: model.from_dict(value, where=where),
        lambda value, _where: value.to_dict(embedded=True),
    )


def reference(model: type[Document], identifier: Kind) -> Kind:
    """Return the kind of a value that is an id, or an embedded object.

    An object with nothing but an id says the same as the id and becomes it.
    """
    whole = _whole(model)

    def read(value: Any, where: str) -> Any:
        if isinstance(value, dict) and value.keys() == {"id"}:
            value = value["id"]
        return (
            whole.read(value, where) if isinstance(value, dict) else identifier.read(value, where)
        )

    def write(value: Any, where: str) -> Any:
        wanted = identifier if isinstance(value, str) else whole
        return wanted.write(value, where)

    return Kind(read, write)


def link(identifier: Kind) -> Kind:
    """Return the kind of a link; an object with nothing but an id says the same as the id."""

    def read(value: Any, where: str) -> Any:
        lone = isinstance(value, dict) and value.keys() == {"id"}
        return identifier.read(value["id"] if lone else value, where)

    return Kind(read, identifier.write)


def described(model: type[Document], *, bare: bool) -> Kind:
    """Return the kind of an object that may be given as its id alone.

    With `bare`, an object that knows nothing but its id is written as that id.
    """
    whole = _whole(model)

    def read(value: Any, where: str) -> Any:
        return whole.read({"id": value} if isinstance(value, str) else value, where)

    def write(value: Any, where: str) -> Any:
        members = whole.write(value, where)
        return members["id"] if bare and members.keys() == {"id"} else members

    return Kind(read, write)


def _read(item: Property, rest: dict[str, Any], where: str) -> Any:
    place = f"{where}.{item.name}"
    value = rest.pop(item.name, None)
    if item.alias and rest.get(item.alias) is not None:
        if value is not None:
            raise MalformedError(f"{where} holds both {item.name} and {item.alias}; keep one")
        value = rest.pop(item.alias)
    if not (item.many or value is None or isinstance(value, list)):
        return item.kind.read(value, place)
    # One value may be bare or in an array, null and an empty array say nothing.
    values = value if isinstance(value, list) else [] if value is None else [value]
    if item.required and (value is None or not (values or item.many)):
        raise MalformedError(f"{place} is missing")
    if item.many:
        return tuple(item.kind.read(each, place) for each in values)
    if len(values) > 1:
        raise MalformedError(f"{place} holds {len(values)} values, where one is allowed")
    return item.kind.read(values[0], place) if values else None


def _write(item: Property, value: object, result: dict[str, Any], where: str) -> None:
    place = f"{where}.{item.name}"
    if value is None or value == ():
        if item.required:
            raise MalformedError(f"{place} is missing")
    elif isinstance(value, tuple):
        written = [item.kind.write(each, place) for each in value]
        result[item.name] = written[0] if item.bare and len(written) == 1 else written
    else:
        result[item.name] = item.kind.write(value, place)
