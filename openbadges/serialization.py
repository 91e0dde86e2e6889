# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON with limits: what leaves is deterministic, what enters is unambiguous and bounded."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, Final, NoReturn

from openbadges.errors import MalformedError

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 100
# How JSON writes a NUL, or a surrogate, which is lone unless another follows it.
_SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def dumps(document: dict[str, Any]) -> bytes:
    """Return the compact UTF-8 bytes of a document; the same document always gives the same bytes.

    Members keep their order, so that a person finds ``@context`` and ``type`` first.

    Raises `MalformedError`: the document holds what JSON cannot say, or what `loads` would
    refuse.
    """
    try:
        text = _ENCODER.encode(document)
        # In these words an SVG can hold it too: what no XML can, JSON may say by its number.
        text = text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
        data = text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("JSON text holds a lone surrogate") from error
    except (TypeError, ValueError) as error:
        raise MalformedError(f"document cannot be written as JSON: {error}") from error
    except RecursionError as error:
        raise MalformedError(f"JSON is nested deeper than {MAX_DEPTH} levels") from error
    _check(document, text)
    return data


def loads(data: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises `MalformedError`: no JSON, not UTF-8, over 1 MiB, over 64 levels deep, a member named
    twice, a number that is not finite or has over 100 digits, a lone surrogate or a NUL.
    """
    if len(data) > MAX_BYTES:
        raise MalformedError(f"JSON is larger than {MAX_BYTES} bytes")
    try:
        # Text that comes as such must be Unicode too.
        text = (data if isinstance(data, bytes) else data.encode()).decode()
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise MalformedError("JSON is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise MalformedError("JSON text holds a lone surrogate") from error
    except json.JSONDecodeError as error:
        raise MalformedError(f"no JSON: {error}") from error
    except RecursionError as error:
        raise MalformedError(f"JSON is nested deeper than {MAX_DEPTH} levels") from error
    _check(value, text)
    return value


def loads_object(data: bytes | str) -> dict[str, Any]:
    """Return the members of a JSON text that holds one object.

    Raises `MalformedError`: as `loads`, or the value is no object.
    """
    value = loads(data)
    if not isinstance(value, dict):
        raise MalformedError("JSON holds no object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # Two readers could see two different documents.
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise MalformedError(f"JSON object names {twice[:60]!r} twice")
    return members


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise MalformedError(f"JSON number has more than {MAX_DIGITS} digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if len(digits) > MAX_DIGITS or not math.isfinite(number):
        raise MalformedError("JSON number is too large or has too many digits")
    return number


def _constant(name: str) -> NoReturn:
    raise MalformedError(f"JSON does not know {name}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)


def _check(value: object, text: str) -> None:
    """Refuse depth and text that other readers would treat differently.

    Of most values their JSON text, which is Unicode, tells that nothing can be wrong with them; the
    others are walked.
    """
    may_be_deep = text.count("[") + text.count("{") > MAX_DEPTH
    if may_be_deep or ("\\u" in text and _SUSPICIOUS.search(text)):
        _walk(value)


def _walk(value: object) -> None:
    level: list[object] = [value]
    depth = 0
    while level:
        depth += 1
        deeper: list[object] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict | list | tuple):
                if depth > MAX_DEPTH:
                    raise MalformedError(f"JSON is nested deeper than {MAX_DEPTH} levels")
                deeper.extend(item)
                deeper.extend(item.values() if isinstance(item, dict) else ())
        level = deeper


def _check_text(text: str) -> None:
    if "\0" in text:
        raise MalformedError("JSON text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("JSON text holds a lone surrogate") from error
