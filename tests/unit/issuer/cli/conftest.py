# SPDX-License-Identifier: AGPL-3.0-or-later
"""A home with a site, and commands run in it: in this process, or as users run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from issuer import scratch
from issuer.app import create_app
from issuer.cli import make_group, run
from issuer.cli.commands import COMMANDS
from issuer.services import schema, setup
from tests import prepared
from tests.demo import PROGRAM
from tests.filled import fill
from tests.issuing import NOW, RED, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from issuer.site import Site

RULE = """\
name: First Steps
description: Did the first step, grün 🏅.
creator: somebody
discussion: https://example.org/
issuer_id: accolades
image_url: red.svg
trigger: {topic: wiki.edit}
recipient: message.body['user']
"""


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on standard error; there must be no other, and nothing else anywhere."""
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert re.match(r"accolades( [a-z]+)*: ", line)
        assert "defect" not in line
        assert "Traceback" not in line
        return line.partition(": ")[2]

    @property
    def lines(self) -> list[Any]:
        """What stands on standard output: one JSON value a line, and nothing on the other."""
        assert self.err == ""
        return [json.loads(line, parse_constant=_no_json) for line in self.out.splitlines()]


def _no_json(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


@pytest.fixture(autouse=True)
def _scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a scratch site begin with what the migrations made the first time."""
    quick = SimpleNamespace(upgrade=lambda database: prepared.make(database, schema.upgrade))
    monkeypatch.setattr(scratch, "schema", quick)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home."""
    made = tmp_path / "home"
    made.mkdir()
    monkeypatch.setenv("ACCOLADES_HOME", str(made))
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    """Return the site of the home: tables, one issuer, one badge, one award."""
    made = make_site(home, f"sqlite:///{home / 'accolades.sqlite'}")
    fill(made, _issue)
    yield made
    made.database.dispose()


def _issue(site: Site) -> None:
    with site.database.writing() as session:
        setup.ensure_issuer(session, site.settings, setup.Stores(site.keys, site.objects), now=NOW)
        give(session, make_badge(session, site), "asha")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a folder with one rule and its picture."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "first.yml").write_text(RULE)
    (folder / "red.svg").write_bytes(RED)
    return folder


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command in this process, to its end."""

    def called(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            run(make_group(create_app, COMMANDS), [str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    return called


def program(
    *arguments: object, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> Outcome:
    """Run a command as users do, in a process of its own."""
    finished = subprocess.run(
        [PROGRAM, *map(_plain, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=60,
        check=False,
    )
    out, err = (text.decode("utf-8", "replace") for text in (finished.stdout, finished.stderr))
    return Outcome(finished.returncode, out, err)


def _plain(argument: object) -> str | bytes:
    return argument if isinstance(argument, bytes) else str(argument)
