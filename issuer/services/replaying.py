# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages out of files: read line by line, and compared with what another system awarded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_LINE = 8 << 20
Item = TypeVar("Item")


def records(
    file: IO[bytes], name: str, refuse: Callable[[InvalidInputError], None] | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield the number and the JSON value of each line that is not empty.

    A line that is too long or not JSON goes to ``refuse`` and the others are read; without
    ``refuse`` it raises `InvalidInputError`.
    """
    for number, line in _lines(file):
        try:
            value = json_value(line, f"{name}:{number}")
        except InvalidInputError as error:
            if refuse is None:
                raise
            refuse(error)
            continue
        yield number, value


def groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of ``size``, the last one shorter; none is empty."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty; of one without end no more than tells that it is."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE + 1)
        if line.strip():
            yield number, line


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def json_value(line: bytes, where: str) -> Any:
    """Return the JSON value of a text; raises `InvalidInputError` when it is too long or none."""
    if len(line) > MAX_LINE:
        raise InvalidInputError(f"{where}: longer than {MAX_LINE} bytes")
    try:
        return json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = str(error) or "nested too deep"
        raise InvalidInputError(f"{where}: not JSON: {reason}") from error


@dataclass(slots=True)
class Comparison:
    """How our awards agree with those of another system, as (message, badge, user)."""

    agreed: int = 0
    missing: list[tuple[str, str, str]] = field(default_factory=list)
    superfluous: list[tuple[str, str, str]] = field(default_factory=list)


def compare(
    expected: dict[str, set[tuple[str, str]]], got: dict[str, set[tuple[str, str]]]
) -> Comparison:
    """Compare awards by message id; user names count without case."""
    result = Comparison()
    for message_id in sorted(expected.keys() | got.keys()):
        wanted = {(badge, user.lower()) for badge, user in expected.get(message_id, ())}
        given = {(badge, user.lower()) for badge, user in got.get(message_id, ())}
        result.agreed += len(wanted & given)
        result.missing += sorted((message_id, *pair) for pair in wanted - given)
        result.superfluous += sorted((message_id, *pair) for pair in given - wanted)
    return result


def expected_awards(file: IO[bytes], name: str) -> dict[str, set[tuple[str, str]]]:
    """Read a file of awards, one message a line: ``{"id": …, "awards": [[badge, user], …]}``."""
    expected: dict[str, set[tuple[str, str]]] = {}
    for number, record in records(file, name):
        try:
            pairs = {(str(badge), str(user)) for badge, user in record["awards"]}
            expected.setdefault(str(record["id"]), set()).update(pairs)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"{name}:{number}: needs an id and a list of [badge, user]"
            ) from error
    return expected
