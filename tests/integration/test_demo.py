# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo is set up once, whatever happens meanwhile, and stays as it is."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.config import load_settings
from issuer.models import ArchivedMessage, Assertion, Award, Badge, Person
from issuer.paths import bundled_rules
from issuer.site import Site
from tests.demo import LINES, PROGRAM, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

# One worker sets a demo up for all that only look at it.
pytestmark = pytest.mark.xdist_group("demo that is not served")

SAMPLE = bundled_rules() / "sample" / "messages.jsonl"
PORT = 18765  # nothing is served there: the addresses in the documents need one


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a demo that was set up and never served; tests only look at it."""
    made = tmp_path_factory.mktemp("demo") / "home"
    finished = run(made, "demo", "--no-serve", "--port", str(PORT))
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    assert [line.partition(":")[0] + ":" for line in finished.stdout.splitlines()] == list(LINES)
    return made


@pytest.fixture
def session(home: Path) -> Iterator[Session]:
    site = Site.of(load_settings({"ACCOLADES_HOME": str(home)}))
    with site.database.reading() as opened:
        yield opened
    site.database.dispose()


def state(home: Path) -> tuple[str, dict[str, str], list[str]]:
    """Return all that must not change: the rows of each table, the documents, the keys."""
    counts = run(home, "db", "stats", "--json").stdout
    with closing(sqlite3.connect(home / "accolades.sqlite")) as database:
        documents = dict(
            database.execute(
                "SELECT document_id, document FROM assertions "
                "UNION SELECT document_id, document FROM badge_editions "
                "UNION SELECT document_id, document FROM issuer_epochs"
            )
        )
    return counts, documents, sorted(path.name for path in (home / "keys").iterdir())


def awards(home: Path) -> set[tuple[str, str, str]]:
    """Return who got which badge by which message."""
    with closing(sqlite3.connect(home / "accolades.sqlite")) as database:
        return set(
            database.execute(
                "SELECT badges.slug, persons.key, awards.cause_id FROM awards "
                "JOIN badges ON badges.id = badge_id JOIN persons ON persons.id = person_id"
            )
        )


def test_a_second_start_changes_nothing(home: Path) -> None:
    before = state(home)
    again = run(home, "demo", "--no-serve", "--port", str(PORT))
    assert again.returncode == 0
    assert state(home) == before


def test_at_least_25_people_have_badges(session: Session) -> None:
    people = session.scalar(select(func.count(Award.person_id.distinct())))
    assert people is not None
    assert people >= 25
    assert (session.scalar(select(func.count()).select_from(Badge)) or 0) >= 30


def test_every_message_of_the_sample_is_there_under_its_own_id(session: Session) -> None:
    ids = [json.loads(line)["id"] for line in SAMPLE.read_text().splitlines()]
    assert len(set(ids)) == len(ids)
    assert set(session.scalars(select(ArchivedMessage.message_id))) == set(ids)


def test_the_newest_message_is_one_hour_old_at_the_first_load(session: Session) -> None:
    newest = session.scalars(select(func.max(ArchivedMessage.sent_at))).one()
    received = session.scalars(select(func.min(ArchivedMessage.received_at))).one()
    assert timedelta(0) <= received - newest - timedelta(hours=1) < timedelta(minutes=1)


def test_no_award_is_from_the_future(session: Session) -> None:
    assert session.scalars(select(func.max(Award.issued_at))).one() < datetime.now(UTC)
    late = select(func.count()).select_from(Award).where(Award.issued_at > Award.created_at)
    assert session.scalar(late) == 0


def test_the_lines_name_a_person_and_a_badge_of_theirs(home: Path, session: Session) -> None:
    lines = run(home, "demo", "--no-serve", "--port", str(PORT)).stdout.splitlines()
    person = lines[2].rpartition("/people/")[2]
    assertion = lines[3].split()[-1]
    statement = (
        select(Person.username)
        .join(Award, Award.person_id == Person.id)
        .join(Assertion, Assertion.award_id == Award.id)
        .where(Assertion.document_id == assertion)
    )
    assert session.scalars(statement).one() == person
    assert run(home, "verify", assertion).returncode == 0


def test_the_sample_again_awards_nothing_and_says_so(home: Path) -> None:
    before = state(home)
    again = run(home, "replay", str(SAMPLE))
    assert again.returncode == 0
    number = len(SAMPLE.read_text().splitlines())
    assert (
        again.stdout == f"messages: {number}, 0 new, {number} archived before\nnew awards: none\n"
    )
    assert state(home) == before


def test_another_port_is_another_site_in_a_folder_of_its_own(home: Path) -> None:
    before = state(home)
    other = run(home, "demo", "--no-serve", "--port", str(PORT + 10))
    assert other.returncode == 0
    assert f"http://127.0.0.1:{PORT + 10}/" in other.stdout
    assert state(home) == before
    assert awards(home / f"port-{PORT + 10}") == awards(home)


def test_an_interrupted_first_load_is_completed_by_the_next_start(
    home: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "home"
    process = subprocess.Popen(
        [PROGRAM, "demo", "--no-serve", "--port", str(PORT)],
        env={**os.environ, "ACCOLADES_HOME": str(torn)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        kept = _wait_for_messages(torn, process, 100)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert kept < len(SAMPLE.read_text().splitlines())
    assert run(torn, "demo", "--no-serve", "--port", str(PORT)).returncode == 0
    assert awards(torn) == awards(home)
    whole, again = (json.loads(state(folder)[0]) for folder in (home, torn))
    # The sample ends with the moment of the load: what falls on which day differs between two.
    for counts in (whole, again):
        for by_day in ("badge_periods", "rank_histogram", "totals"):
            del counts[by_day]
    assert again == whole


def _wait_for_messages(home: Path, process: subprocess.Popen[bytes], number: int) -> int:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            with closing(sqlite3.connect(f"file:{home}/accolades.sqlite?mode=ro", uri=True)) as db:
                (found,) = db.execute("SELECT count(*) FROM messages").fetchone()
        except sqlite3.OperationalError:  # not made yet
            found = 0
        if found >= number:
            return int(found)
        time.sleep(0.02)
    raise AssertionError("the sample is not being loaded")


@pytest.mark.parametrize("what", ["a database", "a configuration", "a named configuration"])
def test_a_home_that_is_no_demo_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if what == "a database":
        assert run(home, "db", "upgrade").returncode == 0
    elif what == "a configuration":
        (home / "accolades.toml").write_text(f'base_url = "http://127.0.0.1:{PORT}"\n')
    else:
        (tmp_path / "site.toml").write_text("")
        monkeypatch.setenv("ACCOLADES_CONFIG", str(tmp_path / "site.toml"))
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    refused = run(home, "demo", "--no-serve", "--port", str(PORT))
    assert (refused.returncode, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith("accolades: demo: ")
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_a_site_of_another_port_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "accolades.toml").write_text('base_url = "https://badges.example.org"\n')
    refused = run(home, "demo", "--no-serve", "--port", str(PORT))
    assert refused.returncode == 2
    assert [path.name for path in home.iterdir()] == ["accolades.toml"]


@pytest.mark.parametrize("name", ["DATABASE_URL", "BASE_URL"])
def test_the_environment_of_a_real_site_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    real = tmp_path / "real.sqlite"
    value = f"sqlite:///{real}" if name == "DATABASE_URL" else "https://badges.example.org"
    monkeypatch.setenv(f"ACCOLADES_{name}", value)
    refused = run(tmp_path / "home", "demo", "--no-serve", "--port", str(PORT))
    assert not real.exists()
    assert refused.returncode == 2
    assert f"ACCOLADES_{name}" in refused.stderr


@pytest.mark.parametrize("which", [0, 1])
def test_a_port_in_use_is_one_line(tmp_path: Path, which: int) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = run(tmp_path / "home", "demo", "--port", str(port - which))
    assert (refused.returncode, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert f"port {port}: Address already in use: choose another" in line
    assert not (tmp_path / "home").exists()


def test_a_home_whose_configuration_is_broken_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "accolades.toml").write_text("demo = ")
    refused = run(home, "demo", "--no-serve", "--port", str(PORT))
    assert (refused.returncode, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert "not TOML" in line
