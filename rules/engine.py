# SPDX-License-Identifier: AGPL-3.0-or-later
"""The engine: which rules a message triggers, and whom they may award."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.errors import MissingValueError, RuleError
from rules.recipients import candidates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.model import Message, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one rule makes of one message: candidates, or the reason why it is broken."""

    rule: Rule
    candidates: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    error: RuleError | None = None


class RuleSet:
    """Rules that were compiled once; a message costs what it triggers, not how many there are."""

    __slots__ = ("_always", "_categories", "_lengths", "_suffixes", "rules")

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._always: list[int] = []
        self._suffixes: dict[str, list[int]] = {}
        self._categories: dict[str | None, list[int]] = {}
        for place, rule in enumerate(self.rules):
            needs = rule.trigger.needs
            if needs is None:
                self._always.append(place)
                continue
            for suffix in needs.suffixes:
                self._suffixes.setdefault(suffix, []).append(place)
            for category in needs.categories:
                self._categories.setdefault(category, []).append(place)
        self._lengths = sorted({len(suffix) for suffix in self._suffixes})

    def triggered(self, message: Message) -> Iterator[Decision]:
        """Yield a decision for each rule that the message triggers or breaks, in their order."""
        for rule in self._concerned(message):
            decision = _decide(rule, message)
            if decision is not None:
                yield decision

    def _concerned(self, message: Message) -> Iterator[Rule]:
        """Yield the rules that the topic of the message does not rule out."""
        topic = message.topic
        places = set(self._always)
        places.update(self._categories.get(message.category, ()))
        for length in self._lengths:
            if length > len(topic):
                break
            places.update(self._suffixes.get(topic[len(topic) - length :], ()))
        return (self.rules[place] for place in sorted(places))


def _decide(rule: Rule, message: Message) -> Decision | None:
    try:
        if not rule.trigger(message):
            return None
    except RuleError as error:
        return Decision(rule=rule, error=_said("trigger", error))
    try:
        names, dropped = candidates(rule.recipient(message))
    except MissingValueError as error:
        return Decision(rule=rule, dropped=(("recipient", str(error)),))
    except RuleError as error:
        return Decision(rule=rule, error=_said("recipient", error))
    return Decision(rule=rule, candidates=names, dropped=dropped)


def _said(part: str, error: RuleError) -> RuleError:
    """Return the same error, saying in which part of the rule it arose."""
    named = type(error)(f"{part}: {error}")
    named.__cause__ = error
    return named
