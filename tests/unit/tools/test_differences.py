# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.differences import CURRENT, DEFECTS, MISSING_OF_2014, MORE_OF_2014, OF_2014
from tools import differences

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_committed_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert differences.main(["--check"]) == 0, capsys.readouterr().err


def test_the_check_exits_1_and_writing_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(differences, "PAGE", tmp_path / "page.md")
    assert differences.main(["--check"]) == 1
    assert "page.md: is not current" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert differences.main([]) == 0
    assert differences.main(["--check"]) == 0


def test_every_difference_has_its_line() -> None:
    page = differences.page()
    for name in (*CURRENT, *OF_2014):
        assert f"| {name} |" in page
    for number, badge, person in (*MORE_OF_2014, *MISSING_OF_2014):
        assert f"| {number} | `{badge}` | {person} |" in page


def test_every_defect_that_a_case_names_is_on_the_page() -> None:
    named = [defect for defect, _ in (*CURRENT.values(), *OF_2014.values())]
    named += [*MORE_OF_2014.values(), *MISSING_OF_2014.values()]
    assert all(defect in DEFECTS for defect in named)
