# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards over a stream of real messages against those that fedbadges makes of it.

Version 2.3.0 with the rules in the current dialect, 1.0.3 with the same rules in that of 2014.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from rules.migrating import migrate
from tests.conformance.differences import MISSING_OF_2014, MORE_OF_2014, Awards
from tests.shared import shared_path

PROGRAM = Path(sys.executable).parent / "accolades"
NONE: Awards = {}

Triples = set[tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a site that is never made: a replay has its own."""
    return tmp_path_factory.mktemp("home")


@cache
def replayed(rules: Path, home: Path) -> Triples:
    """Return what a replay of the stream awards: number of the message, badge, person."""
    stream = shared_path("data/messages/stream.jsonl")
    settings = shared_path("data/messages/settings.json")
    command = [str(PROGRAM), "replay", str(stream), "--rules", str(rules), "--json"]
    command += ["--settings", str(settings)]
    environment = {**os.environ, "ACCOLADES_HOME": str(home)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return triples(answer.stdout)


def triples(lines: str) -> Triples:
    return {
        (record["n"], badge, user.lower())
        for record in map(json.loads, lines.splitlines())
        for badge, user in record["awards"]
    }


@pytest.mark.parametrize(
    ("dialect", "number", "more", "missing"),
    [("v1", 74, MORE_OF_2014, MISSING_OF_2014), ("v2", 76, NONE, NONE)],
    ids=["of-2014", "current"],
)
def test_the_awards_of_the_stream_are_those_of_fedbadges_but_for_named_ones(
    dialect: str, number: int, more: Awards, missing: Awards, home: Path
) -> None:
    expected = triples(shared_path(f"data/messages/awards-{dialect}.jsonl").read_text("utf-8"))
    assert len(expected) == number
    ours = replayed(shared_path(f"data/rules/rules-{dialect}"), home)
    assert ours - expected == set(more)
    assert expected - ours == set(missing)


def test_migrated_rules_award_as_their_originals(tmp_path: Path, home: Path) -> None:
    originals = shared_path("data/rules/rules-v1")
    migrated = tmp_path / "migrated"
    migrated.mkdir()
    for path in originals.glob("*.yml"):
        (migrated / path.name).write_text(migrate(path.read_text("utf-8")).text, "utf-8")
    assert replayed(migrated, home) == replayed(originals, home)
