# SPDX-License-Identifier: AGPL-3.0-or-later
"""A trigger as lines of a form, each on a level, and the tree that these lines are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _

from rules.building import GROUPS, MAX_LEVELS, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a trigger; level 0 is the outermost."""

    level: int
    kind: str
    text: str = ""
    negated: bool = False


class OutlineError(Exception):
    """The lines are no tree; says which line, and why."""

    def __init__(self, place: int, reason: LazyString) -> None:
        super().__init__(str(place))
        self.place = place
        self.reason = reason


def parts_of(lines: Sequence[Line]) -> tuple[Part, ...]:
    """Return the tree of lines that are not empty; raises `OutlineError`."""
    kept = [
        (place, line)
        for place, line in enumerate(lines)
        if line.kind in GROUPS or line.text.strip()
    ]
    if not kept:
        raise OutlineError(0, _("say at least one thing that a message must have"))
    parts, rest = _level(kept, 0)
    if rest:
        place, _line = rest[0]
        raise OutlineError(place, _("stands below a line that is no group"))
    return parts


def lines_of(parts: Iterable[Part], level: int = 0) -> list[Line]:
    """Return the lines of a tree."""
    found = []
    for part in parts:
        found.append(Line(level, part.kind, part.text, part.negated))
        found += lines_of(part.parts, level + 1)
    return found


def _level(
    lines: list[tuple[int, Line]], level: int
) -> tuple[tuple[Part, ...], list[tuple[int, Line]]]:
    """Return the parts of one level, and the lines that come after them."""
    parts: list[Part] = []
    while lines and lines[0][1].level == level:
        (place, line), lines = lines[0], lines[1:]
        below: tuple[Part, ...] = ()
        if line.kind in GROUPS:
            below, lines = _level(lines, level + 1) if level + 1 < MAX_LEVELS else ((), lines)
            if not below:
                raise OutlineError(place, _("the group is empty: put lines below it, one level in"))
        text = "" if line.kind in GROUPS else line.text.strip()
        parts.append(Part(line.kind, text, below, line.negated))
    return tuple(parts), lines
