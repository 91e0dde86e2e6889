# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be told of a trigger without a message: whether it can hold, and for which topics."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.matchers import AllOf, AnyOf, CategoryIn, Holds, Not, TopicEnds
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rules.documents import Node
    from rules.matchers import Trigger


@dataclass(frozen=True, slots=True)
class Dead:
    """A part of a trigger that can never hold, and why."""

    node: Node
    reason: str


def never_fires(trigger: Trigger, node: Node) -> Dead | None:
    """Return why a trigger can never hold, or None where it may."""
    ((kind, value),) = node.value.items()
    place = value.key or value
    if isinstance(trigger, AnyOf | AllOf):
        if not trigger.parts:
            return Dead(place, Text("the list below `%(kind)s` is empty", kind=kind))
        below = [never_fires(*pair) for pair in zip(trigger.parts, value.value, strict=True)]
        dead = [part for part in below if part is not None]
        if isinstance(trigger, AnyOf):
            return dead[0] if len(dead) == len(below) else None
        if dead:
            return dead[0]
        reason = _contradiction(trigger.parts)
        return Dead(place, reason) if reason else None
    if isinstance(trigger, CategoryIn) and not trigger.categories:
        return Dead(place, Text("the list of categories is empty"))
    if isinstance(trigger, Holds) and _is_false(trigger.text):
        return Dead(value, Text("the lambda always gives %(value)s", value=trigger.text.strip()))
    return None


def _is_false(text: str) -> bool:
    try:
        return not ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


def _contradiction(parts: Iterable[Trigger]) -> str:
    """Return what contradicts itself in parts that must hold together, or nothing.

    One topic has two endings only where one of them ends with the other.
    """
    endings: set[str] = {""}
    categories: frozenset[str] | None = None
    excluded: list[Trigger] = []
    for part in _flat(parts):
        if isinstance(part, Not):
            excluded.append(part.part)
            continue
        needs = part.needs
        if needs is None or (needs.suffixes and needs.categories):
            continue
        if needs.suffixes:
            endings = {
                longer
                for one in endings
                for other in needs.suffixes
                if (longer := _joined(one, other)) is not None
            }
            if not endings:
                named = ", ".join(sorted(map(repr, needs.suffixes)))
                return Text(
                    "no topic ends with %(named)s and with what the others ask for", named=named
                )
        else:
            both = needs.categories if categories is None else categories & needs.categories
            if not both:
                return Text("no topic has two categories")
            categories = both
    return _excluded(excluded, endings, categories)


def _flat(parts: Iterable[Trigger]) -> Iterator[Trigger]:
    """Yield the parts that must hold together; lists below `all` are some of them."""
    for part in parts:
        if isinstance(part, AllOf) and part.parts:
            yield from _flat(part.parts)
        else:
            yield part


def _joined(one: str, other: str) -> str | None:
    if one.endswith(other):
        return one
    return other if other.endswith(one) else None


def _excluded(
    excluded: Iterable[Trigger], endings: Collection[str], categories: frozenset[str] | None
) -> str:
    for part in excluded:
        leaves = part.parts if isinstance(part, AnyOf) else (part,)
        needs = part.needs
        if needs is None or not all(isinstance(leaf, TopicEnds | CategoryIn) for leaf in leaves):
            continue
        if needs.suffixes and all(end.endswith(tuple(needs.suffixes)) for end in endings):
            return Text(
                "`not` forbids every topic that ends with %(value)r", value=sorted(endings)[0]
            )
        if categories is not None and categories <= needs.categories:
            return Text("`not` forbids the category %(value)r", value=sorted(categories)[0])
    return ""


def unknown_parts(
    trigger: Trigger, node: Node, topics: Collection[str]
) -> Iterator[tuple[Node, Text]]:
    """Yield what to say of endings and categories that no known topic has, or of the trigger."""
    leaves = list(_unknown_leaves(trigger, node, topics))
    yield from leaves
    if not leaves and not any(_may_hold(trigger, topic) is not False for topic in topics):
        yield node.key or node, Text("no known topic passes the trigger")


def _unknown_leaves(
    trigger: Trigger, node: Node, topics: Collection[str]
) -> Iterator[tuple[Node, Text]]:
    ((_, value),) = node.value.items()
    if isinstance(trigger, AnyOf | AllOf):
        for part, below in zip(trigger.parts, value.value, strict=True):
            yield from _unknown_leaves(part, below, topics)
    elif isinstance(trigger, Not):
        yield from _unknown_leaves(trigger.part, value, topics)
    elif isinstance(trigger, TopicEnds):
        if not any(topic.endswith(trigger.suffix) for topic in topics):
            yield value, Text("no known topic ends with %(ending)r", ending=trigger.suffix)
    elif isinstance(trigger, CategoryIn):
        for name in sorted(trigger.categories - {_category(topic) for topic in topics}):
            yield value, Text("no known topic is of the category %(name)r", name=name)


def _category(topic: str) -> str:
    parts = topic.split(".", 4)
    return parts[3] if len(parts) > 3 else ""


def _may_hold(trigger: Trigger, topic: str) -> bool | None:
    """Whether a trigger holds for a topic; None where that depends on more than the topic."""
    if isinstance(trigger, TopicEnds):
        return topic.endswith(trigger.suffix)
    if isinstance(trigger, CategoryIn):
        return _category(topic) in trigger.categories
    if isinstance(trigger, Not):
        inner = _may_hold(trigger.part, topic)
        return None if inner is None else not inner
    if isinstance(trigger, AnyOf | AllOf):
        wanted = isinstance(trigger, AnyOf)
        found = [_may_hold(part, topic) for part in trigger.parts]
        if wanted in found:  # one that holds is enough for `any`, one that does not for `all`
            return wanted
        return None if None in found else bool(found) and not wanted
    return None
