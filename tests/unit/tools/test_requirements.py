# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of requirements says what the tests say, and no requirement is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.shared import shared_path
from tools import requirements
from tools.open_badges_2 import PARTS, REMARKS, REQUIREMENTS, UNMET

if TYPE_CHECKING:
    from pathlib import Path

# How many requirements each part of the standard has.
COUNTS = dict(zip("ABCDEFGHIJKLMN", (15, 14, 10, 12, 8, 9, 8, 7, 10, 7, 5, 5, 4, 12), strict=True))
NUMBERS = [
    f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)
]


def everything_proven() -> dict[str, list[str]]:
    return {
        number: ["tests/unit/test_x.py::test_it"] for number in REQUIREMENTS if number not in UNMET
    }


@pytest.mark.slow
def test_the_committed_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert requirements.main(["--check"]) == 0, capsys.readouterr().err


def test_every_number_is_in_the_list() -> None:
    assert list(REQUIREMENTS) == NUMBERS
    assert PARTS.keys() == COUNTS.keys()
    for required in REQUIREMENTS.values():
        assert all(required)
        assert "|" not in required.text


def test_the_numbers_are_those_of_the_standard() -> None:
    text = shared_path("standards/open-badges-2.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| ([A-M]\d+) \|", text)
    choices = re.findall(r"(?m)^(\d+)\. ", text.partition("\n## N.")[2])
    assert [*rows, *(f"N{number}" for number in choices)] == NUMBERS


def test_every_requirement_has_its_row() -> None:
    page = requirements.page(everything_proven())
    for number, required in REQUIREMENTS.items():
        (row,) = re.findall(rf"(?m)^\| {number} (\| .*) \|$", page)
        assert required.text in row
        assert ("| not met: " in row) == (number in UNMET)
        assert UNMET.get(number, "") in row
        assert REMARKS.get(number, "") in row


def test_cases_are_named_and_many_are_counted() -> None:
    tests = everything_proven()
    tests["A7"] = [f"tests/unit/test_x.py::test_all[A7+B6-{count}]" for count in range(20)]
    tests["A8"] = ["tests/unit/test_x.py::test_all[https://a.example/]"]
    page = requirements.page(tests)
    assert "[test_all](../../tests/unit/test_x.py) [A7+B6-0, A7+B6-1, " in page
    assert "A7+B6-11 and 8 more]" in page
    assert "https://a.example/" not in page


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        pytest.param({}, "neither proven by a test nor listed as unmet: A1, A10", id="unproven"),
        pytest.param({"Z1": ["x::y"]}, "no such requirement: Z1", id="unknown"),
        pytest.param({"M3": ["x::y"]}, "listed as unmet, and proven by a test: M3", id="both"),
    ],
)
def test_what_is_left_open_fails_the_run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tests: dict[str, list[str]],
    words: str,
) -> None:
    monkeypatch.setattr(requirements, "collect", lambda: tests)
    assert requirements.main([]) == 1
    assert words in capsys.readouterr().err


def test_an_explanation_of_nothing_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REMARKS, "Z9", "x")
    with pytest.raises(requirements.IncompleteError, match="no requirement: Z9"):
        requirements.page(everything_proven())


def test_a_page_that_was_edited_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(requirements, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(requirements, "collect", everything_proven)
    assert requirements.main(["--check"]) == 1
    assert "is not current" in capsys.readouterr().err
    assert not requirements.PAGE.exists()
    assert requirements.main([]) == 0
    assert requirements.main(["--check"]) == 0
    requirements.PAGE.write_text("edited")
    assert requirements.main(["--check"]) == 1


@pytest.mark.slow
def test_tests_that_cannot_be_collected_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(requirements, "_files", lambda: ["tests/none.py"])
    assert requirements.main(["--check"]) == 1
    assert "cannot be collected" in capsys.readouterr().err
