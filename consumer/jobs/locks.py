# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets one process at a time run a job; a process that is killed holds nothing any more."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from issuer.adapters.job_locks import HELD, LOCK_CLASS, file_of
from issuer.db import CONNECT_SECONDS
from issuer.errors import JobBusyError, JobInterruptedError
from issuer.services.runs import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from sqlalchemy import Connection

    from issuer.site import Site

#: Times that a file is locked, and seconds between them: whoever only asks holds it for a moment.
TRIES = 5
PAUSE = 0.02
#: What PostgreSQL keeps of the name of a connection.
MAX_NAME = 63
MARK = "accolades-job"

TAKE = text("SELECT pg_try_advisory_lock(:class, hashtext(:name))")
HOLDER = text(
    "SELECT application_name, backend_start "  # noqa: S608 -- constants
    f"FROM pg_locks JOIN pg_stat_activity USING (pid) {HELD}"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that this process holds; ``ensure`` raises `JobInterruptedError` once it does not."""

    process: Process
    ensure: Callable[[], None]


@contextmanager
def held(site: Site, name: str) -> Iterator[Held]:
    """Hold the lock of a job; raise `JobBusyError`, which says who holds it, where it is taken."""
    process = Process(socket.gethostname(), os.getpid())
    if site.database.engine.dialect.name == "postgresql":
        with _on_postgres(site, name, process) as lock:
            yield lock
    else:
        with _on_file(site, name, process) as lock:
            yield lock


@contextmanager
def _on_postgres(site: Site, name: str, process: Process) -> Iterator[Held]:
    """Hold an advisory lock by a connection of its own: it ends with the process."""
    called = f"{MARK} {process.pid}@{process.host}"[:MAX_NAME]
    engine = create_engine(
        site.database.engine.url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": called},
    )
    with engine.connect() as connection:
        values = {"class": LOCK_CLASS, "name": name}
        if not connection.scalar(TAKE, values):
            raise JobBusyError(_busy(name, *_holder(connection, values)))

        def ensure() -> None:
            try:
                connection.execute(text("SELECT 1"))
            except SQLAlchemyError as error:
                raise JobInterruptedError(
                    f"job {name}: the connection that holds its lock is lost"
                ) from error

        yield Held(process, ensure)


def _holder(connection: Connection, values: dict[str, object]) -> tuple[str, str, str]:
    row = connection.execute(HOLDER, values).first()
    if row is None:
        return "", "", ""  # it has just ended, or we may not see it
    called, since = row
    pid, _, host = str(called).removeprefix(f"{MARK} ").partition("@")
    return host, pid, since.astimezone(UTC).isoformat(timespec="seconds")


@contextmanager
def _on_file(site: Site, name: str, process: Process) -> Iterator[Held]:
    """Hold a lock on a file in the home folder: a SQLite database is one machine's."""
    path = file_of(site.settings.home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _take(file):
            raise JobBusyError(_busy(name, *_written(file)))
        since = datetime.now(UTC).isoformat(timespec="seconds")
        file.truncate(0)
        file.write(json.dumps([process.host, process.pid, since]))
        file.flush()
        yield Held(process, lambda: None)
        file.truncate(0)


def _take(file: TextIO) -> bool:
    for number in range(TRIES):
        if number:
            time.sleep(PAUSE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def _written(file: TextIO) -> tuple[str, str, str]:
    file.seek(0)
    try:
        host, pid, since = json.loads(file.read(1024))
    except ValueError:
        return "", "", ""
    return str(host), str(pid), str(since)


def _busy(name: str, host: str, pid: str, since: str) -> str:
    who = f"process {pid} on {host} since {since}" if host else "another process"
    return f"job {name}: runs already: {who} holds its lock"
