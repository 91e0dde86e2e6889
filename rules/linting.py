# SPDX-License-Identifier: AGPL-3.0-or-later
"""Remarks about rules that load and yet may not do what their author wants."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rules.documents import Node, read_document
from rules.matchers import COMPARISONS
from rules.places import conditions, constant, filters, is_moving, operations
from rules.triggering import never_fires, unknown_parts
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rules.matchers import Condition
    from rules.model import Rule

WARNING, NOTE = "warning", "note"
#: Kinds of remarks.
NEVER, SERIES, COSTLY, TOPIC = "never", "series", "costly", "topic"


@dataclass(frozen=True, slots=True)
class Remark:
    """What may be wrong with a rule, or should be known about it."""

    path: Path
    line: int
    column: int
    kind: str
    severity: str
    message: str
    hint: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}"
        return f"{place}: {self.severity}: {self.message}: {self.hint}"


@dataclass(frozen=True, slots=True)
class Known:
    """The topics that are known, and where from."""

    topics: Collection[str]
    source: str


def lint(rules: Iterable[Rule], known: Known) -> list[Remark]:
    """Return the remarks about rules, by file and line."""
    found: list[Remark] = []
    read = [(rule, read_document(rule.text)) for rule in rules]
    for rule, document in read:
        found.extend(_never(rule, document))
        found.extend(_costly(rule, document))
        found.extend(_unknown(rule, document, known))
    found.extend(_levels(read))
    return sorted(found, key=lambda remark: (remark.path, remark.line, remark.column))


def _remark(
    rule: Rule, node: Node, kind: str, message: str, hint: str, *, severity: str = WARNING
) -> Remark:
    path = Path(rule.source)
    return Remark(path, node.line, node.column, kind, severity, message, hint)


def _never(rule: Rule, document: Node) -> Iterator[Remark]:
    dead = never_fires(rule.trigger, document.value["trigger"])
    if dead is not None:
        message = Text("the trigger never holds: %(reason)s", reason=dead.reason)
        yield _remark(
            rule, dead.node, NEVER, message, Text("no message can earn this badge: correct it")
        )
    counts = rule.previous is None or rule.previous.operation is None
    if rule.condition is not None and counts and not _reachable(rule.condition):
        node = next(conditions(document))
        message = Text(
            "the condition never holds: no count is %(value)s", value=_words(rule.condition)
        )
        yield _remark(rule, node, NEVER, message, Text("compare with a whole number from 1 on"))


def _words(condition: Condition) -> str:
    return f"{condition.comparison.removeprefix('is ')} {condition.number:g}"


def _reachable(condition: Condition) -> bool:
    """Whether a count, a whole number from 0 on, can fulfil a condition."""
    if condition.expression is not None:
        return True
    compare, number = COMPARISONS[condition.comparison], condition.number
    if compare is operator.eq:
        return number >= 0 and float(number).is_integer()
    return compare in {operator.ge, operator.gt, operator.ne} or compare(0, number)


def _costly(rule: Rule, document: Node) -> Iterator[Remark]:
    hint = Text("count with users, topics, categories, packages and agents where that is enough")
    for node in operations(document):
        message = Text("costly: for each message the operation reads rows of the archive")
        yield _remark(rule, node, COSTLY, message, hint)
    for asked in filters(document):
        for key, value in asked.items():
            if key == "contains":
                message = Text(
                    "costly: `contains` reads the text of every message that the rest finds"
                )
            elif key in {"start", "end"} and is_moving(value):
                message = Text("costly: `%(key)s` moves, so that each message counts anew", key=key)
            else:
                continue
            yield _remark(rule, value.key or value, COSTLY, message, hint)


def _unknown(rule: Rule, document: Node, known: Known) -> Iterator[Remark]:
    hint = Text(
        "compared with %(number)s topics of %(source)s",
        number=len(known.topics),
        source=known.source,
    )
    trigger = document.value["trigger"]
    dead = never_fires(rule.trigger, trigger) is not None
    for node, message in () if dead else unknown_parts(rule.trigger, trigger, known.topics):
        yield _remark(rule, node, TOPIC, message, hint, severity=NOTE)
    for asked in filters(document):
        listed = asked["topics"].value if "topics" in asked else ()
        for node in listed if isinstance(listed, tuple) else ():
            name = constant(node)
            if name is not None and name not in known.topics:
                message = Text("no known topic is %(name)r", name=name)
                yield _remark(rule, node, TOPIC, message, hint, severity=NOTE)


def _levels(read: list[tuple[Rule, Node]]) -> Iterator[Remark]:
    """Compare each level of a series with the one before it."""
    ladders: dict[str, list[tuple[int, Rule, Node]]] = {}
    for rule, document in read:
        if rule.series is not None:
            step = (rule.series.level, rule, document)
            ladders.setdefault(rule.series.slug, []).append(step)
    for steps in ladders.values():
        before: tuple[Rule, float] | None = None
        taken: dict[int, Rule] = {}
        for level, rule, document in sorted(steps, key=lambda step: (step[0], step[1].source)):
            other = taken.setdefault(level, rule)
            if other is not rule:
                message = Text(
                    "level %(level)s of the series is also %(name)r of %(source)s",
                    level=level,
                    name=other.name,
                    source=other.source,
                )
                node = document.value["series"]
                yield _remark(rule, node, SERIES, message, Text("give each its own level"))
            threshold = _threshold(rule)
            if threshold is None:
                continue
            if before is not None and threshold <= before[1] and level > _level(before[0]):
                node = next(conditions(document))
                message = Text(
                    "level %(level)s needs %(threshold)s, and %(name)r before it %(before)s",
                    level=level,
                    threshold=f"{threshold:g}",
                    name=before[0].name,
                    before=f"{before[1]:g}",
                )
                hint = Text("raise the threshold from level to level")
                yield _remark(rule, node, SERIES, message, hint)
            before = rule, threshold


def _level(rule: Rule) -> int:
    return rule.series.level if rule.series else 0


def _threshold(rule: Rule) -> float | None:
    """Return the least value that is enough, None where there is none to compare."""
    condition = rule.condition
    if condition is None or condition.expression is not None:
        return None
    compare = COMPARISONS[condition.comparison]
    if compare is operator.gt:
        return condition.number + 1
    return condition.number if compare in {operator.ge, operator.eq} else None
