# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages out of files: read line by line, and compared with what another system awarded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LINE = 8 << 20


def records(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, Any]]:
    """Yield the number and the JSON value of each line that is not empty.

    Raises `InvalidInputError` naming the line that is too long or not JSON.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE:
            raise InvalidInputError(f"{name}:{number}: longer than {MAX_LINE} bytes")
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = str(error) or "nested too deep"
            raise InvalidInputError(f"{name}:{number}: not JSON: {reason}") from error


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
    for message_id in expected.keys() | got.keys():
        wanted = {(badge, user.lower()) for badge, user in expected.get(message_id, ())}
        given = {(badge, user.lower()) for badge, user in got.get(message_id, ())}
        result.agreed += len(wanted & given)
        result.missing += sorted((message_id, *pair) for pair in wanted - given)
        result.superfluous += sorted((message_id, *pair) for pair in given - wanted)
    return result


def expected_awards(lines: Iterable[bytes], name: str) -> dict[str, set[tuple[str, str]]]:
    """Read a file of awards, one message a line: ``{"id": …, "awards": [[badge, user], …]}``."""
    expected: dict[str, set[tuple[str, str]]] = {}
    for number, record in records(lines, name):
        try:
            pairs = {(str(badge), str(user)) for badge, user in record["awards"]}
            expected.setdefault(str(record["id"]), set()).update(pairs)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"{name}:{number}: needs an id and a list of [badge, user]"
            ) from error
    return expected
