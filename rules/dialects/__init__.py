# SPDX-License-Identifier: AGPL-3.0-or-later
"""The languages in which rules are written, and how a file tells which one it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.dialects import current

if TYPE_CHECKING:
    from rules.dialects.findings import Findings
    from rules.documents import Node
    from rules.model import Rule

#: Keys that only the dialect of 2014 (fedbadges 0.2.2 to 2.1.1) has.
KEYS_2014 = ("criteria",)


def compile_rule(document: Node, *, text: str, source: str, findings: Findings) -> Rule | None:
    """Return the rule of a file, or None when the findings say what is wrong with it."""
    for key in KEYS_2014:
        if isinstance(document.value, dict) and key in document.value:
            found = document.value[key].key or document
            findings.add(
                found,
                f"2014 dialect: not supported yet, the key {key!r} belongs to it",
                "write `previous` and `condition` instead",
            )
            return None
    return current.compile_rule(document, text=text, source=source, findings=findings)
