# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that no message earns: jobs and people award them. A file says what such a badge is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.dialects.common import BADGE_READERS, REQUIRED, Dialect, assemble
from rules.dialects.findings import Findings
from rules.documents import read_document
from rules.loader import Loaded, Problem, problem_of, texts
from rules.matchers import Never

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rules.errors import DefinitionError
    from rules.model import Message, Rule


def _nobody(_message: Message) -> tuple[str, ...]:
    return ()


DIALECT = Dialect(
    readers=BADGE_READERS,
    required=tuple(key for key in REQUIRED if key != "trigger"),
    recipient=_nobody,
    trigger=Never(),
)


def load_badges(paths: Iterable[Path]) -> Loaded:
    """Return the badges of files, as rules that nothing triggers, and what is wrong with files."""
    badges: list[Rule] = []
    problems: list[Problem] = []
    for file, text in texts(paths, problems):
        badge, errors = _compiled(text, str(file))
        problems += [problem_of(file, error) for error in errors]
        badges += [badge] if badge is not None else []
    return Loaded(tuple(badges), tuple(problems))


def _compiled(text: str, source: str) -> tuple[Rule | None, list[DefinitionError]]:
    findings = Findings()
    found: Rule | None = None
    with findings.collecting():
        document = read_document(text)
        if not isinstance(document.value, dict):
            findings.add(document, "the file is no badge", "write `name:` and the other keys")
        else:
            found = assemble(document, DIALECT, text=text, source=source, findings=findings)
    return (None if findings.errors else found), findings.errors
