# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules of 2014 and before: every key, operator and operation, told apart by their keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from rules.dialects.older import style_of
from rules.dialects.templates import Style
from rules.documents import read_document
from rules.engine import RuleSet
from rules.errors import EvaluationError, MissingValueError
from rules.loader import compile_text
from rules.model import NOTHING, Message, Rule, Series
from rules.queries import KEYS
from rules.recipients import Folded
from tests.unit.rules.builders import Row, message, rule, rule_text

if TYPE_CHECKING:
    from rules.queries import Query

AT_LEAST_ONE = {"greater than or equal to": 1}


def asked(
    criteria_filter: dict[str, Any] | None = None,
    operation: Any = "count",
    condition: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return criteria that ask one question."""
    return {
        "datanommer": {
            "filter": {"topics": ["%(topic)s"]} if criteria_filter is None else criteria_filter,
            "operation": operation,
            "condition": condition or AT_LEAST_ONE,
        }
    }


def old_rule(criteria: dict[str, Any] | None = None, **more: Any) -> Rule:
    return rule(criteria=criteria or asked(), **more)


def problem(criteria: Any = None, **more: Any) -> str:
    """Return the one thing that is wrong with a rule."""
    compiled = compile_text(rule_text(criteria=asked() if criteria is None else criteria, **more))
    assert compiled.rule is None
    (error,) = compiled.errors
    assert error.hint
    return str(error)


def query_of(criteria_filter: dict[str, Any], incoming: Message | None = None) -> Query:
    found = old_rule(asked(criteria_filter)).query(incoming or message(BODY), "somebody")
    assert found is not None
    return found


BODY = {
    "user": "Ralph",
    "n": 7,
    "authors": [{"name": "bob"}, {"name": "carol"}],
    "names": ["dora", "emil"],
    "none": None,
}


@dataclass
class Archive:
    """An archive that gives what it holds, and remembers what it was asked."""

    held: list[Row] = field(default_factory=list)
    asked: list[Query] = field(default_factory=list)

    def count(self, query: Query) -> int:
        self.asked.append(query)
        return len(self.held)

    def rows(self, query: Query) -> list[Row]:
        self.asked.append(query)
        return self.held


ROWS = [Row({"n": 1, "t": "a"}), Row({"n": 2, "t": "b"}), Row({"n": 3, "t": "b"})]


# Telling dialects apart


@pytest.mark.parametrize(
    ("values", "style"),
    [
        ({"criteria": asked()}, Style.PERCENT),
        ({"criteria": asked({"topics": ["{topic}"]})}, Style.BRACES),
        ({"criteria": asked({"usernames": ["bob"]})}, Style.BRACES),
        ({"criteria": asked({}), "recipient_key": "bob"}, Style.BRACES),
        ({"criteria": asked(), "recipient_key": "{msg.user}"}, Style.PERCENT),
        ({"criteria": asked({"topics": ["a"]}), "recipient": "{msg.user}"}, Style.PERCENT),
        ({"recipient_key": "{msg.user}"}, Style.BRACES),
    ],
)
def test_templates_are_the_oldest_only_where_the_newer_are_nowhere(
    values: dict[str, Any], style: Style
) -> None:
    assert style_of(read_document(json.dumps(values))) is style


def test_the_oldest_keys_are_read() -> None:
    found = rule(
        criteria=asked({"topics": ["{topic}"], "usernames": ["{msg.user}", "bob"]}),
        recipient_key="{msg.user}",
    )
    query = found.query(message(BODY), "")
    assert query is not None
    assert (query.topics, query.users) == ((message().topic,), ("Ralph", "bob"))
    assert found.recipient(message(BODY)) == "ralph"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"recipient_key": "{msg.user}"}, "unknown key 'recipient_key'"),
        ({"condition": AT_LEAST_ONE}, "unknown key 'condition': it belongs to the current"),
        ({"previous": {}}, "unknown key 'previous': it belongs to the current"),
        ({"bogus": 1}, "unknown key 'bogus'"),
        ({"criteria": asked({"usernames": ["%(msg.user)s"]})}, "unknown filter key 'usernames'"),
        ({"recipient": {"a": 1}}, "recipient must be a text or a list of texts"),
        ({"recipient": ["a", None]}, "recipient must be a text or a list of texts"),
    ],
)
def test_keys_of_other_dialects_are_refused(values: dict[str, Any], reason: str) -> None:
    assert reason in problem(**values)


def test_the_oldest_users_are_named_once() -> None:
    twice = asked({"topics": ["{topic}"], "users": ["a"], "usernames": ["b"]})
    assert "users are there twice" in problem(criteria=twice)


def test_our_additional_keys_are_read_here_too() -> None:
    found = old_rule(
        tags=["one"],
        series={"name": "Row", "level": 2},
        points=3,
        repeatable=True,
        expires_after="1 day",
        slug="other",
    )
    assert (found.tags, found.points, found.repeatable, found.slug) == (("one",), 3, True, "other")
    assert found.series == Series(slug="row", name="Row", level=2)


# Triggers


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"lambda": "msg['msg']['n'] is 7 and msg['topic'].endswith('thing')"}, True),
        ({"lambda": "msg.get('msg', {}).get('none') is None and msg['i'] == 1"}, True),
        ({"lambda": "msg['msg'].get('user', {}) is True"}, False),
        ({"lambda": False}, False),
        ({"lambda": "re.match(r'org\\.', msg['topic']) and 'Ralph' in json.dumps(msg)"}, True),
        ({"lambda": "msg['msg_id'] == 'm-1' and msg['timestamp'] > 0"}, True),
        ({"all": [{"category": "test"}, {"not": {"lambda": "msg['msg']['n'] > 9"}}]}, True),
        ({"any": [{"topic": "nope"}, {"category": {"any": ["test"]}}]}, True),
        ({"any": []}, False),
    ],
)
def test_triggers_see_the_whole_message(trigger: dict[str, Any], expected: bool) -> None:
    assert old_rule(trigger=trigger).trigger(message(BODY)) is expected


def test_a_trigger_that_lacks_a_key_does_not_match_even_below_not() -> None:
    broken = old_rule(trigger={"not": {"lambda": "msg['msg']['nope'] == 1"}})
    (decision,) = RuleSet([broken]).triggered(message(BODY))
    assert isinstance(decision.error, MissingValueError)


# Recipients


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("%(msg.user)s", "ralph"),
        ("%(msg.authors)s", ["bob", "carol"]),
        ("%(msg.names)s", ["dora", "emil"]),
        ("%(msg)s", BODY),
        ("%(msg.none)s", None),
        ("%(msg.n)s", 7),
        (["%(msg.user)s", "x%(msg.n)s"], ["ralph", "x7"]),
        (["%(msg.names)s", "bob"], [["dora", "emil"], "bob"]),
        ("Bob", "Bob"),
        (7, "7"),
    ],
)
def test_recipients_are_templates(recipient: Any, expected: object) -> None:
    assert old_rule(recipient=recipient).recipient(message(BODY)) == expected


def test_without_a_recipient_everybody_in_the_message_is_one() -> None:
    several: list[dict[str, Any]] = [{}, {"recipient": ""}, {"recipient": []}, {"recipient": None}]
    for more in several:
        found = old_rule(**more).recipient(message(usernames=("alice", "bob")))
        assert found == ["alice", "bob"]
    kept = message(usernames=("alice",), archived_users=("bob", "carol"))
    assert old_rule().recipient(kept) == ["bob", "carol"]
    assert rule(recipient="message.users").recipient(kept) == ["bob", "carol"]


def test_conversions_for_nicks_and_addresses_keep_a_name_that_nobody_has() -> None:
    found = old_rule(recipient_nick2fas=True, recipient_email2fas="Yes", recipient_openid2fas=True)
    assert found.conversions == (
        "recipient_nick2fas",
        "recipient_email2fas",
        "recipient_openid2fas",
    )
    assert found.keeping == ("recipient_nick2fas", "recipient_email2fas")
    assert isinstance(old_rule(recipient="%(msg.user)s").recipient(message(BODY)), Folded)


# Filters


@pytest.mark.parametrize("key", ["topics", "categories", "packages", "contains", "agents"])
def test_lists_hold_templates_constants_and_lambdas(key: str) -> None:
    for name in (key, key if key == "contains" else f"not_{key}"):
        query = query_of({name: ["%(msg.user)s", "plain", {"lambda": "msg['msg']['user'] + '!'"}]})
        assert getattr(query, name) == ("Ralph", "plain", "Ralph!")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["%(msg.user)s"], ("Ralph",)),
        (["%(msg.authors)s"], ("bob", "carol")),
        (["x", "%(msg.names)s"], ("dora", "emil")),
        ("%(msg.authors)s", ("bob", "carol")),
        ("%(msg.names)s", ("dora", "emil")),
        ({"lambda": "[msg['msg']['user'], '%(msg.n)s']"}, ("Ralph", "7")),
        ([], None),
    ],
)
def test_users_may_be_mappings_of_people(value: Any, expected: tuple[str, ...] | None) -> None:
    assert query_of({"users": value}).users == expected


def test_a_user_who_is_none_finds_nothing() -> None:
    assert query_of({"users": ["%(msg.none)s"]}) is NOTHING


def test_a_lambda_in_a_filter_has_its_templates_filled_in_for_each_message() -> None:
    found = old_rule(asked({"users": {"lambda": "['%(msg.user)s']"}}))
    for name in ("bob", "carol"):
        query = found.query(message({"user": name}), "")
        assert query is not None
        assert query.users == (name,)


def test_the_other_keys_are_values() -> None:
    query = query_of(
        {
            "start": "2024-01-01",
            "end": {"lambda": "msg['timestamp']"},
            "msg_id": "%(msg_id)s",
            "order": "asc",
            "page": 2,
            "rows_per_page": "%(msg.n)s",
        }
    )
    assert query.start is not None
    assert query.end == message().sent_at
    assert (query.msg_id, query.order, query.page, query.rows_per_page) == ("m-1", "asc", 2, 7)


def test_every_key_of_a_filter_is_known() -> None:
    for key in KEYS:
        assert "unknown" not in str(compile_text(rule_text(criteria=asked({key: 1}))).errors)


def test_a_message_without_a_key_of_the_filter_is_not_counted_as_0() -> None:
    found = old_rule(asked({"users": ["%(msg.nope)s"]}, condition={"less than": 5}))
    with pytest.raises(MissingValueError):
        found.query(message(BODY), "")


@pytest.mark.parametrize(
    ("criteria_filter", "reason"),
    [
        ({"bogus": 1}, "unknown filter key 'bogus'"),
        ({"defer": True}, "unknown filter key 'defer'"),
        ({"topics": "org.example"}, "topics must be a list: write `topics: [org.example]`"),
        ({"topics": None}, "topics must be a list"),
        ({"topics": [None]}, "a filter value must be a text, a number or a lambda"),
        ({"start": ["a"]}, "a filter value must be a text, a number or a lambda"),
        ({"users": [{"lamba": "1"}]}, "unknown filter value 'lamba': did you mean lambda?"),
        ({"users": {"lambda": "["}}, "filter: not an expression"),
    ],
)
def test_a_filter_that_is_none_is_refused(criteria_filter: Any, reason: str) -> None:
    assert reason in problem(asked(criteria_filter))


# Operations and conditions


def holds(found: Rule, archive: Archive, incoming: Message | None = None) -> bool:
    assert found.criteria is not None
    assert (found.previous, found.condition) == (None, None)
    return found.criteria(incoming or message(BODY), archive)


def test_one_count_is_a_count_like_any_other() -> None:
    for criteria in (asked(), {"any": [asked()]}, {"all": [{"any": [asked()]}]}):
        found = old_rule(criteria)
        assert found.criteria is None
        assert found.previous is not None
        assert not found.needs_rows
        assert found.query(message(), "alice") == found.query(message(), "bob")
        assert (found.accepts(1), found.accepts(0)) == (True, False)


@pytest.mark.parametrize(
    ("operation", "condition", "expected"),
    [
        ({"lambda": "len([m for m in query.all() if m.msg['n'] > 1])"}, {"is equal to": 2}, True),
        ({"lambda": "len(set(m.msg['t'] for m in query))"}, {"equal to": 3}, False),
        ({"lambda": "query.count() / 2"}, {"greater than": 1}, True),
        ({"lambda": "query.first().msg['n'] == 1"}, {"is not": 0}, True),
        ({"lambda": "[m.msg['t'] for m in query.all()]"}, {"lambda": "'b' in value"}, True),
        ("all", {"lambda": "len(value) > 2 and value[0].msg['n'] == 1"}, True),
        ("all", {"is not equal to": 0}, True),
        ("first", {"lambda": "value.msg['n'] > 1"}, False),
    ],
)
def test_operations_see_the_rows(operation: Any, condition: Any, expected: bool) -> None:
    found = old_rule(asked(None, operation, condition))
    archive = Archive(ROWS)
    assert holds(found, archive) is expected
    assert archive.asked[0].rows_per_page == 100


def test_the_first_of_no_rows_is_none() -> None:
    found = old_rule(asked(None, "first", {"lambda": "value is None"}))
    assert holds(found, Archive())


def test_rows_are_as_many_as_the_filter_says() -> None:
    archive = Archive(ROWS)
    assert holds(old_rule(asked({"rows_per_page": 9999999}, "all", {"is not": 0})), archive)
    assert archive.asked[0].rows_per_page == 9999999


def test_an_operation_without_its_key_makes_the_criteria_false() -> None:
    found = old_rule(asked(None, {"lambda": "'%(msg.nope)s'"}, {"is not": 0}))
    assert holds(found, Archive()) is False


def test_what_cannot_be_compared_is_reported() -> None:
    with pytest.raises(EvaluationError, match="a list cannot be compared with 5"):
        holds(old_rule(asked(None, "all", {"greater than": 5})), Archive(ROWS))


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        ({"pkgdb": {"owns": {}}}, "asks the package database, which is gone"),
        ({"all": [{"not": {"pkgdb": {}}}, asked()]}, "asks the package database, which is gone"),
        ({"datanommr": {}}, "unknown criteria 'datanommr': did you mean datanommer?"),
        ({}, "criteria is empty"),
        ({"any": asked()}, "any must be a list of criteria"),
        ({**asked(), "any": []}, "criteria has more than one key"),
        ({"datanommer": {"filter": {}, "operation": "count"}}, "datanommer has no condition"),
        (
            {"datanommer": {**asked()["datanommer"], "operatin": 1}},
            "unknown key 'operatin' in datanommer: did you mean operation?",
        ),
        (asked(None, "delete"), "operation 'delete' is not known"),
        (asked(None, ["count"]), "operation must be one word or a lambda"),
        (asked(None, {"lamba": "1"}), "unknown operation 'lamba'"),
        (asked(None, {"lambda": "query.count() % 2"}), "a single % belongs to no template"),
        (asked(None, "count", {"at least": 3}), "unknown condition 'at least'"),
        (asked(None, "count", {"greater than": "1"}), "greater than must be a number"),
        (asked(None, "count", {"lambda": "msg"}), "the name 'msg' does not exist here"),
    ],
)
def test_criteria_that_are_none_are_refused(criteria: Any, reason: str) -> None:
    assert reason in problem(criteria)
