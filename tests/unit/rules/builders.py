# SPDX-License-Identifier: AGPL-3.0-or-later
"""Builds the messages, rules and rows that the tests of the engine need."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rules.expressions import Scope, compile_expression
from rules.loader import parse
from rules.model import Message, Rule

NOON = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
BASE: dict[str, Any] = {
    "name": "Test Badge",
    "image_url": "https://example.org/badge.png",
    "description": "A badge for tests",
    "creator": "tester",
    "discussion": "https://example.org/discussion",
    "issuer_id": "tests",
    "trigger": {"topic": "test.thing"},
}


@dataclass
class Row:
    """An archived message, in the form that rules read."""

    msg: dict[str, Any]
    topic: str = "org.fedoraproject.prod.test.thing"
    packages: tuple[str, ...] = field(default=())


def message(
    body: dict[str, Any] | None = None,
    topic: str = "org.fedoraproject.prod.test.thing",
    **more: Any,
) -> Message:
    """Return a message from alice."""
    values = {"id": "m-1", "agent_name": "alice", "usernames": ("alice",), "sent_at": NOON}
    return Message(topic=topic, body=body or {}, **{**values, **more})


def rule_text(without: tuple[str, ...] = (), **more: Any) -> str:
    """Return the text of a rule: JSON is YAML too."""
    values = {**BASE, **more}
    return json.dumps({key: value for key, value in values.items() if key not in without})


def rule(**more: Any) -> Rule:
    """Return a compiled rule."""
    return parse(rule_text(**more), source="test.yml")


def evaluate(text: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
    """Return what an expression of a trigger gives for a message."""
    return compile_expression(text, Scope.TRIGGER)(message(body, **more))
