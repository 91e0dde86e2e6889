# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the last synchronisation of each rule collection went well, for those who watch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.db import insert_once
from issuer.models import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

KEY = "rules.sync"
MAX_COLLECTIONS = 100
MAX_TEXT = 300


def note(
    session: Session, collections: Iterable[str], problems: Sequence[str], *, now: datetime
) -> None:
    """Note what is wrong with collections that were synchronised together; empty: nothing.

    Of a collection that was never loaded nothing is noted: its address may be a mistake.
    """
    insert_once(session, Setting, {"key": KEY, "value": {}, "updated_at": now}, unique=("key",))
    kept = session.scalars(select(Setting).filter_by(key=KEY).with_for_update()).one()
    known = dict(kept.value)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    for name in map(_plain, collections):
        was_loaded = known.pop(name, None) is not None
        if not problems or was_loaded:
            known[name] = _plain(problems[0]) + more if problems else ""
    kept.value = dict(list(known.items())[-MAX_COLLECTIONS:])
    kept.updated_at = now
    session.flush()


def trouble(session: Session) -> str:
    """Return why the rules in force are not those of their collections; empty: they are."""
    told = [f"{name}: {reason}" for name, reason in _troubles(session)]
    return f"rules could not be loaded: {'; '.join(told)}" if told else ""


def summary(session: Session) -> str:
    """Return the same for anybody: without the names of files and collections."""
    number = len(_troubles(session))
    of = f"{number} collection{'' if number == 1 else 's'}"
    return f"rules of {of} could not be loaded: former ones are in force" if number else ""


def _troubles(session: Session) -> list[tuple[str, str]]:
    known = session.scalars(select(Setting.value).filter_by(key=KEY)).first() or {}
    return sorted((name, reason) for name, reason in known.items() if reason)


def _plain(text: str) -> str:
    """Return a text that every database and terminal takes, and that holds no password."""
    text = re.sub(r"//[^/@\s]*@", "//", text)
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:MAX_TEXT]
