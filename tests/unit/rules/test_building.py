# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the builder writes always loads, and fields, text and fields again are the same.

predecessors 1.1: the output of /builder is never valid YAML.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings

from rules.building import (
    Badge,
    Counting,
    Fields,
    Part,
    write,
)
from rules.filling import NotShownError, fill
from rules.loader import compile_text
from rules.queries import LIST_KEYS
from rules.recipients import CONVERSIONS
from tests.unit.rules.builders import rule_text
from tests.unit.rules.filled import filled, plain

BADGE = Badge(
    name="First: Steps #1 - 'really'",
    description="You did it.\n\n* twice: [yes]",
    image_url="https://example.org/x.png",
    creator="",
    discussion="https://example.org/?a=b&c: d",
    issuer_id="accolades",
    slug="first-steps",
)
#: The keys of fedbadges 2.3.0; it refuses every other, and rules without the required ones.
REQUIRED = {"name", "image_url", "description", "creator", "discussion", "issuer_id", "trigger"}
OPTIONAL = {"recipient", "condition", "previous", *CONVERSIONS}


@settings(max_examples=60, deadline=None)
@given(filled)
def test_whatever_is_filled_in_loads_and_comes_back(fields: Fields) -> None:
    text = write(BADGE, fields)
    found = compile_text(text)
    assert found.errors == ()
    assert found.rule is not None
    assert (found.rule.name, found.rule.slug) == (BADGE.name, BADGE.slug)
    assert fill(text) == fields
    document = yaml.safe_load(write(replace(BADGE, slug=""), fields))
    assert REQUIRED <= document.keys() <= REQUIRED | OPTIONAL
    as_fedbadges_wants(document["trigger"])


def as_fedbadges_wants(trigger: dict[str, object]) -> None:
    """predecessors 5.3: one key a mapping, lists that are not empty, one trigger below not."""
    ((kind, value),) = trigger.items()
    if kind in {"any", "all"}:
        assert isinstance(value, list)
        assert value
        for part in value:
            as_fedbadges_wants(part)
    elif kind == "not":
        assert isinstance(value, dict)
        as_fedbadges_wants(value)
    else:
        assert kind in {"topic", "category", "lambda"}
        assert isinstance(value, str)


@settings(max_examples=40, deadline=None)
@given(plain)
def test_an_expression_that_is_none_is_an_error_in_its_line_and_the_text_stays_yaml(
    text: str,
) -> None:
    fields = Fields(trigger=(Part("topic", "wiki.edit"), Part("lambda", text)))
    written = write(BADGE, fields)
    assert yaml.safe_load(written)["trigger"]["all"][1] == {"lambda": text}
    lines = written.splitlines()
    for error in compile_text(written).errors:
        assert "lambda:" in lines[error.line - 1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trigger": {"category": {"any": ["a", "b"]}}}, "fields cannot show this 'category'"),
        ({"trigger": {"all": []}}, "the trigger has no line"),
        ({"trigger": {"any": [{"all": []}]}}, "fields cannot show this 'all'"),
        ({"trigger": {"not": {"not": {"topic": "a"}}}}, "fields cannot show this 'not'"),
        ({"trigger": {"lambda": "1 <\n2"}}, "lambda: fields show one line"),
        ({"trigger": {"topic": ""}}, "topic: fields show one line"),
        ({"trigger": {"any": [{"topic": f"t{n}"} for n in range(40)]}}, "too large"),
        ({"recipient_nick2fas": True, "recipient_krb2fas": True}, "one kind of name"),
        ({"previous": {"filter": {}, "operation": "count"}}, "with its condition only"),
        (
            {
                "previous": {"filter": {"start": '"2026-01-01"'}, "operation": "count"},
                "condition": {"equal to": 1},
            },
            "fields cannot show the filter 'start'",
        ),
        (
            {
                "previous": {"filter": {"users": []}, "operation": "count"},
                "condition": {"equal to": 1},
            },
            "users: fields cannot show an empty list",
        ),
        ({"condition": {"greater than": 1.5}}, "whole numbers"),
        (
            {
                "criteria": {
                    "datanommer": {
                        "filter": {"topics": ["%(topic)s"]},
                        "operation": "count",
                        "condition": {"greater than or equal to": 1},
                    }
                }
            },
            "the current dialect only",
        ),
    ],
)
def test_what_fields_cannot_show_is_said(changes: dict[str, object], reason: str) -> None:
    text = rule_text(**changes)
    assert compile_text(text).errors == ()
    with pytest.raises(NotShownError, match=reason):
        fill(text)


def test_other_words_for_the_same_comparison_are_read() -> None:
    text = rule_text(condition={"is not equal to": 3})
    assert fill(text) == Fields(
        trigger=(Part("topic", "test.thing"),),
        counting=Counting.TRIGGERS,
        comparison="is not",
        number=3,
    )


def test_a_filter_with_too_many_lines_stays_a_text() -> None:
    keys = [*LIST_KEYS, "msg_id", "order"]
    asked = {key: ["recipient"] for key in LIST_KEYS} | {"msg_id": '"a"', "order": '"asc"'}
    assert len(asked) == len(keys)
    text = rule_text(previous={"filter": asked, "operation": "count"}, condition={"equal to": 1})
    with pytest.raises(NotShownError, match="12 lines of a filter"):
        fill(text)
