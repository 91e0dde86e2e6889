# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with the text of a rule that somebody writes for a badge, line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.models import Topic
from issuer.paths import bundled_rules
from issuer.words import Text
from rules.documents import read_document
from rules.linting import WARNING, Known, lint
from rules.loader import compile_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from rules.linting import Remark
    from rules.model import Rule

#: A rule that people write by hand is a page long.
MAX_TEXT = 60_000
MAX_TOPICS = 20_000
#: As many topics as one may choose from.
MAX_CHOICE = 300
ERROR = "error"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something about one line: an error, a warning or a note."""

    line: int
    column: int
    severity: str
    message: str
    hint: str

    def __str__(self) -> str:
        what = f"{self.message}: {self.hint}" if self.hint else self.message
        return f"line {self.line}: {what}"


@dataclass(frozen=True, slots=True)
class Checked:
    """The rule of a text, or None where it has errors; and all that is to be said of it."""

    rule: Rule | None
    marks: tuple[Mark, ...]

    @property
    def errors(self) -> tuple[Mark, ...]:
        """What keeps the rule from being activated."""
        return tuple(mark for mark in self.marks if mark.severity == ERROR)


def check(session: Session, text: str, badge: Badge) -> Checked:
    """Compile the text of a rule for a badge and say all that is wrong with it; nothing is run."""
    if len(text) > MAX_TEXT:
        hint = Text("a rule has at most %(limit)s characters here", limit=MAX_TEXT)
        return Checked(None, (Mark(1, 1, ERROR, Text("the text is too long"), hint),))
    if "\0" in text:
        return Checked(None, (Mark(1, 1, ERROR, Text("the text holds a NUL"), Text("remove it")),))
    found = compile_text(text)
    if found.rule is None:
        return Checked(
            None,
            tuple(
                Mark(error.line, error.column, ERROR, error.message, error.hint)
                for error in found.errors
            ),
        )
    other = _other_badge(found.rule, text, badge)
    if other is not None:
        return Checked(None, (other,))
    remarks = lint([found.rule], _known(session))
    return Checked(found.rule, (*_names(found.rule, text, badge), *map(_mark, remarks)))


def _mark(remark: Remark) -> Mark:
    return Mark(remark.line, remark.column, remark.severity, remark.message, remark.hint)


def _place(text: str, *names: str) -> tuple[int, int]:
    keys = read_document(text).value
    node = next(keys[name].key or keys[name] for name in names if name in keys)
    return node.line, node.column


def _other_badge(rule: Rule, text: str, badge: Badge) -> Mark | None:
    """Return the error of a text that would give another badge than the one it is for."""
    if rule.slug == badge.slug:
        return None
    message = Text("this is a rule for the badge %(slug)r", slug=rule.slug)
    line, column = _place(text, "slug", "name")
    return Mark(line, column, ERROR, message, Text("write `slug: %(slug)s`", slug=badge.slug))


def _names(rule: Rule, text: str, badge: Badge) -> Iterator[Mark]:
    if rule.name != badge.name:
        message = Text("the badge is called %(name)r, whatever the rule says", name=badge.name)
        yield Mark(
            *_place(text, "name"), WARNING, message, Text("change the name of the badge itself")
        )


def _known(session: Session) -> Known:
    """Return the topics of the bundled sample and those of the archive."""
    topics = session.scalars(select(Topic.name).limit(MAX_TOPICS))
    return Known({*_sample(), *topics}, Text("the bundled sample and the archive of the site"))


def some_topics(session: Session) -> list[str]:
    """Return topics of the archive, to choose from."""
    some = select(Topic.name).order_by(Topic.name).limit(MAX_CHOICE)
    return list(session.scalars(some))


@lru_cache
def _sample() -> frozenset[str]:
    file = bundled_rules() / "sample" / "messages.jsonl"
    with file.open(encoding="utf-8") as lines:
        return frozenset(json.loads(line)["topic"] for line in lines)
