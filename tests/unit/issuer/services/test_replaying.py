# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from typing import Any

import pytest

from issuer.errors import InvalidInputError
from issuer.services.replaying import MAX_LINE, compare, expected_awards, records


def test_lines_are_numbered_and_empty_ones_are_none() -> None:
    found = list(records([b'{"a": 1}\n', b"\n", b"  \r\n", b"[]"], "x"))
    assert found == [(1, {"a": 1}), (4, [])]


@pytest.mark.parametrize(
    "line", [b"{", b"\xff", b"\0", b"[" * 100_000, b'"' + b"x" * MAX_LINE + b'"', b"a b"]
)
def test_a_line_that_is_no_json_is_named(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"^x:2: ") as caught:
        list(records([b"{}\n", line], "x"))
    assert len(str(caught.value)) < 300


class Endless(io.RawIOBase):
    """A file whose first line never ends."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give as much as is asked for, up to a bound no reader should reach."""
        self.given += len(buffer)
        if self.given > 8 * MAX_LINE:
            raise AssertionError("reads on and on")
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def test_a_line_without_end_is_not_taken_in() -> None:
    with io.BufferedReader(Endless()) as file, pytest.raises(InvalidInputError, match="longer"):
        next(records(file, "x"))


@pytest.mark.parametrize("line", [b"NaN", b'{"n": Infinity}', b"[-Infinity]"])
def test_nan_is_no_json(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not JSON"):
        list(records([line], "x"))


def test_awards_are_compared_without_case() -> None:
    expected = {"m1": {("a", "Asha")}, "m2": {("a", "boris"), ("b", "boris")}}
    got = {"m1": {("a", "asha")}, "m2": {("a", "boris")}, "m3": {("c", "chen")}}
    result = compare(expected, got)
    assert result.agreed == 2
    assert result.missing == [("m2", "b", "boris")]
    assert result.superfluous == [("m3", "c", "chen")]


def test_differences_come_in_order() -> None:
    wanted = {f"m{number:03}": {("a", "asha")} for number in range(50)}
    result = compare(wanted, {})
    assert [message_id for message_id, _, _ in result.missing] == sorted(wanted)


def test_awards_of_one_message_may_stand_on_many_lines() -> None:
    lines = [
        b'{"id": "m1", "awards": [["a", "asha"]]}',
        b'{"id": "m1", "awards": [["b", "asha"]]}',
        b'{"id": "m2", "awards": []}',
    ]
    assert expected_awards(lines, "x") == {"m1": {("a", "asha"), ("b", "asha")}, "m2": set()}


@pytest.mark.parametrize(
    "line",
    [b"{}", b"[]", b"5", b'{"id": "a"}', b'{"id": "a", "awards": 5}', b'{"id":"a","awards":[5]}'],
)
def test_what_are_no_awards_is_named(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"^x:1: needs an id and a list"):
        expected_awards([line], "x")
