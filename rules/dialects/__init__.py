# SPDX-License-Identifier: AGPL-3.0-or-later
"""The languages in which rules are written, and how a file tells which one it speaks.

No file says its dialect: ``criteria`` is a key of the older ones only, and without it a file speaks
the current one. A file of the older ones is of the oldest when its templates are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.dialects import current, older

if TYPE_CHECKING:
    from rules.dialects.findings import Findings
    from rules.documents import Node
    from rules.model import Rule


def is_older(document: Node) -> bool:
    """Whether a file speaks one of the older dialects."""
    return isinstance(document.value, dict) and "criteria" in document.value


def compile_rule(document: Node, *, text: str, source: str, findings: Findings) -> Rule | None:
    """Return the rule of a file, or None when the findings say what is wrong with it."""
    if not isinstance(document.value, dict):
        hint = "write `name:`, `trigger:` and the other keys"
        findings.add(document, "the file is no rule", hint)
        return None
    compiler = older.compile_rule if is_older(document) else current.compile_rule
    return compiler(document, text=text, source=source, findings=findings)
