# SPDX-License-Identifier: AGPL-3.0-or-later
"""Workers on a real RabbitMQ: told of what waits, killed, and without their broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from issuer.models import Export
from issuer.preparing import EXPORTS
from issuer.services import exports, persons
from issuer.waking import join
from tests.issuing import give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from issuer.site import Site

ACCOLADES = str(Path(sys.executable).with_name("accolades"))
WORDS = {"bundle": {"files": {}}, "certificate": {}, "locale": "en_GB"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


#: Enough to be in the middle of it for seconds.
BADGES = 30
PAST = datetime(2026, 1, 1, tzinfo=UTC)


class Worker:
    """A running worker, in a group of processes of its own."""

    def __init__(self, site: Site) -> None:
        settings = site.settings
        environment = {
            **os.environ,
            "ACCOLADES_HOME": str(settings.home),
            "ACCOLADES_DATABASE_URL": settings.database,
            "ACCOLADES_BROKER_URL": settings.broker_url,
            "ACCOLADES_BASE_URL": settings.base_url,
            "ACCOLADES_ALLOW_LOOPBACK": "true",
        }
        self.log = settings.home / "worker.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [ACCOLADES, "worker"], env=environment, stderr=log, start_new_session=True
            )

    def stop(self) -> int:
        """Tell it to stop; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """End all its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def working(site: Site) -> Iterator[Worker]:
    """Run a worker until it waits for work, and until the block ends."""
    worker = Worker(site)
    try:
        wait_until(lambda: "waiting for work" in worker.log.read_text())
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.kill()


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def filled(home: Path, database_url: str, amqp_url: str) -> Iterator[Site]:
    """Give a site of somebody with many badges, which tells workers what it leaves to them."""
    made = join(make_site(home, database_url, broker_url=amqp_url))
    with made.database.writing() as session:
        badge = make_badge(session, made, repeatable=True)
        for number in range(BADGES):
            give(session, badge, "asha", occurrence=f"message-{number}")
    yield made
    made.database.dispose()


def ask(site: Site, *, slow: bool = False) -> None:
    """Ask for an export; a slow one takes many seconds."""
    with site.database.writing() as session:
        exports.ask(
            session,
            persons.find(session, "asha"),
            planned=BADGES,
            address=None,
            with_certificates=slow,
            words=WORDS,
            now=datetime.now(UTC),
        )


def export_of(site: Site) -> Export:
    with site.database.reading() as session:
        found = session.scalars(select(Export)).one()
        session.expunge_all()
        return found


def files_of(site: Site) -> list[str]:
    """Return the names of all exports that lie there, whole or half."""
    return [path.name for path in (site.objects.folder / EXPORTS).glob("*/*")]


def check_finished(site: Site) -> None:
    """Check that there is one file, whole, and that the row names it."""
    export = export_of(site)
    assert export.name is not None
    with zipfile.ZipFile(site.objects.path_made(EXPORTS, export.name)) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("manifest.json"))["badges"] == export.done == BADGES


def test_a_worker_is_told_at_once_and_stops_when_it_is_told_to(
    tmp_path: Path, postgres_url: str, amqp_url: str
) -> None:
    with filled(tmp_path, postgres_url, amqp_url) as site, working(site) as worker:
        time.sleep(1)  # its first look is over
        ask(site)
        wait_until(lambda: export_of(site).finished_at is not None, 25)
        assert worker.stop() == 0
        check_finished(site)
        assert files_of(site) == [export_of(site).name]


def test_what_a_worker_was_killed_over_is_made_by_another_that_nobody_told(
    tmp_path: Path, database_url: str, amqp_url: str
) -> None:
    with filled(tmp_path, database_url, amqp_url) as site:
        site.database.on_left = None  # each finds it by its own look
        ask(site, slow=True)
        with working(site) as worker:
            wait_until(lambda: export_of(site).done > 0)
            worker.kill()
        half, left = export_of(site), files_of(site)
        assert (half.name, half.finished_at) == (None, None)
        assert all(name.startswith(".") for name in left)  # it has no name yet
        with site.database.writing() as session:  # its lease is over; the rest is done in haste
            session.execute(update(Export).values(due_at=PAST, with_certificates=False))
        with working(site) as worker:
            wait_until(lambda: export_of(site).finished_at is not None)
            assert worker.stop() == 0
        check_finished(site)
        assert export_of(site).attempts == 2


def test_a_worker_that_is_told_to_stop_gives_back_what_would_take_long(
    tmp_path: Path, amqp_url: str
) -> None:
    with filled(tmp_path, "", amqp_url) as site:
        ask(site, slow=True)
        with working(site) as worker:
            wait_until(lambda: export_of(site).done > 0)
            assert worker.stop() == 0
        export = export_of(site)
        assert (export.attempts, export.done, export.finished_at) == (0, 0, None)
        assert export.due_at is not None
        assert export.due_at <= datetime.now(UTC)
        assert files_of(site) == []
