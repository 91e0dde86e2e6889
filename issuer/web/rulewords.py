# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a rule asks for, taken apart so that a page can say it in words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rules.errors import RuleError
from rules.loader import parse
from rules.matchers import AllOf, AnyOf, CategoryIn, Holds, Not, TopicEnds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.matchers import Trigger
    from rules.model import Rule

MAX_SHOWN = 12
#: An operation that counts messages, all or some: `len([m for m in results if …])`.
COUNTING = re.compile(
    r"len\(\s*(results\s*\)|\[\s*(\w+) for \2 in results\b(?!.*\bfor\b))", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class RuleWords:
    """Which messages count, what else they must pass, and how many are needed."""

    topics: tuple[str, ...]
    categories: tuple[str, ...]
    tests: tuple[str, ...]
    number: int  # 1: the first earns it
    is_special: bool  # what is counted cannot be said in a number


@lru_cache(maxsize=512)
def in_words(text: str) -> RuleWords | None:
    """Return what a rule asks for; None for no rule, or one that cannot be read."""
    if not text:
        return None
    try:
        rule = parse(text, source="")
    except RuleError:
        return None
    parts = list(_parts(rule.trigger))
    condition, number, special = rule.condition, 1, not _counts_messages(rule)
    if condition is not None:
        name = condition.comparison.removeprefix("is ")
        if condition.expression is None and name in ("greater than or equal to", "equal to"):
            number = math.ceil(condition.number)
        elif condition.expression is None and name == "greater than":
            number = math.floor(condition.number) + 1
        else:
            special = True
    return RuleWords(
        tuple(part.suffix for part in parts if isinstance(part, TopicEnds))[:MAX_SHOWN],
        tuple(
            sorted(
                name for part in parts if isinstance(part, CategoryIn) for name in part.categories
            )
        )[:MAX_SHOWN],
        tuple(part.text for part in parts if isinstance(part, Holds) and part.text)[:MAX_SHOWN],
        number,
        special,
    )


def _counts_messages(rule: Rule) -> bool:
    """Whether what has to be reached is a number of messages."""
    if rule.criteria is not None:
        return False
    if rule.previous is None or rule.previous.operation is None:
        return True
    written = getattr(rule.previous.operation, "text", "")
    return COUNTING.match(written) is not None


def _parts(trigger: Trigger) -> Iterator[Trigger]:
    """Yield the leaves of a trigger; what must not hold is no part of what to do."""
    if isinstance(trigger, AllOf | AnyOf):
        for part in trigger.parts:
            yield from _parts(part)
    elif not isinstance(trigger, Not):
        yield trigger
