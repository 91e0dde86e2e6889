# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.issuer.cli.conftest import program

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_name_in_another_encoding_does_no_harm(rules: Path) -> None:
    (rules / b"caf\xe9.yml".decode("utf-8", "surrogateescape")).write_bytes(b"\xff")
    assert program("rules", "check", rules).code == 1
    outcome = program("rules", "check", rules, "--json")
    assert (outcome.code, outcome.err) == (1, "")
    assert len(outcome.lines[0]["problems"]) == 1
