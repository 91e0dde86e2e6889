# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from fedora_messaging.message import get_class

from rules.engine import RuleSet
from rules.loader import load
from rules.model import Message
from tests.shared import CHECKOUT
from tools.build_sample import build

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.model import Rule

CATALOG = CHECKOUT / "rules" / "catalog"
SAMPLE = CATALOG / "sample"
TAGS = {
    "development", "quality", "community", "content", "event",
    "infrastructure", "design", "documentation", "miscellaneous",
}  # fmt: skip

needs_schemas = pytest.mark.skipif(
    find_spec("mediawiki_messages") is None, reason="the extra 'schemas' is not installed"
)


@dataclass(frozen=True, slots=True)
class User:
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """An archived message as an operation sees it."""

    msg: dict[str, Any]
    topic: str
    agent_name: str | None
    users: tuple[User, ...]
    packages: tuple[str, ...]
    timestamp: datetime


class Archive:
    """The smallest archive: keeps messages and answers queries by looking at each."""

    def __init__(self) -> None:
        self._messages: dict[str, list[Message]] = defaultdict(list)

    def add(self, message: Message) -> None:
        self._messages[message.topic].append(message)

    def rows(self, rule: Rule, message: Message, recipient: str) -> list[Row]:
        query = rule.query(message, recipient)
        if query is None:
            return [_row(message)]
        assert query.topics, "rules of the catalogue ask for topics, or every row would be read"
        kept = [old for topic in query.topics for old in self._messages[topic]]
        return [_row(old) for old in kept if query.matches(old, old.usernames)]

    def awards(self, rules: RuleSet, message: Message) -> Iterator[tuple[str, str]]:
        """Yield the badge and the name for everybody who earns a badge with this message."""
        for decision in rules.triggered(message):
            assert decision.error is None, f"{decision.rule.slug}: {decision.error}"
            assert not decision.dropped, f"{decision.rule.slug}: {decision.dropped}"
            for name in decision.candidates:
                rows = self.rows(decision.rule, message, name)
                if decision.rule.accepts(decision.rule.value(message, rows)):
                    yield decision.rule.slug, name


def _row(message: Message) -> Row:
    users = tuple(User(name) for name in message.usernames)
    return Row(
        message.body, message.topic, message.agent_name, users, message.packages, message.sent_at
    )


def documents(name: str) -> list[dict[str, Any]]:
    with (SAMPLE / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def message(document: dict[str, Any]) -> Message:
    return Message(
        id=document["id"],
        topic=document["topic"],
        body=document["body"],
        sent_at=datetime.fromisoformat(document["timestamp"]),
        headers=document["headers"],
        agent_name=document["agent_name"],
        usernames=tuple(document["usernames"]),
        packages=tuple(document["packages"]),
    )


def history(example: dict[str, Any]) -> Iterator[Message]:
    """Yield the message of an example as often as it says, the last one as it stands."""
    last = example["message"]
    end = datetime.fromisoformat(last["timestamp"])
    for back in range(example["history"] - 1, 0, -1):
        at = (end - timedelta(hours=back)).isoformat()
        yield message({**last, "id": f"{last['id']}-{back}", "timestamp": at})
    yield message(last)


def topics(trigger: dict[str, Any]) -> Iterator[str]:
    for key, value in trigger.items():
        if key == "topic":
            yield value
        elif key in ("all", "any", "not"):
            for child in value if isinstance(value, list) else [value]:
                yield from topics(child)


@pytest.fixture(scope="module")
def sources() -> dict[str, dict[str, Any]]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(CATALOG.glob("*.yml"))
    }


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    loaded = load([CATALOG])
    assert not loaded.problems, loaded.problems
    return tuple(loaded.rules)


@pytest.fixture(scope="module")
def stream() -> list[dict[str, Any]]:
    return documents("messages.jsonl")


@pytest.fixture(scope="module")
def people() -> set[str]:
    return {person["username"] for person in documents("people.jsonl") if "joined" in person}


@pytest.fixture(scope="module")
def awards(
    rules: tuple[Rule, ...], stream: list[dict[str, Any]], people: set[str]
) -> dict[str, set[str]]:
    """Who holds which badge after the whole sample."""
    return replay(rules, map(message, stream), people)


def replay(
    rules: Iterable[Rule], messages: Iterable[Message], people: set[str]
) -> dict[str, set[str]]:
    archive, compiled = Archive(), RuleSet(tuple(rules))
    held: dict[str, set[str]] = defaultdict(set)
    for each in messages:
        archive.add(each)
        for slug, name in archive.awards(compiled, each):
            if name in people:
                held[name].add(slug)
    return held


def test_every_file_is_a_rule_without_a_problem(rules: tuple[Rule, ...]) -> None:
    assert {rule.slug for rule in rules} == {path.stem for path in CATALOG.glob("*.yml")}


def test_the_collection_is_broad(sources: dict[str, dict[str, Any]]) -> None:
    triggers = {json.dumps(source["trigger"], sort_keys=True) for source in sources.values()}
    applications = {
        topic.split(".")[0] for source in sources.values() for topic in topics(source["trigger"])
    }
    assert len(sources) >= 40
    assert len(triggers) >= 15
    assert len(applications) >= 12


def test_each_file_is_named_and_told_by_the_same_rules(sources: dict[str, dict[str, Any]]) -> None:
    names = Counter(source["name"] for source in sources.values())
    assert max(names.values()) == 1
    for slug, source in sources.items():
        assert source["slug"] == slug
        assert source["image_url"] == f"../artwork/{slug}.svg"
        assert source["criteria_text"].endswith(".")
        assert set(source["tags"]) <= TAGS
        assert source["points"] > 0


def test_the_levels_of_a_series_are_without_a_gap(rules: tuple[Rule, ...]) -> None:
    levels: dict[str, list[int]] = defaultdict(list)
    for rule in rules:
        if rule.series is not None:
            levels[rule.series.slug].append(rule.series.level)
    assert levels
    for slug, found in levels.items():
        assert sorted(found) == list(range(1, len(found) + 1)), slug


def test_each_topic_of_a_trigger_occurs(
    sources: dict[str, dict[str, Any]], stream: list[dict[str, Any]]
) -> None:
    seen = {document["topic"] for document in stream}
    seen |= {example["message"]["topic"] for example in documents("examples.jsonl")}
    for slug, source in sources.items():
        for topic in topics(source["trigger"]):
            assert any(name.endswith(topic) for name in seen), f"{slug}: {topic}"


def test_the_sample_is_in_order_and_its_ids_are_single(stream: list[dict[str, Any]]) -> None:
    times = [datetime.fromisoformat(document["timestamp"]) for document in stream]
    assert times == sorted(times)
    assert all(at.tzinfo is not None for at in times)
    assert len({document["id"] for document in stream}) == len(stream)
    assert 400 <= len(stream) <= 700


def test_the_sample_makes_a_lively_site(awards: dict[str, set[str]]) -> None:
    sizes = sorted(map(len, awards.values()))
    holders = Counter(slug for slugs in awards.values() for slug in slugs)
    assert len(sizes) >= 25
    assert sum(size >= 15 for size in sizes) >= 2
    assert sizes[len(sizes) // 2] <= 8, "most people hold a few"
    assert sum(count == 1 for count in holders.values()) >= 5, "some badges are rare"


def test_the_sample_announces_exactly_what_it_earns(
    rules: tuple[Rule, ...], stream: list[dict[str, Any]], awards: dict[str, set[str]]
) -> None:
    slugs = {rule.badge_id: rule.slug for rule in rules}
    announced: dict[str, set[str]] = defaultdict(set)
    for document in stream:
        if document["topic"].endswith("badges.badge.award"):
            badge, user = document["body"]["badge"], document["body"]["user"]
            announced[user["username"]].add(slugs[badge["badge_id"]])
    assert announced == awards


def test_each_badge_is_earned_by_the_sample_or_by_its_example(
    rules: tuple[Rule, ...], awards: dict[str, set[str]]
) -> None:
    by_sample = {slug for slugs in awards.values() for slug in slugs}
    examples = {example["slug"] for example in documents("examples.jsonl")}
    assert by_sample | examples == {rule.slug for rule in rules}
    assert not by_sample & examples, "an example is for a badge out of the sample's reach"


@pytest.mark.parametrize("example", documents("examples.jsonl"), ids=lambda each: each["slug"])
def test_an_example_earns_its_badge_with_the_last_message_only(
    example: dict[str, Any], rules: tuple[Rule, ...], people: set[str]
) -> None:
    rule = next(rule for rule in rules if rule.slug == example["slug"])
    messages = list(history(example))
    archive, compiled = Archive(), RuleSet((rule,))
    for each in messages[:-1]:
        archive.add(each)
    too_early = set(archive.awards(compiled, messages[-2]))
    archive.add(messages[-1])
    earned = {name for slug, name in archive.awards(compiled, messages[-1])}
    assert not too_early
    assert earned & people


@pytest.mark.slow
@needs_schemas
def test_each_message_is_valid_by_its_schema(stream: list[dict[str, Any]]) -> None:
    base = get_class("base.message")
    examples = [example["message"] for example in documents("examples.jsonl")]
    for document in [*stream, *examples]:
        found = get_class(document["headers"]["fedora_messaging_schema"])
        assert found is not base, document["headers"]
        each = found(
            topic=document["topic"], body=document["body"], headers=dict(document["headers"])
        )
        each.validate()
        assert each.agent_name == document["agent_name"]


@pytest.mark.slow
@needs_schemas
def test_the_generator_makes_the_same_bytes_again() -> None:
    for name, text in build().items():
        assert text.encode() == (SAMPLE / name).read_bytes(), (
            f"{name}: python -m tools.build_sample"
        )
