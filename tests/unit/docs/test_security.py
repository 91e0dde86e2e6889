# SPDX-License-Identifier: AGPL-3.0-or-later
"""The checklist of security leaves out no chapter, and names only tests that there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PAGE = CHECKOUT / "docs" / "explanation" / "security.md"
CHAPTERS = [f"V{number}" for number in range(1, 18)]
#: How many sections each chapter of ASVS 5.0 has.
SECTIONS = (5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3)
ROW = re.compile(r"^\| (V\d+\.\d+) [^|]*\| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
WITHOUT = ("not: ", "does not apply: ")
ATTACKS = [f"W{number}" for number in range(1, 11)] + ["A2", "A6"]


def test_no_chapter_and_no_section_is_left_out() -> None:
    text = PAGE.read_text("utf-8")
    assert re.findall(r"(?m)^### (V\d+) ", text) == CHAPTERS
    wanted = [
        f"{chapter}.{number}"
        for chapter, last in zip(CHAPTERS, SECTIONS, strict=True)
        for number in range(1, last + 1)
    ]
    assert list(dict.fromkeys(name for name, _, _ in ROW.findall(text))) == wanted
    assert len(re.findall(r"(?m)^\| V", text)) == len(ROW.findall(text))


def test_each_line_has_a_proof_or_a_reason() -> None:
    rows = ROW.findall(PAGE.read_text("utf-8"))
    assert [what for _, what, proof in rows if not is_proven(proof)] == []


def test_each_test_that_is_named_is_there() -> None:
    named = NAMED.findall(PAGE.read_text("utf-8"))
    assert len(named) > 60
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []


@pytest.mark.parametrize("row", ATTACKS)
def test_each_attack_on_pages_has_a_test_that_names_it(row: str) -> None:
    naming = re.compile(rf"attacks ([A-Z]\d+, )*{row}\b", re.IGNORECASE)
    files = (CHECKOUT / "tests").rglob("test_*.py")
    assert any(naming.search(file.read_text("utf-8")) for file in files)


def is_proven(proof: str) -> bool:
    """Whether a line names a test, or says why there is none."""
    return bool(NAMED.search(proof)) or proof.startswith(WITHOUT)


@cache
def named_in(path: str) -> frozenset[str]:
    """Return the names of the tests of a file, without running it; none where there is no file."""
    file = CHECKOUT / path
    tree = ast.parse(file.read_text("utf-8") if file.is_file() else "")
    names = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in names if name.startswith("test_"))
