# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from rules.dialects.templates import (
    ABSENT,
    Style,
    Template,
    compile_templated,
    envelope,
    find,
    names_in,
)
from rules.errors import EvaluationError, ExpressionError, MissingValueError, WorkLimitError
from rules.expressions import Scope
from rules.expressions.methods import Found
from rules.recipients import Folded
from tests.unit.rules.builders import NOON, Row, message

BODY = {"user": "Ralph", "n": 5, "list": ["A", "b"], "deep": {"er": {"key": "X"}}, "none": None}


def filled(text: str, style: Style = Style.PERCENT, **more: Any) -> Any:
    return Template(text, style).value(envelope(message(BODY)), **more)


def test_a_message_is_as_it_was_on_the_old_bus() -> None:
    found = envelope(message({"a": 1}, id="m-7"))
    assert found == {
        "topic": "org.fedoraproject.prod.test.thing",
        "msg": {"a": 1},
        "msg_id": "m-7",
        "timestamp": NOON.timestamp(),
        "username": "bus",
        "i": 1,
    }
    assert envelope(message(headers={"username": "apache"}))["username"] == "apache"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%(topic)s", "org.fedoraproject.prod.test.thing"),
        ("%(msg.user)s", "Ralph"),
        ("%(msg.n)s", 5),
        ("%(msg.n)d", 5),
        ("%(msg.list)s", ["A", "b"]),
        ("%(msg.none)s", None),
        ("%(msg.deep)s", {"er": {"key": "X"}}),
        ("%(msg.deep.er.key)s", "X"),
        ("xxmsg.useryy", "Ralph"),
        ("a %(msg.user)s of %(msg.n)s", "a Ralph of 5"),
        ("%(msg.user)r!", "'Ralph'!"),
        ("100%%", "100%"),
        ("plain", "plain"),
        ("ab", "ab"),
        ("", ""),
    ],
)
def test_a_template_stands_for_a_value_or_is_filled_in(text: str, expected: object) -> None:
    assert filled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{msg.user}", "Ralph"),
        ("{msg.list}", ["A", "b"]),
        ("{topic} of {msg.user}", "org.fedoraproject.prod.test.thing of Ralph"),
        ("{other} %(msg.user)s %", "{other} %(msg.user)s %"),
    ],
)
def test_the_oldest_templates_are_written_in_braces(text: str, expected: object) -> None:
    assert filled(text, Style.BRACES) == expected


def test_names_are_folded_and_remember_how_they_were_written() -> None:
    name = filled("%(msg.user)s", names=True)
    assert (name, name.written) == ("ralph", "Ralph")
    assert isinstance(name, Folded)
    assert filled("X%(msg.user)s", names=True) == "Xralph"
    assert filled("%(msg.list)s", names=True) == ["A", "b"]


@pytest.mark.parametrize(
    ("text", "style"), [("%(msg.nope)s", Style.PERCENT), ("{msg.nope}", Style.BRACES)]
)
def test_a_key_that_is_not_there_is_named(text: str, style: Style) -> None:
    with pytest.raises(MissingValueError, match=r"no key 'msg.nope' in"):
        filled(text, style)


@pytest.mark.parametrize("text", ["100%", "%s", "%(msg.user)", "%(msg.n)999999999s", "a %(msg.n)x"])
def test_a_text_that_is_no_template_is_broken(text: str) -> None:
    with pytest.raises(EvaluationError, match="not a template"):
        filled(text)


def test_a_text_does_not_grow_without_end() -> None:
    values = envelope(message({"a": "x" * 30_000}))
    assert len(Template("%(msg.a)s" * 3, Style.PERCENT).filled(values)) == 90_000
    with pytest.raises(WorkLimitError, match="becomes too long"):
        Template("%(msg.a)s" * 4, Style.PERCENT).filled(values)


def test_keys_with_dots_are_found_and_the_last_wins() -> None:
    assert find({"a.b": 1}, "a.b") == 1
    assert find({"a.b": 1, "a": {"b": 2}}, "a.b") == 2
    assert find({"a": {"b": 2}, "a.b": 1}, "a.b") == 1
    assert find({"a": {"b.c": 3}}, "a.b.c") == 3
    assert find({"a": {"x": 1}}, "a.b") is ABSENT
    assert find({"a": [1]}, "a.0") is ABSENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", True), ("%(topic)s", False), ("xxtopicyy", False), ("100%", False)],
)
def test_a_constant_gives_the_same_for_every_message(text: str, expected: bool) -> None:
    assert Template(text, Style.PERCENT).is_constant is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"name": "bob"}, {"name": None}, {}], ["bob", None, None]),
        (["bob", {"name": "carol"}], ["carol"]),
        (["bob"], ["bob"]),
        ({"name": "bob"}, {"name": "bob"}),
        ("bob", "bob"),
    ],
)
def test_mappings_of_people_stand_for_their_names(value: object, expected: object) -> None:
    assert names_in(value) == expected


def operation(text: str, style: Style = Style.PERCENT) -> Any:
    rows = Found([Row({"u": "Ralph", "n": 5}), Row({"u": "x", "n": 5})])
    compiled = compile_templated(text, Scope.OPERATION_2014, style)
    return compiled(rows, envelope(message(BODY)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("len([m for m in query.all() if m.msg['u'] == '%(msg.user)s'])", 1),
        ('len([msg for msg in query.all() if msg.msg["u"] == "%(msg.user)s"])', 1),
        ("len([m for m in query if m.msg['n'] == %(msg.n)s])", 2),
        ("'%(msg.n)s'", "5"),
        ("'%(msg.n)r: %(msg.user)r'", "5: 'Ralph'"),
        ("'a %(msg.user)s %% b'", "a Ralph % b"),
        ("query.count() %% 2", 0),
        ("query.first().msg['u'] in %(msg.list)s", False),
        ("query[0].msg['u']", "Ralph"),
        ("['x' for m in query[:1]]", ["x"]),
        ("'template0_' + '%(msg.user)s'", "template0_Ralph"),
        ("{'Ralph': 1}['%(msg.user)s']", 1),
    ],
)
def test_templates_in_an_expression_are_values(text: str, expected: object) -> None:
    assert operation(text) == expected


def test_the_oldest_templates_stand_in_expressions_too() -> None:
    text = "[m.msg['n'] %% 2 for m in query if m.msg['u'] == '{msg.user}']"
    assert operation(text.replace("%%", "%"), Style.BRACES) == [1]
    assert operation("'50% {msg.user}'", Style.BRACES) == "50% Ralph"


def test_text_of_a_message_is_never_code() -> None:
    hostile = "x'] + [0]*4242 if 1 else ['"
    compiled = compile_templated(
        "len([m for m in query.all() if m.msg['u'] == '%(msg.u)s'])",
        Scope.OPERATION_2014,
        Style.PERCENT,
    )
    assert compiled(Found([Row({"u": "x"})]), envelope(message({"u": hostile}))) == 0
    assert compiled(Found([Row({"u": hostile})]), envelope(message({"u": hostile}))) == 1


def test_a_template_in_an_expression_may_lack_its_key() -> None:
    for text in ("'%(msg.nope)s'", "%(msg.nope)s"):
        with pytest.raises(MissingValueError, match=r"msg\.nope"):
            operation(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("query.count() % 2", "a single % belongs to no template"),
        ("['%(msg.a)s'" + ", '%(msg.a)s'" * 20 + "]", "too many templates"),
        ("query.delete()", "the method .delete() is not allowed"),
        ("query.session", "the attribute .session is not allowed"),
        ("[1 for %(msg.x)s in query]", "cannot name the variable"),
        ("message.body", "the name 'message' does not exist here"),
        ("__import__('os')", "__import__() is not available"),
    ],
)
def test_what_rules_may_not_do_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_templated(text, Scope.OPERATION_2014, Style.PERCENT)
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ["'ab'.all()", "[1].first()", "'ab'.count()", "query.count(1, 2)"])
def test_methods_of_a_query_are_those_of_a_query_alone(text: str) -> None:
    with pytest.raises(EvaluationError):
        operation(text)


def test_an_empty_query_has_no_first_row() -> None:
    compiled = compile_templated("query.first()", Scope.OPERATION_2014, Style.PERCENT)
    assert compiled(Found(), envelope(message())) is None
