# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.issuer.cli.conftest import program
from tests.unit.issuer.cli.test_replay import lines, record

if TYPE_CHECKING:
    from pathlib import Path


def test_standard_input_is_a_file(home: Path, rules: Path) -> None:
    outcome = program("replay", "-", "--rules", rules, "--json", stdin=lines(record(1)))
    assert outcome.code == 0
    assert [line["id"] for line in outcome.lines] == ["m1"]
