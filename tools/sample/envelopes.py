# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts drafts into the envelope of the bus and reads what their schema classes tell."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from fedora_messaging.message import INFO, get_class

from tools.sample.drafts import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.sample.drafts import Draft

SPACE: UUID = uuid5(NAMESPACE_URL, "https://accolades.example.org/sample")


def _strings(values: Iterable[object] | None) -> list[str]:
    return sorted({value for value in values or () if isinstance(value, str) and value})


@cache
def _schema(name: str) -> Any:
    """Return the class that a schema package registered under ``name``."""
    found = get_class(name)
    if found is get_class("base.message"):
        raise SystemExit(f"schema {name} is not installed: install the extra 'schemas'")
    return found


def envelope(draft: Draft, number: int) -> dict[str, Any]:
    """Return a valid message as the archive keeps it; raises when its schema refuses the body."""
    headers = {
        "fedora_messaging_schema": draft.schema,
        "fedora_messaging_severity": INFO,
        "sent-at": stamp(draft.at),
    }
    message = _schema(draft.schema)(topic=draft.topic, body=draft.body, headers=dict(headers))
    message.validate()
    return {
        "id": str(uuid5(SPACE, f"{number}/{draft.topic}/{stamp(draft.at)}")),
        "topic": draft.topic,
        "body": draft.body,
        "timestamp": stamp(draft.at),
        "headers": headers,
        "agent_name": message.agent_name,
        "usernames": _strings(message.usernames),
        "packages": _strings(message.packages),
    }


def lines(documents: Iterable[dict[str, Any]]) -> str:
    """Return JSON lines, the same bytes for the same documents."""
    options: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    return "".join(json.dumps(document, **options) + "\n" for document in documents)
