# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io

import pytest

from issuer.errors import InvalidInputError
from issuer.services.replaying import MAX_LINE, compare, expected_awards, records


def test_lines_are_numbered_and_empty_ones_are_none() -> None:
    found = list(records(io.BytesIO(b'{"a": 1}\n\n  \r\n[]'), "x"))
    assert found == [(1, {"a": 1}), (4, [])]


@pytest.mark.parametrize(
    "line", [b"{", b"\xff", b"\0", b"[" * 100_000, b'"' + b"x" * MAX_LINE + b'"', b"a b"]
)
def test_a_line_that_is_no_json_is_named(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"^x:2: ") as caught:
        list(records(io.BytesIO(b"{}\n" + line), "x"))
    assert len(str(caught.value)) < 300


class Careful(io.BytesIO):
    """A file that is read in parts: whoever asks for a whole line, however long, fails."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return a part of a line."""
        if size is None or not 0 <= size <= 2 * MAX_LINE:
            raise AssertionError("a line without end would fill the memory")
        return super().readline(size)


def test_a_line_without_end_is_not_taken_in() -> None:
    file = Careful(b"x" * (3 * MAX_LINE) + b"\n{}")
    refused: list[InvalidInputError] = []
    assert list(records(file, "x", refused.append)) == [(2, {})]
    assert [str(error).partition(": ")[2] for error in refused] == [f"longer than {MAX_LINE} bytes"]


def test_what_is_refused_stops_no_other() -> None:
    refused: list[InvalidInputError] = []
    found = list(records(io.BytesIO(b"{}\n{\n[]\n"), "x", refused.append))
    assert found == [(1, {}), (3, [])]
    assert [str(error)[:13] for error in refused] == ["x:2: not JSON"]


@pytest.mark.parametrize("line", [b"NaN", b'{"n": Infinity}', b"[-Infinity]"])
def test_nan_is_no_json(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not JSON"):
        list(records(io.BytesIO(line), "x"))


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
    assert expected_awards(io.BytesIO(b"\n".join(lines)), "x") == {
        "m1": {("a", "asha"), ("b", "asha")},
        "m2": set(),
    }


@pytest.mark.parametrize(
    "line",
    [b"{}", b"[]", b"5", b'{"id": "a"}', b'{"id": "a", "awards": 5}', b'{"id":"a","awards":[5]}'],
)
def test_what_are_no_awards_is_named(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"^x:1: needs an id and a list"):
        expected_awards(io.BytesIO(line), "x")
