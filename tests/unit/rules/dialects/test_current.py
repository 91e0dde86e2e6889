# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rules.loader import compile_text
from rules.model import Series
from tests.unit.rules.builders import message, rule, rule_text

REQUIRED = (
    "name",
    "image_url",
    "description",
    "creator",
    "discussion",
    "issuer_id",
    "trigger",
)


def problem(without: tuple[str, ...] = (), **more: Any) -> str:
    """Return the one thing that is wrong with a rule."""
    compiled = compile_text(rule_text(without, **more))
    assert compiled.rule is None
    (error,) = compiled.errors
    assert error.hint
    return str(error)


def test_a_rule_with_only_the_required_keys_has_defaults() -> None:
    found = rule()
    assert (found.slug, found.badge_id) == ("test-badge", "test-badge")
    assert (found.tags, found.series, found.points, found.repeatable) == ((), None, 1, False)
    assert (found.expires_after, found.criteria_text, found.conversions) == (None, None, ())
    assert found.recipient(message()) == "alice"


def test_our_additional_keys_are_read() -> None:
    found = rule(
        slug="other",
        tags=["one", "two", "one"],
        series={"name": "Row of Badges", "level": 2},
        points=50,
        repeatable=True,
        expires_after="1 year",
        criteria_text="Do it.",
    )
    assert found.slug == "other"
    assert found.badge_id == "test-badge"
    assert found.tags == ("one", "two")
    assert found.series == Series(slug="row-of-badges", name="Row of Badges", level=2)
    assert (found.points, found.repeatable) == (50, True)
    assert found.expires_after == timedelta(days=365)
    assert found.criteria_text == "Do it."


@pytest.mark.parametrize("name", REQUIRED)
def test_every_required_key_is_missed(name: str) -> None:
    assert problem((name,)) == f"the key '{name}' is missing: add `{name}:`"


@pytest.mark.parametrize("name", ["creator", "discussion", "issuer_id"])
def test_keys_that_are_only_kept_may_be_empty(name: str) -> None:
    assert getattr(rule(**{name: None}), name) == ""
    assert getattr(rule(**{name: ""}), name) == ""


@pytest.mark.parametrize("name", ["recipient", "previous", "condition", "tags", "series"])
def test_an_optional_key_without_a_value_is_absent(name: str) -> None:
    assert rule(**{name: None}).slug == "test-badge"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"recipiant": "x"}, "unknown key 'recipiant': did you mean recipient?"),
        ({"recipient_key": "{msg.x}"}, "unknown key 'recipient_key': did you mean recipient?"),
        ({"name": 7}, "name must be a text"),
        ({"name": " "}, "name must be a text"),
        ({"name": "x" * 201}, "name is too long"),
        ({"name": "???"}, "no slug can be made from the name"),
        ({"slug": "Not Clean"}, "slug 'Not Clean' is not an address part"),
        ({"slug": "-a"}, "is not an address part"),
        ({"description": None}, "description must be a text"),
        ({"tags": 7}, "tags must be a list of texts"),
        ({"tags": [7]}, "a tag must be a text"),
        ({"tags": ",".join(f"t{n}" for n in range(60))}, "tags are too many or too long"),
        ({"series": "x"}, "series must be a mapping"),
        ({"series": {"name": "x"}}, "series has no level"),
        ({"series": {"level": 1}}, "series has no name"),
        ({"series": {"name": "x", "level": 0}}, "level must be a whole number"),
        ({"series": {"name": "x", "level": 1, "lvl": 1}}, "unknown key 'lvl' in series"),
        ({"series": {"name": "?", "level": 1}}, "series: no slug can be made from the name"),
        ({"points": -1}, "points must be a whole number"),
        ({"points": True}, "points must be a whole number"),
        ({"repeatable": "yes please"}, "repeatable must be yes or no"),
        ({"expires_after": "soon"}, "expires_after must be a span of time"),
        ({"expires_after": 0}, "expires_after is out of range"),
        ({"expires_after": True}, "expires_after must be a span of time"),
        ({"trigger": None}, "trigger must be a mapping"),
        ({"trigger": {}}, "trigger is empty"),
        ({"trigger": {"topic": "a", "category": "b"}}, "trigger has more than one key"),
        ({"trigger": {"topik": "a"}}, "unknown trigger 'topik': did you mean topic?"),
        ({"trigger": {"topic": ["a"]}}, "topic must be a text"),
        ({"trigger": {"category": {"all": ["a"]}}}, "unknown category 'all'"),
        ({"trigger": {"category": {"any": "a"}}}, "any must be a list of categories"),
        ({"trigger": {"any": {"topic": "a"}}}, "any must be a list of triggers"),
        ({"trigger": {"not": [{"topic": "a"}]}}, "trigger must be a mapping"),
        ({"trigger": {"lambda": None}}, "lambda is empty"),
        ({"trigger": {"lambda": "message.body["}}, "lambda: not an expression"),
        ({"trigger": {"lambda": 'msg["x"]'}}, 'the body of the message is message.body["..."]'),
        ({"trigger": {"lambda": "recipient"}}, "the name 'recipient' does not exist here"),
        ({"condition": {}}, "condition is empty"),
        ({"condition": {"at least": 1}}, "unknown condition 'at least': use equal to"),
        ({"condition": {"less than": 3, "greater than": 1}}, "condition has more than one key"),
        ({"condition": {"less than": "1"}}, "less than must be a number"),
        ({"condition": {"less than": True}}, "less than must be a number"),
        ({"condition": {"lambda": "message"}}, "the name 'message' does not exist here"),
        ({"recipient": ["a"]}, "recipient must be one expression, not a YAML list"),
        ({"recipient": {"a": "b"}}, "recipient must be one expression"),
        ({"recipient": "%(msg.user)s"}, "templates belong to the 2014 dialect"),
        ({"recipient": "bob"}, """a text needs quotes of its own: '"bob"'"""),
        ({"recipient": "7"}, "recipient gives no name"),
        ({"recipient": "len(message.usernames)"}, "recipient gives no name"),
        ({"previous": []}, "previous must be a mapping"),
        ({"previous": {"filter": {}}}, "previous has no operation"),
        ({"previous": {"operation": "count"}}, "previous has no filter"),
        ({"previous": {"filter": {}, "operation": "sum"}}, "operation must be count or a lambda"),
        ({"previous": {"filter": {}, "operation": {"x": "1"}}}, "operation must be count or a"),
        (
            {"previous": {"filter": {}, "operation": "count", "condition": {}}},
            "unknown key 'condition' in previous",
        ),
        (
            {"previous": {"filter": {}, "operation": {"lambda": "recipient"}}},
            "the name 'recipient' does not exist here",
        ),
    ],
)
def test_what_is_wrong_is_said(more: dict[str, Any], expected: str) -> None:
    assert expected in problem(**more)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"user": ["recipient"]}, "unknown filter key 'user': did you mean users?"),
        ({"users": ["nobody"]}, """a text needs quotes of its own: '"nobody"'"""),
        ({"users": ["packit-user"]}, """a text needs quotes of its own: '"packit-user"'"""),
        ({"users": ["recipient["]}, "users: not an expression"),
        ({"users": [["recipient"]]}, "users must be one expression"),
        ({"users": ["7"]}, "users must be texts, this gives a number"),
        ({"users": "recipient"}, "users must be a list, this gives one text"),
        ({"topics": "message.topic"}, "write `topics: [message.topic]`"),
        ({"topics": '"a" + message.topic'}, "topics must be a list, this gives one text"),
        ({"rows_per_page": '"10"'}, "rows_per_page cannot be a text"),
        ({"msg_id": "7"}, "msg_id cannot be a number"),
        ([], "filter must be a mapping"),
    ],
)
def test_what_is_wrong_with_a_filter_is_said(values: Any, expected: str) -> None:
    assert expected in problem(previous={"filter": values, "operation": "count"})


def test_everything_that_is_wrong_is_said_at_once() -> None:
    compiled = compile_text(rule_text(("name",), points="x", bogus=1, recipient="("))
    assert len(compiled.errors) == 4


@pytest.mark.parametrize(
    ("value", "switched_on"), [(True, True), ("No", True), (False, False), ("", False), (0, False)]
)
def test_any_value_that_is_not_false_switches_a_conversion_on(
    value: object, switched_on: bool
) -> None:
    found = rule(recipient_nick2fas=value).conversions
    assert found == (("recipient_nick2fas",) if switched_on else ())
