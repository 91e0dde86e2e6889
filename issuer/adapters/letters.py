# SPDX-License-Identifier: AGPL-3.0-or-later
"""A message as it came over the wire, in a form that can be kept, read, and opened again."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema
import pika
from fedora_messaging.exceptions import ValidationError
from fedora_messaging.message import get_message

from issuer.adapters.messages import MAX_BYTES, sent_headers
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from fedora_messaging.message import Message

#: Bytes of a body that are looked at; a larger one is no message but an accident or an attack.
MAX_BODY = 2 * MAX_BYTES
#: Bytes that are kept of a larger one.
MAX_CUT = 1 << 16
MAX_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the broker delivered."""

    id: object
    topic: str
    headers: Mapping[str, Any] | None
    encoding: str | None
    body: bytes

    @classmethod
    def of(cls, message: Message) -> Letter:
        """Return the letter that a message was; raise `InvalidInputError` if it has no JSON."""
        properties = message._properties  # noqa: SLF001 -- no other way
        try:
            body = json.dumps(message.body, default=repr).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInputError("message: a body that cannot be written as JSON") from error
        return cls(
            id=properties.message_id,
            topic=message.topic,
            headers=properties.headers,
            encoding="utf-8",
            body=body,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, the body in a form that people can read where it has one."""
        headers = None if self.headers is None else sent_headers(self.headers)
        shown = {"id": self.id, "topic": self.topic, "headers": headers}
        if len(self.body) > MAX_BODY:
            begin = base64.b64encode(self.body[:MAX_CUT]).decode()
            return {**shown, "encoding": self.encoding, "size": len(self.body), "begin": begin}
        try:
            text = json.loads(self.body.decode("utf-8"))
            json.dumps(text)
        except (ValueError, RecursionError):
            raw = base64.b64encode(self.body).decode()
            return {**shown, "encoding": self.encoding, "base64": raw}
        return {**shown, "encoding": self.encoding, "body": text}

    @classmethod
    def from_dict(cls, kept: object) -> Letter:
        """Return what `to_dict` wrote; raise `InvalidInputError` for anything else."""
        if not isinstance(kept, Mapping) or not ("body" in kept or "base64" in kept):
            raise InvalidInputError("message: was not kept whole: it cannot be tried again")
        try:
            body = (
                json.dumps(kept["body"]).encode()
                if "body" in kept
                else base64.b64decode(kept["base64"], validate=True)
            )
        except (TypeError, ValueError, binascii.Error) as error:
            raise InvalidInputError(f"message: was not kept whole: {error}") from error
        return cls(
            id=kept.get("id"),
            topic=str(kept.get("topic", "")),
            headers=kept.get("headers"),
            encoding="utf-8" if "body" in kept else kept.get("encoding"),
            body=body,
        )

    def open(self) -> Message:
        """Return the message, checked against its schema; raise `InvalidInputError` for none."""
        if len(self.body) > MAX_BODY:
            raise InvalidInputError(f"message: body of {len(self.body)} bytes, at most {MAX_BODY}")
        headers = None if self.headers is None else dict(self.headers)
        properties = pika.BasicProperties(
            message_id=self.id, headers=headers, content_encoding=self.encoding
        )
        try:
            return get_message(self.topic, properties, self.body)
        except Exception as error:
            # Hostile bytes and classes of others, and the library foresees few of its errors.
            raise InvalidInputError(f"message: cannot be read: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Return in few words why a message cannot be read: an error may quote all of it."""
    if isinstance(error, ValidationError) and error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    if isinstance(error, jsonschema.ValidationError):
        where = "/".join(str(part) for part in list(error.absolute_path)[:8])
        return f"{where or 'body'}: {error.message:.{MAX_TEXT}}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return f"not {error.encoding}: {error.reason} at byte {error.start}"
    return f"{type(error).__name__}: {error!s:.{MAX_TEXT}}"
