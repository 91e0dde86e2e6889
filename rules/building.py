# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules as fields that people fill in, and the text that these fields make.

The text is one of the current dialect and of nothing beyond it, so that fedbadges reads it too.
`rules.filling` goes the other way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from rules.dialects.common import KEEP

GROUPS = ("any", "all")
LEAVES = ("topic", "category", "lambda")
#: How deep groups of a trigger may stand in each other, and how many lines it may have.
MAX_LEVELS = 4
MAX_LINES = 30
MAX_COUNTED = 12
#: The comparisons that are offered; others of the dialect say the same in more words.
OFFERED = (
    "greater than or equal to",
    "greater than",
    "equal to",
    "less than or equal to",
    "less than",
    "is not",
)
#: What stands for the person whom a rule counts for, and for the topic of the message.
RECIPIENT, OWN_TOPIC = "recipient", "message.topic"


class Counting(StrEnum):
    """What earns the badge."""

    NOTHING = "nothing"  # the first message that fits
    TRIGGERS = "triggers"  # a number of messages that fit
    MESSAGES = "messages"  # a number of messages that a filter finds


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """What a rule says about its badge."""

    name: str
    description: str
    image_url: str
    creator: str
    discussion: str
    issuer_id: str
    slug: str = ""  # where the name does not make it


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a trigger, with those that stand below it."""

    kind: str  # one of GROUPS or LEAVES
    text: str = ""
    parts: tuple[Part, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of a filter: expressions, or one that gives a list by itself."""

    key: str
    values: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a rule does, as a form asks for it."""

    join: str = "all"
    trigger: tuple[Part, ...] = ()
    recipient: str = ""  # an expression; empty: who sent the message
    conversion: str = ""
    keeping: bool = False
    counting: Counting = Counting.NOTHING
    filter: tuple[Counted, ...] = ()
    operation: str = ""  # an expression; empty: messages are counted
    comparison: str = OFFERED[0]
    number: int = 1
    expression: str = ""  # in place of a comparison


def literal(text: str) -> str:
    """Return the expression that stands for a text."""
    return json.dumps(text, ensure_ascii=False)


def write(badge: Badge, fields: Fields) -> str:
    """Return the text of a rule."""
    document: dict[str, Any] = {"name": badge.name}
    if badge.slug:
        document["slug"] = badge.slug
    document |= {
        "description": badge.description,
        "image_url": badge.image_url,
        "creator": badge.creator,
        "discussion": badge.discussion,
        "issuer_id": badge.issuer_id,
        "trigger": _trigger(fields),
    }
    if fields.recipient:
        document["recipient"] = fields.recipient
    if fields.conversion:
        document[fields.conversion] = KEEP if fields.keeping else True
    if fields.counting is Counting.MESSAGES:
        document["previous"] = {
            "filter": {
                counted.key: counted.values[0] if counted.whole else list(counted.values)
                for counted in fields.filter
            },
            "operation": {"lambda": fields.operation} if fields.operation else "count",
        }
    if fields.counting is not Counting.NOTHING:
        document["condition"] = (
            {"lambda": fields.expression}
            if fields.expression
            else {fields.comparison: fields.number}
        )
    return str(
        yaml.dump(document, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=500)
    )


def _trigger(fields: Fields) -> dict[str, Any]:
    """Return the trigger; a group of one is written only where it would be read otherwise."""
    alone = fields.trigger[0] if len(fields.trigger) == 1 else None
    if alone is not None and fields.join == "all" and alone.kind not in GROUPS:
        return _part(alone)
    return {fields.join: [_part(part) for part in fields.trigger]}


def _part(part: Part) -> dict[str, Any]:
    value: Any = [_part(each) for each in part.parts] if part.kind in GROUPS else part.text
    return {"not": {part.kind: value}} if part.negated else {part.kind: value}


class _Indented(yaml.SafeDumper):
    """Writes lists as people do: further in than their key."""

    def increase_indent(
        self, flow: bool = False, indentless: bool = False
    ) -> None:  # PyYAML's own form
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values each for itself."""
        return True
