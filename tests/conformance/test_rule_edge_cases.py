# SPDX-License-Identifier: AGPL-3.0-or-later
"""The engine against what fedbadges 2.3.0 was measured to do at the edges of its rule language.

Ours decides alike but for the cases in ``DIFFERENT``. Each of them names the defect of fedbadges
that ours does not share: the left-hand side of section 6 of the notes on the rule dialects.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import yaml

from rules.engine import RuleSet
from rules.errors import RuleError
from rules.loader import compile_text, load
from rules.model import Message, Rule
from rules.recipients import resolve
from tests.shared import shared_path

START = datetime(2024, 1, 1, tzinfo=UTC)
SKIPPED = ("bodhi", "oscar", "apache", "koji", "taskotron", "pagure", "packit", "zodbot")
BASE = {
    "name": "Edge",
    "image_url": "https://example.org/edge.png",
    "description": "An edge case",
    "creator": "tester",
    "discussion": "https://example.org/",
    "issuer_id": "fedora-project",
}

FIRST_LOOK = "v2 stores the first count and adds 1 for each triggering message"
UNDER_NOT = "an error inside a trigger is false, so true under `not`"
LETTERS = "a plain string where an expression is meant is iterated or yields nobody, silently"
SPOILED = "one non-string or None candidate spoils all candidates of the message"
ADDRESSES = "only names that begin with `192.168.` or `10.` are taken for addresses"
SERVICES = "skip_users compares with case"
BUILTINS = "expressions have all builtins and imports"
NEWLINE = "a newline inside an expression is a syntax error"

#: Case, and what ours awards or why it does not load: message by message where it loads.
DIFFERENT: dict[str, tuple[str, list[list[str]] | str]] = {
    "recipient is a list (v1 style)": (LETTERS, "recipient must be one expression"),
    "condition value is a string": (LETTERS, "must be a number"),
    "topic is a list": (LETTERS, "topic must be a text"),
    "filter string instead of list of one": (LETTERS, "topics must be a list"),
    "lambda scope datetime is not there": (BUILTINS, "'datetime' does not exist"),
    "filter start with a datetime": (BUILTINS, "__import__() is not available"),
    "OSError in a filter is swallowed": (BUILTINS, "open() is not available"),
    "not of a lambda KeyError is True": (UNDER_NOT, [[]]),
    "not of a lambda TypeError": (UNDER_NOT, [[]]),
    "lambda TypeError is an empty set": (UNDER_NOT, [[]]),
    "lambda headed by a newline": (NEWLINE, [["alice"]]),
    "recipient int": (SPOILED, [[]]),
    "email2fas on a list with None": (SPOILED, [["bob"]]),
    "IP addresses": (ADDRESSES, [[], [], [], [], [], ["10.foo"], []]),
    "skip_users": (SERVICES, [[], [], []]),
    "user not in the message usernames: one late": (FIRST_LOOK, [[], [], []]),
    "after the first look only triggers count": (FIRST_LOOK, [[], [], [], ["alice"], [], []]),
    "filter KeyError counts as 0": (FIRST_LOOK, [[], [], []]),
}


@dataclass
class Outcome:
    """What ours made of a case."""

    problem: str = ""
    awards: list[list[str]] = field(default_factory=list)
    errors: list[list[str]] = field(default_factory=list)


class Accounts:
    """The people of the measured system."""

    nicks: ClassVar = {"threebean": "ralph", "alice": "alice", "matrix:/nina": "nina"}
    emails: ClassVar = {"rbean@redhat.com": "ralph"}

    def exists(self, username: str) -> bool:
        return username != "ghost"

    def nick(self, nick: str) -> str | None:
        return self.nicks.get(nick)

    def email(self, address: str) -> str | None:
        local, _, domain = address.rpartition("@")
        return local if domain == "fedoraproject.org" else self.emails.get(address)

    def openid(self, url: str) -> str | None:
        return url

    def github(self, url: str) -> str | None:
        return None

    def distgit(self, url: str) -> str | None:
        return url

    def kerberos(self, principal: str) -> str | None:
        return principal.partition("/")[0]


@dataclass
class Row:
    """An archived message, in the form that rules read."""

    msg: dict[str, Any]
    topic: str


def run(case: dict[str, Any]) -> Outcome:
    """Load the rule of a case and feed it the messages, with an archive in memory."""
    rule = {**BASE, **case["rule"]}
    text = yaml.safe_dump({key: rule[key] for key in rule if key not in case["dropped"]})
    compiled = compile_text(text, source="edge.yml")
    if compiled.rule is None:
        return Outcome(problem=str(compiled.errors[0]))
    outcome = Outcome()
    archive: dict[str, Message] = {}
    holders: set[str] = set()
    for number, values in enumerate(case["messages"]):
        message = read(values, number)
        archive.setdefault(message.id, message)
        awards, errors = process(compiled.rule, message, list(archive.values()), holders)
        outcome.awards.append(awards)
        outcome.errors.append(errors)
    return outcome


def read(values: dict[str, Any], number: int) -> Message:
    return Message(
        id=values.get("id", f"message-{number}"),
        topic=values["topic"],
        body=values["body"],
        sent_at=START + timedelta(minutes=number),
        agent_name=values["agent_name"],
        usernames=tuple(values["usernames"]),
        packages=tuple(values["packages"]),
    )


def process(
    rule: Rule, message: Message, archive: list[Message], holders: set[str]
) -> tuple[list[str], list[str]]:
    awards: list[str] = []
    for decision in RuleSet([rule]).triggered(message):
        try:
            if decision.error is not None:
                raise decision.error
            for name in resolve(rule, decision.candidates, Accounts(), SKIPPED).usernames:
                value = counted(rule, message, name, archive)
                if name.lower() not in holders and rule.accepts(value):
                    holders.add(name.lower())
                    awards.append(name)
        except RuleError as error:
            return [], [str(error)]
    return awards, []


def counted(rule: Rule, message: Message, name: str, archive: list[Message]) -> int:
    query = rule.query(message, name)
    if query is None:
        return sum(1 for old in archive if old.agent_name == name and rule.trigger(old))
    found = [old for old in archive if query.matches(old, old.usernames)]
    if not rule.needs_rows:
        return len(found)
    return rule.value(message, [Row(old.body, old.topic) for old in found])


def cases() -> dict[str, dict[str, Any]]:
    lines = shared_path("data/rules/edge-cases-v2.jsonl").read_text("utf-8").splitlines()
    return {case["case"]: case for case in map(json.loads, lines)}


def test_every_edge_case_is_decided_alike_or_differs_for_a_named_defect() -> None:
    unexpected = []
    for name, case in cases().items():
        ours = run(case)
        if name in DIFFERENT:
            defect, expected = DIFFERENT[name]
            known = (
                expected in ours.problem if isinstance(expected, str) else ours.awards == expected
            )
            if not known:
                unexpected.append(f"{name} ({defect}): {ours}")
            continue
        loads = not ours.problem
        awards = [result["awards"] for result in case["results"]]
        failures = [bool(result["errors"]) for result in case["results"]]
        if loads != (case["load"] is None) or (
            loads and (ours.awards, [bool(errors) for errors in ours.errors]) != (awards, failures)
        ):
            unexpected.append(f"{name}: {ours}, fedbadges {case['load']} {case['results']}")
    assert unexpected == []


def test_every_difference_is_one_that_was_measured() -> None:
    assert set(DIFFERENT) <= set(cases())


def test_the_168_rules_load_without_a_problem() -> None:
    loaded = load([shared_path("data/rules/rules-v2")])
    assert loaded.problems == ()
    assert len(loaded.rules) == 168


def test_the_168_rules_of_2014_are_named_as_such() -> None:
    loaded = load([shared_path("data/rules/rules-v1")])
    assert loaded.rules == ()
    assert len(loaded.problems) == 168
    assert all(problem.message.startswith("2014 dialect:") for problem in loaded.problems)
