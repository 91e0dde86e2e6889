# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines of the page about programs run as they stand, against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from issuer.app import create_app
from issuer.services import persons
from tests import prepared
from tests.issuing import NOW, make_badge, make_site
from tests.login_site import serving
from tests.programs import grant, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.site import Site

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = DOCS / "how-to" / "award-by-api.md"
HOST = "https://badges.example.org"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    prepared.reuse(monkeypatch)
    (tmp_path / "home").mkdir()
    made = make_site(tmp_path / "home", "")
    with made.database.writing() as session:
        make_badge(session, made, "Event Check-in")
        for name in ("asha", "boris"):
            persons.ensure(session, name, now=NOW)
    grant(made, "dora", "event-check-in", now=NOW)
    yield made
    made.database.dispose()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_about_programs_run_as_they_stand(site: Site, tmp_path: Path) -> None:
    lines = commands(PAGE.read_text("utf-8"))
    assert len(lines) == 10
    known = {"TOKEN": token_of(site, "dora", now=datetime.now(UTC))}
    ran: dict[str, Any] = {}
    with serving(create_app(site=site)) as address:
        for line in lines:
            done = subprocess.run(
                ["bash", "-ec", line.replace(HOST, address)],
                cwd=tmp_path,
                env={**os.environ, **known},
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            told = json.loads(done.stdout) if done.stdout else {}
            assert "status" not in told, f"{line}: {done.stdout}"
            if "/awards" in line and "lines" in told:
                known["AWARD"] = told["lines"][0]["award"]
            if "/invitations" in line and "codes" in told:
                known["INVITATION"] = str(told["id"])
            ran[line.rpartition("/api/v1/")[2]] = told
    assert {each["state"] for each in ran["awards"]["lines"]} == {"awarded"}
    assert len(ran["awards?limit=50'"]["items"]) == 2
    assert (tmp_path / "poster.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "token.header").stat().st_mode & 0o077 == 0


def commands(text: str) -> list[str]:
    """Return the command lines of a page; one that goes on ends with a backslash."""
    return re.findall(r"(?m)^\$ ((?:.*\\\n)*.*)$", text)
