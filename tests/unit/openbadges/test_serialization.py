# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbadges.errors import MalformedError
from openbadges.serialization import MAX_BYTES, MAX_DEPTH, dumps, loads, loads_object

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**90), 10**90) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    assert loads(dumps(document)) == document


def test_what_xml_cannot_hold_is_written_by_its_number() -> None:
    document = {"name": "a\ufffe\uffffb"}
    assert dumps(document) == b'{"name":"a\\ufffe\\uffffb"}'
    assert loads(dumps(document)) == document


def test_members_keep_their_order_and_text_stays_readable() -> None:
    assert dumps({"b": "é", "a": [1, None]}) == '{"b":"é","a":[1,null]}'.encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{", "no JSON", id="cut-off"),
        pytest.param("\ufeff{}", "no JSON", id="byte-order-mark"),
        pytest.param('{"a":1,"b":2,"a":3}', "names 'a' twice", id="duplicate"),
        pytest.param('{"x":{"a":1,"a":1}}', "names 'a' twice", id="duplicate-inside"),
        pytest.param("NaN", "does not know NaN", id="nan"),
        pytest.param("[-Infinity]", "does not know -Infinity", id="infinity"),
        pytest.param("1e999", "too large", id="overflow"),
        pytest.param("1." + "0" * 200, "too many digits", id="long-fraction"),
        pytest.param("1" * 101, "more than 100 digits", id="long-integer"),
        pytest.param(r'"\ud800"', "lone surrogate", id="surrogate"),
        pytest.param('"\ud800"', "lone surrogate", id="raw-surrogate"),
        pytest.param(r'"\uDC00\ud800"', "lone surrogate", id="swapped-surrogates"),
        pytest.param(r'{"a\u0000":1}', "NUL", id="nul-in-name"),
        pytest.param("[" * 65 + "]" * 65, "nested deeper", id="too-deep"),
        pytest.param("[" * 200_000, "nested deeper", id="far-too-deep"),
        pytest.param(b"\xff", "not UTF-8", id="not-utf-8"),
        pytest.param(" " * (MAX_BYTES + 1), "larger than", id="too-large"),
    ],
)
def test_hostile_json_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        loads(text)


def test_the_deepest_allowed_json_is_read() -> None:
    assert loads("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)
    assert loads("9" * 100) == int("9" * 100)
    assert loads("1.5") == 1.5
    assert loads(f"[{'[1],' * MAX_DEPTH}2]") == [*([1] for _ in range(MAX_DEPTH)), 2]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"a": float("nan")}, id="nan"),
        pytest.param({"a": object()}, id="no-json-type"),
        pytest.param({"a": "\ud800"}, id="surrogate"),
        pytest.param({"a": "\0"}, id="nul"),
    ],
)
def test_what_json_cannot_say_is_not_written(document: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        dumps(document)


def test_nesting_without_end_is_not_written() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, deep[0]):
        with pytest.raises(MalformedError, match="nested deeper"):
            dumps({"a": value})


@pytest.mark.parametrize("text", [r'"\ud83d\ude00"', r'"\\u0000"', '"\U0001f600"', r'"\u00e9"'])
def test_what_only_looks_like_a_forbidden_character_is_read(text: str) -> None:
    assert loads(text) == json.loads(text)
    assert loads(text.encode()) == json.loads(text)


@given(st.text("\\u0dD8aé\0\U0001f600"), st.booleans())
def test_text_is_refused_for_a_nul_however_it_is_written(text: str, escaped: bool) -> None:
    written = json.dumps([text], ensure_ascii=escaped)
    if "\0" in text:
        with pytest.raises(MalformedError, match="NUL"):
            loads(written)
    else:
        assert loads(written) == [text]


def test_an_object_is_wanted() -> None:
    assert loads_object(b'{"a":1}') == {"a": 1}
    with pytest.raises(MalformedError, match="no object"):
        loads_object("[]")
