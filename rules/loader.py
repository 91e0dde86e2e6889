# SPDX-License-Identifier: AGPL-3.0-or-later
"""Loads rules from files and folders; what is wrong with one file stops no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rules.dialects import compile_rule
from rules.dialects.findings import Findings
from rules.documents import MAX_BYTES, read_document
from rules.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.model import Rule

SUFFIXES = frozenset({".yml", ".yaml"})
MAX_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one file."""

    path: Path
    line: int
    column: int
    message: str
    hint: str

    def __str__(self) -> str:
        what = f"{self.message}: {self.hint}" if self.hint else self.message
        return f"{self.path}:{self.line}:{self.column}: {what}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rules that files hold, and what is wrong with the files that hold none."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def load(paths: Iterable[Path]) -> Loaded:
    """Return the rules of files and of ``*.yml`` and ``*.yaml`` below folders, in their order."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for file, text in texts(paths, problems):
        found = compile_text(text, source=str(file))
        problems.extend(problem_of(file, error) for error in found.errors)
        if found.rule is not None:
            rules.append(found.rule)
    return Loaded(*_distinct(rules, problems))


def texts(paths: Iterable[Path], problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    """Yield the text of each file of rules, in their order; note what cannot be read."""
    for path in paths:
        for file in _files(path, problems):
            try:
                text = _read(file)
            except _FileError as error:
                problems.append(problem_of(file, error))
            else:
                yield file, text


def parse(text: str, *, source: str = "") -> Rule:
    """Return the rule of a text; raise `DefinitionError` with the first thing that is wrong."""
    found = compile_text(text, source=source)
    if found.rule is None:
        raise found.errors[0]
    return found.rule


@dataclass(frozen=True, slots=True)
class Compiled:
    """The rule of one text, or all that is wrong with it."""

    rule: Rule | None
    errors: tuple[DefinitionError, ...] = ()


def compile_text(text: str, *, source: str = "") -> Compiled:
    """Compile the text of one rule file; nothing is raised."""
    findings = Findings()
    rule = None
    with findings.collecting():
        rule = compile_rule(read_document(text), text=text, source=source, findings=findings)
    return Compiled(None if findings.errors else rule, tuple(findings.errors))


class _FileError(DefinitionError):
    """A file cannot be read as a rule."""


def _files(path: Path, problems: list[Problem]) -> Iterator[Path]:
    if not _is_folder(path):
        yield path
        return
    count = 0
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path).parts
        hidden = any(part.startswith(".") for part in inside)
        if hidden or file.suffix.lower() not in SUFFIXES or file.is_dir():
            continue
        if not _is_inside(file, path):
            error = DefinitionError("the link leads out of the folder", "put the file itself here")
            problems.append(problem_of(file, error))
            continue
        count += 1
        if count > MAX_FILES:
            error = DefinitionError("the folder holds too many rules", f"use at most {MAX_FILES}")
            problems.append(problem_of(path, error))
            return
        yield file


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # such as a name that is too long: reading it says so
        return False


def _is_inside(file: Path, folder: Path) -> bool:
    """Whether a file lies in the folder when all links are followed; a loop of links does not."""
    try:
        return file.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise _FileError("not a file", "give a rule file or a folder")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _FileError("the file is too large", f"a rule has at most {MAX_BYTES} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise _FileError(f"cannot be read: {error.strerror}", "correct its rights") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _FileError("not UTF-8", "save the file as UTF-8", line=line) from error


def problem_of(path: Path, error: DefinitionError) -> Problem:
    """Return an error as what is wrong with a file."""
    return Problem(path, error.line, error.column, error.message, error.hint)


def _distinct(
    rules: list[Rule], problems: list[Problem]
) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """Drop rules whose slug or badge id belongs to another badge: addresses are never shared."""
    owners: dict[str, Rule] = {}
    badges: dict[str, Rule] = {}
    kept = []
    for rule in rules:
        owner = owners.setdefault(rule.slug, rule)
        badge = badges.setdefault(rule.badge_id, owner)
        if owner.badge_id != rule.badge_id or badge.slug != rule.slug:
            other = badge if badge.slug != rule.slug else owner
            message = f"the badge is confused with {other.name!r} of {other.source}"
            hint = "give each its own `name` and `slug`"
            problems.append(Problem(Path(rule.source), rule.line, 1, message, hint))
            continue
        kept.append(rule)
    return tuple(kept), tuple(problems)
