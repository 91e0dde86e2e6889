# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs a measured case of the rule languages through the engine, with an archive in memory."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from rules.engine import RuleSet
from rules.errors import RuleError
from rules.loader import compile_text
from rules.model import Message, Rule
from rules.recipients import resolve
from tests.shared import shared_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules.model import Query

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
#: What a rule of 2014 asks where the case does not say.
CRITERIA = {
    "datanommer": {
        "filter": {"topics": ["%(topic)s"]},
        "operation": "count",
        "condition": {"greater than or equal to": 1},
    }
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
        return username != "ghost" and bool(re.fullmatch(r"[A-Za-z0-9][\w.-]*", username))

    def nick(self, nick: str) -> str | None:
        return self.nicks.get(nick)

    def email(self, address: str) -> str | None:
        local, _, domain = address.rpartition("@")
        return local if domain == "fedoraproject.org" else self.emails.get(address)

    def openid(self, url: str) -> str | None:
        found = re.fullmatch(r"https?://([A-Za-z0-9]+)\.id\.fedoraproject\.org", url)
        return found[1] if found else url

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


@dataclass
class Archive:
    """The messages so far, each once."""

    messages: dict[str, Message] = field(default_factory=dict)

    def found(self, query: Query) -> list[Message]:
        return [old for old in self.messages.values() if query.matches(old, old.usernames)]

    def count(self, query: Query) -> int:
        return len(self.found(query))

    def rows(self, query: Query) -> Sequence[Row]:
        rows = [Row(message.body, message.topic) for message in self.found(query)]
        return rows[-query.rows_per_page :] if query.rows_per_page else rows


def cases(dialect: str) -> dict[str, dict[str, Any]]:
    """Return the measured cases of a dialect by their names."""
    path = shared_path(f"data/rules/edge-cases-{dialect}.jsonl")
    return {case["case"]: case for case in map(json.loads, path.read_text("utf-8").splitlines())}


def run(case: dict[str, Any], change: Callable[[str], str] = str) -> Outcome:
    """Load the rule of a case, after a change of its text, and feed it the messages."""
    asked = {"criteria": CRITERIA} if case["dialect"] == "v1" else {}
    rule = {**BASE, **asked, **case["rule"]}
    text = yaml.safe_dump({key: rule[key] for key in rule if key not in case["dropped"]})
    compiled = compile_text(change(text), source="edge.yml")
    if compiled.rule is None:
        return Outcome(problem=str(compiled.errors[0]))
    outcome = Outcome()
    archive = Archive()
    holders: set[str] = set()
    for number, values in enumerate(case["messages"]):
        message = read(values, number)
        archive.messages.setdefault(message.id, message)
        awards, errors = process(compiled.rule, message, archive, holders)
        outcome.awards.append(awards)
        outcome.errors.append(errors)
    return outcome


def read(values: dict[str, Any], number: int) -> Message:
    return Message(
        id=values.get("id", f"message-{number}"),
        topic=values["topic"],
        body=values["body"],
        sent_at=START + timedelta(minutes=number),
        agent_name=values.get("agent_name"),
        usernames=tuple(values.get("usernames", values.get("users", ()))),
        packages=tuple(values.get("packages", ())),
    )


def process(
    rule: Rule, message: Message, archive: Archive, holders: set[str]
) -> tuple[list[str], list[str]]:
    awards: list[str] = []
    for decision in RuleSet([rule]).triggered(message):
        try:
            if decision.error is not None:
                raise decision.error
            names = resolve(rule, decision.candidates, Accounts(), SKIPPED).usernames
            if names and rule.criteria is not None and not rule.criteria(message, archive):
                continue
            for name in names:
                value = counted(rule, message, name, archive)
                if name.lower() not in holders and rule.accepts(value):
                    holders.add(name.lower())
                    awards.append(name)
        except RuleError as error:
            return [], [str(error)]
    return awards, []


def counted(rule: Rule, message: Message, name: str, archive: Archive) -> int:
    query = rule.query(message, name)
    if query is None:
        messages = archive.messages.values()
        return sum(1 for old in messages if old.agent_name == name and rule.trigger(old))
    if not rule.needs_rows:
        return archive.count(query)
    return rule.value(message, archive.rows(query))
