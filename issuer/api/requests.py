# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may be sent to be verified, in the forms that programs send things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from openbadges.errors import MalformedError
from openbadges.serialization import MAX_BYTES, loads

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RECIPIENTS = 20
MAX_TEXT = MAX_BYTES
FORM_FIELDS = frozenset({"source", "recipient"})
DOCUMENT_MEMBERS = frozenset({"@context", "@type", "@id"})


class VerifyRequest(BaseModel):
    """What is verified, and whose it must be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    source: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | bytes | dict[str, Any]
    recipients: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]], Field(max_length=MAX_RECIPIENTS)
    ] = []


class InvalidRequestError(Exception):
    """A request that can be read, and asks for what cannot be done; one line for each mistake."""

    def __init__(self, mistakes: list[dict[str, str]]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{item['where']}: {item['what']}" for item in mistakes))


def read_request() -> VerifyRequest:
    """Return what the running request asks to verify.

    Raises `BadRequest`, `UnsupportedMediaType` and `RequestEntityTooLarge` of werkzeug, and
    `InvalidRequestError`.
    """
    if request.content_encoding:
        raise UnsupportedMediaType("The body must not be compressed.")
    reader = READERS.get(request.mimetype)
    if reader is None:
        kinds = ", ".join(sorted(READERS))
        raise UnsupportedMediaType(f"Send one of: {kinds}.")
    return reader()


def _checked(**values: Any) -> VerifyRequest:
    try:
        return VerifyRequest(**values)
    except ValidationError as error:
        raise InvalidRequestError(mistakes_of(error)) from error
    except UnicodeEncodeError as error:
        raise BadRequest("A text holds half a letter (a lone surrogate).") from error


def mistakes_of(error: ValidationError) -> list[dict[str, str]]:
    """Return each mistake with its place; what was sent is not sent back."""
    found: dict[str, dict[str, str]] = {}
    for item in error.errors(include_input=False, include_url=False):
        place = [part for part in item["loc"] if part not in SOURCE_KINDS]
        where = ".".join(ascii(str(part))[1:-1][:60] for part in place)
        found.setdefault(where, {"where": where, "what": item["msg"].removeprefix("Value error, ")})
    return list(found.values())[:MAX_RECIPIENTS]


#: How pydantic names the members of a union in the place of a mistake.
SOURCE_KINDS = frozenset({"constrained-str", "str", "bytes", "dict[str,any]"})


def _from_json() -> VerifyRequest:
    """Read the request object, or a badge document by itself."""
    body = _body()
    if len(body) > MAX_BYTES:
        raise RequestEntityTooLarge
    try:
        value = loads(body)
    except MalformedError as error:
        raise BadRequest(f"The body cannot be read: {error}.") from error
    if isinstance(value, list) or (isinstance(value, dict) and "source" not in value):
        inner = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(inner, dict) and DOCUMENT_MEMBERS & inner.keys():
            return _checked(source=inner)
    if not isinstance(value, dict):
        raise InvalidRequestError([{"where": "body", "what": "must be an object with 'source'"}])
    return _checked(**value)


def _from_form() -> VerifyRequest:
    """Read a form with a ``file`` or a ``source``, and any number of ``recipient``."""
    files = [(name, file) for name, file in request.files.items(multi=True) if file.filename]
    unknown = {name for name, _ in files} - {"file"} | request.form.keys() - FORM_FIELDS
    if unknown:
        what = "no such field: send 'file' or 'source', and 'recipient'"
        raise InvalidRequestError([{"where": ascii(min(unknown))[1:-1][:60], "what": what}])
    texts = request.form.getlist("source")
    given = [file.read() for _, file in files] + texts
    if len(given) != 1:
        what = "send one badge: either 'file' or 'source', once"
        raise InvalidRequestError([{"where": "source", "what": what}])
    return _checked(source=given[0], recipients=request.form.getlist("recipient"))


def _from_bytes() -> VerifyRequest:
    """Read the badge itself."""
    return _checked(source=_body())


def _body() -> bytes:
    body = request.get_data(cache=False)
    if not body:
        raise BadRequest("The body is empty: send a badge.")
    return body


READERS: dict[str, Callable[[], VerifyRequest]] = {
    "application/json": _from_json,
    "multipart/form-data": _from_form,
    "application/x-www-form-urlencoded": _from_form,
    "image/png": _from_bytes,
    "image/svg+xml": _from_bytes,
    "application/jose": _from_bytes,
    "application/ld+json": _from_bytes,
    "text/plain": _from_bytes,
}
