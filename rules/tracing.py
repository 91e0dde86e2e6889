# SPDX-License-Identifier: AGPL-3.0-or-later
"""Follows the trees of a rule, trigger and criteria, and notes what came of each part.

Every part is asked, also those that the engine skips because the others decide: they are noted as
skipped, and an error in one of them breaks nothing.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from rules.criteria import STEPS_PER_ROW, AllHold, AnyHolds, Asked, HoldsNot
from rules.errors import MissingValueError, RuleError, shown
from rules.matchers import AllOf, AnyOf, CategoryIn, Holds, Not, TopicEnds

if TYPE_CHECKING:
    from rules.criteria import Archive, Criteria
    from rules.matchers import Condition, Trigger
    from rules.model import Message
    from rules.queries import Query

MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a rule and what came of it."""

    part: str  # trigger, criteria, recipient, filter, count or condition
    depth: int
    text: str
    outcome: bool | None  # None: it is broken
    detail: str = ""
    skipped: bool = False  # the engine does not ask it: another part decides
    user: str = ""  # the person whom it is about, where it is about one

    def __str__(self) -> str:
        word = "no answer" if self.outcome is None else "yes" if self.outcome else "no"
        detail = f" ({self.detail})" if self.detail else ""
        skipped = ", not asked by the engine" if self.skipped else ""
        return f"{'  ' * self.depth}{self.text}: {word}{detail}{skipped}"


class _Shortened(reprlib.Repr):
    """Shows values of any size in a short text."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 80
        self.maxlevel = 3

    def repr_int(self, x: int, level: int) -> str:
        return shown(x)  # a number of a million digits cannot be printed


_shortened = _Shortened()


def displayed(value: object) -> str:
    """Return a value for people: short, whatever it is."""
    return _shortened.repr(value)[:MAX_TEXT]


def follow_trigger(
    steps: list[Step], trigger: Trigger, message: Message, depth: int = 0, *, skipped: bool = False
) -> bool | None:
    """Note a trigger and its parts; return whether it holds, None when it is broken."""
    place, detail = len(steps), ""
    outcome: bool | None
    if isinstance(trigger, AnyOf | AllOf):
        wanted = isinstance(trigger, AnyOf)
        text = "any of" if wanted else "all of"
        outcome, decided = bool(trigger.parts) and not wanted, False
        detail = "" if trigger.parts else "the list is empty"
        for part in trigger.parts:
            found = follow_trigger(steps, part, message, depth + 1, skipped=skipped or decided)
            if not decided and found is not (not wanted):
                outcome, decided = found, True
    elif isinstance(trigger, Not):
        text = "not"
        found = follow_trigger(steps, trigger.part, message, depth + 1, skipped=skipped)
        outcome = None if found is None else not found
    else:
        text, outcome, detail = _leaf(trigger, message)
    steps.insert(place, Step("trigger", depth, text, outcome, detail, skipped))
    return outcome


def _leaf(trigger: Trigger, message: Message) -> tuple[str, bool | None, str]:
    if isinstance(trigger, TopicEnds):
        detail = f"it is {displayed(message.topic)}"
        return f"the topic ends with {trigger.suffix!r}", trigger(message), detail
    if isinstance(trigger, CategoryIn):
        names = ", ".join(map(repr, sorted(trigger.categories)))
        detail = f"it is {displayed(message.category)}"
        return f"the category is one of {names}", trigger(message), detail
    holds = cast("Holds", trigger)
    text = f"lambda {' '.join(holds.text.split())}"
    try:
        value = holds.expression(message)
    except RuleError as error:
        return text, None, str(error)
    return text, bool(value), f"it gives {displayed(value)}"


def follow_criteria(
    steps: list[Step],
    criteria: Criteria,
    message: Message,
    archive: Archive,
    depth: int = 0,
    *,
    skipped: bool = False,
) -> bool | None:
    """Note criteria and their parts; return whether they hold, None when they are broken."""
    place = len(steps)
    outcome: bool | None
    if isinstance(criteria, AnyHolds | AllHold):
        wanted = isinstance(criteria, AnyHolds)
        text = "any of" if wanted else "all of"
        outcome, decided = bool(criteria.parts) and not wanted, False
        for part in criteria.parts:
            gone = skipped or decided
            found = follow_criteria(steps, part, message, archive, depth + 1, skipped=gone)
            if not decided and found is not (not wanted):
                # One that is broken has the last word only where no other decides.
                outcome, decided = found, found is wanted
    elif isinstance(criteria, HoldsNot):
        text = "not"
        found = follow_criteria(steps, criteria.part, message, archive, depth + 1, skipped=skipped)
        outcome = None if found is None else not found
    else:
        asked = cast("Asked", criteria)
        text = "the archive is asked"
        outcome = _follow_question(steps, asked, message, archive, depth + 1, skipped)
    steps.insert(place, Step("criteria", depth, text, outcome, "", skipped))
    return outcome


def _follow_question(
    steps: list[Step], asked: Asked, message: Message, archive: Archive, depth: int, skipped: bool
) -> bool | None:
    def note(part: str, text: str, outcome: bool | None, detail: str = "") -> bool | None:
        steps.append(Step(part, depth, text, outcome, detail, skipped))
        return outcome

    operation, allowance = asked.previous.operation, 0
    try:
        query = asked.previous.filter.query(message, "")
        note("filter", described(query), outcome=True)
        if operation is None:
            value: Any = archive.count(query)
            note("count", f"messages found: {value}", outcome=True)
        else:
            rows = archive.rows(query)
            allowance = STEPS_PER_ROW * len(rows)
            value = operation(message, rows, allowance=allowance)
            text = f"the operation on {len(rows)} rows gives {displayed(value)}"
            note("count", text, outcome=True)
    except MissingValueError as error:
        return note("filter", "what is asked for is not in the message", False, str(error))
    except RuleError as error:
        return note("filter", "the question", None, str(error))
    step = follow_condition(asked.condition, value, depth, allowance=allowance)
    steps.append(replace(step, skipped=skipped))
    return step.outcome


def follow_condition(
    condition: Condition, value: Any, depth: int, *, allowance: int = 0, user: str = ""
) -> Step:
    """Return what a condition says of a value."""
    outcome, detail = None, f"the value is {displayed(value)}"
    try:
        outcome = condition(value, allowance=allowance)
    except (RuleError, TypeError) as error:
        detail = f"{detail}: {error}"
    compiled = condition.expression
    text = f"lambda {compiled.text}" if compiled else f"{condition.comparison} {condition.number:g}"
    return Step("condition", depth, text, outcome, detail, user=user)


def described(query: Query) -> str:
    """Return what a question asks for, for people."""
    if query.msg_id == "":
        return "messages with nothing in common: the filter names nobody and nothing"
    asked = {name: getattr(query, name) for name in query.__slots__}
    what = [f"{name} {_plain(value)}" for name, value in asked.items() if value is not None]
    return f"messages with {', '.join(what)}" if what else "all messages"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return displayed(list(value) if isinstance(value, tuple) else value)
