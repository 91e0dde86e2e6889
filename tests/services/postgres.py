# SPDX-License-Identifier: AGPL-3.0-or-later
"""A PostgreSQL of the test run, and a fresh database in it for each test."""

from __future__ import annotations

import re
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from tests.services.missing import MissingError
from tests.services.processes import Home, Server, free_ports, stop, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROLE = "accolades"
SETTINGS = {
    # Nothing here must survive a crash, so nothing has to reach the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}


def start(folder: Path, settings: Mapping[str, str] = SETTINGS) -> Server:
    """Start a server of our own; raises ``MissingError`` or ``StartError``."""
    programs = find_programs()
    home = Home.make(folder, "postgres")
    data = folder / "data"
    options = ["--username", ROLE, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
    home.run([programs / "initdb", "--pgdata", data, "--no-sync", *options])
    (port,) = free_ports(1)
    own = {**settings, "port": str(port), "unix_socket_directories": str(folder)}
    given = [part for name, value in own.items() for part in ("-c", f"{name}={value}")]
    process = home.start([programs / "postgres", "-D", data, *given])
    url = f"postgresql+psycopg://{ROLE}@127.0.0.1:{port}/postgres"
    try:
        wait_until(lambda: _answers(url), process, home, timeout=30)
    except BaseException:
        stop(process, signal.SIGQUIT)
        raise
    # SIGQUIT is PostgreSQL's immediate end; its children have sessions of their own, so that a
    # signal to the group would not reach them.
    return Server(url=url, processes=(process,), stop_signal=signal.SIGQUIT)


def find_programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs; raises ``MissingError``."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(debian, key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise MissingError(
            "PostgreSQL is not installed (no initdb): install it, or run `make test`"
        )
    return Path(on_path).resolve().parent


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Give the URL of a new empty database, and drop it afterwards."""
    with planned_database(server_url) as url:
        create(url)
        yield url


@contextmanager
def planned_database(server_url: str) -> Iterator[str]:
    """Give the URL of a database that nobody made yet, and drop it afterwards if somebody did."""
    url = make_url(server_url).set(database=f"test_{uuid4().hex}")
    plain_url = url.render_as_string(hide_password=False)
    try:
        yield plain_url
    finally:
        drop(plain_url)


def create(url: str, *, template: str | None = None) -> None:
    """Make the database of this URL: empty, or a copy of another of the same server.

    Raises psycopg's ``DuplicateDatabase`` when it is there.
    """
    # Copying files takes less work than PostgreSQL's own choice, which writes each page to its log.
    source = f" TEMPLATE {make_url(template).database} STRATEGY FILE_COPY" if template else ""
    _administer(url, f"CREATE DATABASE {make_url(url).database}{source}")


def drop(url: str) -> None:
    """Drop the database of this URL, if it is there."""
    # WITH (FORCE): a test that failed may have left connections open.
    _administer(url, f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    server = make_url(url).set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(_plain(server), autocommit=True, connect_timeout=10) as connection:
        connection.execute(statement)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(_plain(url), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _plain(url: str) -> str:
    """Return SQLAlchemy's URL as psycopg itself understands it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
