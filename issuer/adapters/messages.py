# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bus messages: ours as classes that the bus can find, others turned into what rules read."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar

from fedora_messaging.message import Message as BusMessage
from fedora_messaging.message import get_class

from issuer.errors import InvalidInputError
from rules.model import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

log = logging.getLogger(__name__)

MAX_DEPTH = 64
MAX_BYTES = 4 << 20
MAX_TOPIC = 255
MAX_ID = 255
MAX_NAMES = 10_000
#: The escape of NUL in JSON text, and not a text about it: the backslash is not escaped itself.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: What no database keeps: NUL, and halves of characters.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SCHEMA_HEADER = "fedora_messaging_schema"
PACKAGE_HEADER = "fedora_messaging_schema_package"
#: What a broker adds on the way: it tells of the delivery, not of the message.
BROKER_HEADER = re.compile(r"x-(delivery-count|acquired-count|death|(first|last)-death-.*)")


class BadgeRevokeV1(BusMessage):
    """A badge was taken back from its holder."""

    topic = "badges.badge.revoke"
    body_schema: ClassVar[dict[str, Any]] = {
        "id": "https://docs.fedoraproject.org/accolades/badge-revoke-v1.json",
        "$schema": "http://json-schema.org/draft-04/schema#",
        "description": "Sent when a badge is revoked",
        "type": "object",
        "properties": {
            "badge": {
                "type": "object",
                "properties": {
                    "badge_id": {"type": "string"},
                    "name": {"type": "string"},
                    "description": {"type": "string"},
                    "image_url": {"type": "string"},
                },
                "required": ["badge_id", "name", "description", "image_url"],
            },
            "user": {
                "type": "object",
                "properties": {
                    "username": {"type": "string"},
                    "badges_user_id": {"type": "integer"},
                },
                "required": ["username", "badges_user_id"],
            },
            "reason": {"type": "string"},
        },
        "required": ["badge", "user", "reason"],
    }

    @property
    def app_name(self) -> str:
        """The application that sends."""
        return "Accolades"

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"{self.body['user']['username']} lost the badge {self.body['badge']['name']}"

    def __str__(self) -> str:
        """Give the whole story."""
        return f"{self.summary}: {self.body['reason']}"

    @property
    def usernames(self) -> list[str]:
        """The person whose badge it was."""
        return [self.body["user"]["username"]]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message ready to be processed, and the people that the archive keeps with it."""

    message: Message
    users: tuple[str, ...]


def from_bus(message: BusMessage, *, require_schema: bool = False) -> Incoming:
    """Turn a message of the bus into what rules read.

    Raises `InvalidInputError` for one that can never be processed, and with ``require_schema`` for
    one whose class is not installed: who is named in it cannot be told.
    """
    if require_schema:
        _ensure_installed(message)
    names = _names(message)
    return _incoming(
        identifier=message.id,
        topic=message.topic,
        body=message.body,
        sent_at=_moment((message._headers or {}).get("sent-at")),  # noqa: SLF001 -- no other way
        headers=_as_json(sent_headers(message._headers or {})),  # noqa: SLF001 -- no other way
        **names,
    )


def from_record(record: object) -> Incoming:
    """Turn a line of a replay file into what rules read.

    The names that it does not give are computed by the message's schema class, when that is
    installed. Raises `InvalidInputError` for a record that can never be processed.
    """
    if not isinstance(record, Mapping):
        raise InvalidInputError(
            "message: needs a JSON object, got %(kind)s", kind=type(record).__name__
        )
    headers = record.get("headers") or {}
    if not isinstance(headers, Mapping):
        raise InvalidInputError("message: headers need to be a JSON object")
    given = {
        name: record[name] for name in ("agent_name", "usernames", "packages") if name in record
    }
    if len(given) < 3:
        given = _names(_as_bus_message(record, headers)) | given
    return _incoming(
        identifier=record.get("id"),
        topic=record.get("topic"),
        body=record.get("body"),
        sent_at=_moment(record.get("timestamp") or headers.get("sent-at")),
        headers=dict(headers),
        archived=record.get("dn_users"),
        **given,
    )


def sent_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers that the sender gave: the same however often a message is delivered."""
    return {name: value for name, value in headers.items() if not BROKER_HEADER.fullmatch(name)}


def _ensure_installed(message: BusMessage) -> None:
    headers = message._headers or {}  # noqa: SLF001 -- no other way
    schema = headers.get(SCHEMA_HEADER)
    if schema is None or schema in _installed_schemas():
        return
    package = headers.get(PACKAGE_HEADER)
    where = f"install {str(package)!a:.80}" if package else "install its package"
    raise InvalidInputError(
        "message: schema %(schema).80a is not installed here: %(where)s and replay the message",
        schema=str(schema),
        where=where,
    )


def _as_json(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return headers as JSON: the broker adds times and bytes of its own to them."""
    result: dict[str, Any] = json.loads(json.dumps(dict(headers), default=str))
    return result


def _as_bus_message(record: Mapping[str, Any], headers: Mapping[str, Any]) -> BusMessage:
    schema = headers.get(SCHEMA_HEADER) or record.get("schema")
    valid = record.get("valid", True)
    body, topic = record.get("body"), record.get("topic")
    body = body if isinstance(body, Mapping) else {}
    if isinstance(schema, str) and valid and schema in _installed_schemas():
        try:
            return get_class(schema)(body=body, topic=str(topic))
        except Exception as error:  # noqa: BLE001 -- foreign code, whatever it raises
            log.warning("message of schema %s cannot be made: %r", schema, error)
    return BusMessage(body=body, topic=str(topic))


def _installed_schemas() -> frozenset[str]:
    global _schemas
    if _schemas is None:
        _schemas = frozenset(entry_points(group="fedora.messages").names)
    return _schemas


_schemas: frozenset[str] | None = None


def _names(message: BusMessage) -> dict[str, Any]:
    """Read the names of a message; a schema class may fail on a body that its schema allows."""
    names: dict[str, Any] = {}
    for name, otherwise in (("agent_name", None), ("usernames", []), ("packages", [])):
        try:
            names[name] = getattr(message, name)
        except Exception as error:  # noqa: BLE001 -- foreign code, whatever it raises
            log.warning("message %s: %s of its class fails: %r", message.id, name, error)
            names[name] = otherwise
    return names


def _incoming(
    *,
    identifier: object,
    topic: object,
    body: object,
    sent_at: datetime,
    headers: dict[str, Any],
    agent_name: object = None,
    usernames: object = (),
    packages: object = (),
    archived: object = None,
) -> Incoming:
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID:
        raise InvalidInputError("message: needs an id of 1 to %(limit)s characters", limit=MAX_ID)
    shown = f"message {identifier[:80]!a}"
    if not isinstance(topic, str) or not 0 < len(topic) <= MAX_TOPIC:
        raise InvalidInputError(
            "%(shown)s: needs a topic of 1 to %(limit)s letters", shown=shown, limit=MAX_TOPIC
        )
    if not isinstance(body, Mapping):
        raise InvalidInputError("%(shown)s: body needs to be a JSON object", shown=shown)
    for what, value in (("id", identifier), ("topic", topic), ("body", body), ("headers", headers)):
        _check(value, f"{shown}: {what}")
    names = _strings(usernames)
    users = names if archived is None else _strings(archived)
    message = Message(
        id=identifier,
        topic=topic,
        body=dict(body),
        sent_at=sent_at,
        headers=headers,
        agent_name=next(iter(_strings([agent_name])), None),
        usernames=names,
        packages=_strings(packages),
        archived_users=users,
    )
    return Incoming(message, users)


def _strings(values: object) -> tuple[str, ...]:
    """Return the names in a list; schema classes give None and numbers among them."""
    if not isinstance(values, (list, tuple, set, frozenset)):
        return ()
    names = [value for value in values if isinstance(value, str) and _is_storable(value)]
    return tuple(dict.fromkeys(name for name in names if 0 < len(name) <= MAX_TOPIC))[:MAX_NAMES]


def _check(value: object, where: str) -> None:
    """Refuse what no database keeps: too deep, too large, NUL, lone surrogates, NaN."""
    level: Sequence[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = list(_children(level))
        if not level:
            break
    else:
        raise InvalidInputError(
            "%(where)s: nested deeper than %(limit)s", where=where, limit=MAX_DEPTH
        )
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            "%(where)s: not JSON: %(reason)s", where=where, reason=error
        ) from error
    if not _is_storable(text) or NUL.search(text):
        raise InvalidInputError("%(where)s: holds a NUL or half a character", where=where)
    if len(text) > MAX_BYTES:
        raise InvalidInputError(
            "%(where)s: larger than %(limit)s characters", where=where, limit=MAX_BYTES
        )


def _children(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, Mapping):
            yield from value.values()
        elif isinstance(value, (list, tuple)):
            yield from value


def _is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def _moment(value: object) -> datetime:
    """Read a time stamp: ISO 8601, or seconds since 1970; without a zone it is UTC."""
    try:
        if isinstance(value, bool) or value is None:
            raise ValueError("there is none")
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        shown = ascii(str(value)[:60])
        raise InvalidInputError(
            "message: timestamp %(shown)s cannot be read", shown=shown
        ) from error
