# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that are decided by a class in Python: found in installed packages, checked once.

A class names its badge (``slug``), its ``levels`` and the ``events`` it wants to hear of, and
answers in ``award(state)`` which level somebody has reached.
"""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rules.errors import DefinitionError, EvaluationError, RuleError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GROUP: Final = "accolades.badges"
MAX_LEVELS: Final = 50
MAX_FROZEN: Final = 64 << 10
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of a badge; each is a badge of its own, and all of them are one series."""

    number: int
    slug: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonBadge:
    """A badge class that was checked, and the object that decides."""

    slug: str
    name: str
    levels: tuple[Level, ...]
    events: tuple[str, ...]
    multiple: bool
    background: bool
    tags: tuple[str, ...]
    points: int
    image: Path | None
    source: str
    decider: Any = field(repr=False)
    #: Users are named as accounts, never as nicks or addresses.
    conversions: tuple[str, ...] = ()
    keeping: tuple[str, ...] = ()

    def hears(self, event: str) -> bool:
        """Whether the badge wants an event: its own name, or the last dotted parts of a topic."""
        return any(event == name or event.endswith(f".{name}") for name in self.events)

    def decide(self, state: Mapping[str, Any]) -> Level | None:
        """Return the level that somebody has reached with an event, or None.

        Raises `EvaluationError`: the class fails, or names a level that it does not have.
        """
        answer = self._ask("award", state)
        if answer is None or answer is False:
            return None
        for level in self.levels:
            if answer in (level.number, level.name):
                return level
        raise EvaluationError(
            f"award() gives {shown(answer)}: it must give a level of 1 to {len(self.levels)}, "
            "its name, or None"
        )

    def freeze(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a later decision needs to know of an event, as JSON can hold it.

        Raises `EvaluationError`: the class fails, or gives what JSON cannot hold.
        """
        frozen = self._ask("freeze", state) if hasattr(self.decider, "freeze") else dict(state)
        if not isinstance(frozen, dict):
            raise EvaluationError(f"freeze() gives {shown(frozen)}: it must give a dictionary")
        try:
            text = json.dumps(frozen, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise EvaluationError(f"freeze() gives what JSON cannot hold: {error}") from error
        if len(text) > MAX_FROZEN or "\\u0000" in text:
            raise EvaluationError(f"freeze() gives more than {MAX_FROZEN} bytes, or a NUL")
        copy: dict[str, Any] = json.loads(text)
        return copy

    def _ask(self, method: str, state: Mapping[str, Any]) -> Any:
        try:
            return getattr(self.decider, method)(dict(state))
        except Exception as error:
            # The code of a plug-in: whatever it raises is that badge's failure and nobody else's.
            raise EvaluationError(f"{method}(): {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class Found:
    """The badges of installed packages, and why others could not be taken."""

    badges: tuple[PythonBadge, ...] = ()
    problems: tuple[str, ...] = ()


def installed() -> Found:
    """Return the badges of all packages that name some as entry points of our group.

    One that cannot be loaded, or is no badge, stops no other.
    """
    classes: list[tuple[str, Any]] = []
    problems: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            classes.append((point.value, point.load()))
        except Exception as error:  # noqa: BLE001 -- importing foreign code can raise anything
            problems.append(f"{point.value}: cannot be loaded: {type(error).__name__}: {error}")
    found = collect(classes)
    return Found(found.badges, (*problems, *found.problems))


def collect(classes: Iterable[tuple[str, Any]]) -> Found:
    """Return the badges of classes, each with the place it comes from; a slug is taken once."""
    badges: dict[str, PythonBadge] = {}
    problems: list[str] = []
    for source, kind in classes:
        try:
            badge = read_badge(kind, source)
        except RuleError as error:
            problems.append(f"{source}: {error}")
            continue
        if badge.slug in badges:
            problems.append(f"{source}: slug {badge.slug!r} is that of {badges[badge.slug].source}")
            continue
        badges[badge.slug] = badge
    return Found(tuple(badges.values()), tuple(problems))


def read_badge(kind: Any, source: str = "") -> PythonBadge:
    """Return the badge that a class describes.

    Raises `DefinitionError`: an attribute is missing or cannot be used; the text says which.
    """
    if not inspect.isclass(kind):
        raise DefinitionError(f"{shown(kind)} is no class")
    slug = getattr(kind, "slug", None)
    if not isinstance(slug, str) or not _SLUG.fullmatch(slug):
        raise DefinitionError(f"slug is {shown(slug)}: it must be like 'a-slug-1'")
    if not callable(getattr(kind, "award", None)):
        raise DefinitionError("has no method award(state)")
    try:
        decider = kind()
    except Exception as error:
        raise DefinitionError(f"cannot be made: {type(error).__name__}: {error}") from error
    return PythonBadge(
        slug=slug,
        name=_text(kind, "name", slug.replace("-", " ").capitalize()),
        levels=_levels(kind, slug),
        events=_texts(kind, "events", at_least=1),
        multiple=_flag(kind, "multiple"),
        background=_flag(kind, "background"),
        tags=_texts(kind, "tags", at_least=0),
        points=_points(kind),
        image=_image(kind),
        source=source or f"{kind.__module__}:{kind.__qualname__}",
        decider=decider,
    )


def _levels(kind: Any, slug: str) -> tuple[Level, ...]:
    given = getattr(kind, "levels", None)
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= MAX_LEVELS:
        raise DefinitionError(
            f"levels is {shown(given)}: it must be a list of 1 to {MAX_LEVELS} names, or of pairs "
            "of name and description"
        )
    levels = []
    for number, item in enumerate(given, start=1):
        name, description = (
            item if isinstance(item, list | tuple) and len(item) == 2 else (item, "")
        )
        if not isinstance(name, str) or not name.strip() or not isinstance(description, str):
            raise DefinitionError(
                f"level {number} is {shown(item)}: it must be a name, or a name and a description"
            )
        own = slug if len(given) == 1 else f"{slug}-{number}"
        levels.append(
            Level(
                number=number,
                slug=own,
                name=name.strip(),
                description=description.strip() or _text(kind, "description", name.strip()),
            )
        )
    if len({level.name for level in levels}) != len(levels):
        raise DefinitionError("two levels have the same name")
    return tuple(levels)


def _text(kind: Any, name: str, otherwise: str) -> str:
    given = getattr(kind, name, None)
    if given is None:
        return otherwise
    if not isinstance(given, str) or not given.strip():
        raise DefinitionError(f"{name} is {shown(given)}: it must be a text")
    return given.strip()


def _texts(kind: Any, name: str, *, at_least: int) -> tuple[str, ...]:
    given = getattr(kind, name, ())
    right = isinstance(given, list | tuple | set | frozenset) and len(given) >= at_least
    if not right or not all(isinstance(item, str) and item for item in given):
        raise DefinitionError(f"{name} is {shown(given)}: it must be a list of names")
    return tuple(given)


def _flag(kind: Any, name: str) -> bool:
    given = getattr(kind, name, False)
    if not isinstance(given, bool):
        raise DefinitionError(f"{name} is {shown(given)}: it must be True or False")
    return given


def _points(kind: Any) -> int:
    given = getattr(kind, "points", 1)
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= 1_000_000:
        raise DefinitionError(f"points is {shown(given)}: it must be a whole number")
    return given


def _image(kind: Any) -> Path | None:
    """Return the picture that lies beside the module of the class, where it names one."""
    given = getattr(kind, "image", None)
    if given is None:
        return None
    if not isinstance(given, str):
        raise DefinitionError(f"image is {shown(given)}: it must be the name of a file")
    try:
        path = Path(inspect.getfile(kind)).parent / given
    except (OSError, TypeError) as error:
        raise DefinitionError(f"image {given!r}: the class lies in no file") from error
    if not path.is_file():
        raise DefinitionError(f"image {given!r}: there is no such file beside the module")
    return path
