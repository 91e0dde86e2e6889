# SPDX-License-Identifier: AGPL-3.0-or-later
"""Values that rules make of rows, kept as they were last so that people see how far they are.

What an operation makes of rows cannot be advanced like a counter. Its value lies beside the
counters as it was at the last message for which it was needed; no rule ever asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.db import inserting
from issuer.models import Counter
from rules.counting import MOMENTS, digest, fingerprint, is_constant
from rules.expressions import Expression

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from rules.model import Rule


#: How the filters of such values begin.
VALUES = "value "


def is_remembered(rule: Rule) -> bool:
    """Whether the value of a rule is made of rows, of all up to now and not of some last days."""
    if rule.criteria is not None or rule.previous is None:
        return False
    values = rule.previous.filter.values
    moves = any(key in values and not is_constant(values[key]) for key in MOMENTS)
    return isinstance(rule.previous.operation, Expression) and not moves


def name(rule: Rule, topic: str | None) -> str:
    """Return under what the values of a rule are kept.

    The levels of a series share it. A rule of several kinds of messages, which has no one
    ``topic``, has its own.
    """
    if rule.previous is None:
        return ""
    written = getattr(rule.previous.operation, "text", "")
    parts = fingerprint(rule.previous.filter), written, topic or rule.fingerprint
    return f"{VALUES}{digest(*parts)}"


def key_of(name: str, person: str) -> str:
    """Return the key of a value, by its name and the person without case."""
    return digest("value", name, person)


def keep(session: Session, values: dict[tuple[str, str], int], *, now: datetime) -> None:
    """Keep values, each by its name and the person."""
    if not values:
        return
    rows = [
        {
            "key": key_of(name, person),
            "filter": name,
            "person_key": person,
            "facts": {},
            "value": value,
            "updated_at": now,
        }
        for (name, person), value in values.items()
    ]
    adding = inserting(session, Counter)
    change = adding.on_conflict_do_update(
        index_elements=("key",),
        set_={"value": adding.excluded.value, "updated_at": adding.excluded.updated_at},
        where=Counter.value != adding.excluded.value,
    )
    # In the order of everybody who changes several, so that nobody waits for another in a circle.
    session.execute(change, sorted(rows, key=lambda row: str(row["key"])))
