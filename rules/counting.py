# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which questions of rules can be kept as counters, and how a message finds those it advances.

A counter holds the answer to one question. It is found by *anchors*: short texts that each message
which the question finds has too, so that a message looks up a few of them however many counters
there are. An anchor promises nothing: whether the question finds the message is asked afterwards.
"""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rules.expressions import Expression, reading
from rules.model import category_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.model import Message, Rule
    from rules.queries import Filter, Query

#: What a question may ask about and still be kept, in the order of its identity.
PLAIN = ("topics", "not_topics", "categories", "not_categories", "packages", "not_packages")
PEOPLE = ("users", "not_users", "agents", "not_agents")
MOMENTS = ("start", "end")
#: Names by which a message is looked up, the most telling first.
NAMES = ("users", "agents", "packages")
#: Topics of a question that get anchors of their own; with more, the names have to do.
MAX_TOPICS = 8
#: The anchor of questions that ask neither for names nor for a few topics.
ANYTHING = "\n"
#: An index has no room for long texts.
MAX_ANCHOR = 200


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is kept as a counter."""

    key: str
    filter: str  # what filter asked it: rules that share a filter share its counters
    facts: dict[str, Any]  # what it asks, as JSON
    anchors: tuple[str, ...]
    query: Query


@lru_cache(maxsize=4_096)
def costly(rule: Rule) -> str | None:
    """Return why a rule has to read rows of the archive each time it counts, None if it has not."""
    if rule.criteria is not None:
        return "its criteria ask the archive anew"
    if rule.previous is None:
        return None
    if rule.needs_rows:
        return "its operation reads rows"
    values = rule.previous.filter.values
    if "contains" in values:
        return "its filter looks for contains"
    moving = [key for key in MOMENTS if key in values and not is_constant(values[key])]
    return f"its filter has a moving {' and '.join(moving)}" if moving else None


def question(rule: Rule, query: Query) -> Question | None:
    """Return the question as a counter answers it, None where rows have to be read.

    Rules whose filters are written alike ask the same question.
    """
    if rule.previous is None or query.msg_id is not None or costly(rule):
        return None
    facts = _facts(query)
    written = fingerprint(rule.previous.filter)
    key = digest(written, json.dumps(facts, sort_keys=True))
    return Question(key, written, facts, _anchors(facts), query)


def renamed(
    written: str, facts: dict[str, Any], former: str, present: str
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Return key, facts and anchors of a question when somebody it asks for is called otherwise.

    ``written`` is the filter that asks it; names are without case.
    """
    facts = dict(facts)
    for key in PEOPLE:
        if key in facts:
            facts[key] = sorted({present if name == former else name for name in facts[key]})
    return digest(written, json.dumps(facts, sort_keys=True)), facts, _anchors(facts)


@lru_cache(maxsize=4_096)
def fingerprint(source: Filter) -> str:
    """Return what tells a filter from others that are written differently."""
    written = {
        key: [_written(item) for item in value] if isinstance(value, tuple) else _written(value)
        for key, value in source.values.items()
        if key not in ("rows_per_page", "page", "order")
    }
    return digest(json.dumps(written, sort_keys=True))


def sameness(source: Filter) -> object:
    """Return what two filters share that ask the same of the same message and person."""
    parts = (
        part
        for value in source.values.values()
        for part in (value if isinstance(value, tuple) else (value,))
    )
    return fingerprint(source) if all(isinstance(part, Expression) for part in parts) else source


def digest(*parts: str) -> str:
    """Return a short text that stands for all parts."""
    whole = json.dumps(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(whole, digest_size=16).hexdigest()


def locks(asked: Question) -> list[str]:
    """Return what must be locked while a question gets its first value.

    Every message that the question finds has at least one of them among its own locks.
    """
    for key in NAMES:
        if key in asked.facts:
            return [f"{key[0]} {name}" for name in asked.facts[key]]
    return list(asked.anchors)


def names_of(message: Message, users: Iterable[str]) -> list[str]:
    """Return the names of a message that is kept with ``users``, each with its kind."""
    names = [f"u {name.lower()}" for name in users]
    names.extend(f"p {name}" for name in message.packages)
    if message.agent_name:
        names.append(f"a {message.agent_name.lower()}")
    return names


def anchors_of(names: Iterable[str], topic: str) -> list[str]:
    """Return the anchors of a message with these names: two for each, and two without a name."""
    found = [ANYTHING, _anchor("", topic)]
    for name in names:
        found += (_anchor(name, ""), _anchor(name, topic))
    return found


def locks_of(names: Iterable[str], topic: str) -> list[str]:
    """Return what a message has to lock, together with others, while it advances counters."""
    return [ANYTHING, _anchor("", topic), *names]


def may_trigger(rule: Rule, topic: str) -> bool:
    """Whether messages of a topic may trigger a rule."""
    needs = rule.trigger.needs
    if needs is None:
        return True
    return topic.endswith(tuple(needs.suffixes)) or category_of(topic) in needs.categories


def is_constant(source: object) -> bool:
    """Whether something is known to give the same for every message and recipient."""
    if isinstance(source, tuple):
        return all(is_constant(item) for item in source)
    if not isinstance(source, Expression):
        return False
    return not any(isinstance(node, ast.Name) for node in ast.walk(reading.read(source.text)))


def _facts(query: Query) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for key in PLAIN:
        if found := getattr(query, key):
            facts[key] = sorted(set(found))
    for key in PEOPLE:
        if found := getattr(query, key):
            facts[key] = sorted({name.lower() for name in found})
    for key in MOMENTS:
        if (moment := getattr(query, key)) is not None:
            facts[key] = moment.isoformat()
    return facts


def _anchors(facts: dict[str, Any]) -> tuple[str, ...]:
    names: Iterable[str] = [""]
    for key in NAMES:
        if key in facts:
            names = [f"{key[0]} {name}" for name in facts[key]]
            break
    topics = facts.get("topics", [""])
    if len(topics) > MAX_TOPICS:
        topics = [""]
    return tuple(_anchor(name, topic) for name in names for topic in topics)


def _anchor(name: str, topic: str) -> str:
    anchor = f"{name}\n{topic}"
    return anchor if len(anchor) <= MAX_ANCHOR else digest(anchor)


def _written(source: object) -> str:
    """Return the text of an expression; what older dialects make of theirs has none."""
    return source.text if isinstance(source, Expression) else "2014"
