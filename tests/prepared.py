# SPDX-License-Identifier: AGPL-3.0-or-later
"""What costs much to make and is always the same: made once a process, then handed out again.

Each test still has a database of its own, and no two keys of one test are alike.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections import defaultdict
from contextlib import closing
from functools import cache, lru_cache
from importlib import metadata
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

import resvg_py
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg.errors import DuplicateDatabase
from sqlalchemy import make_url

from issuer.db import Database
from rules import plugins
from tests import compiled
from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.metadata import EntryPoints

    import pytest

_files: dict[Callable[[Database], None], bytes] = {}
_templates: dict[tuple[Callable[[Database], None], str], str] = {}
_generate, _lock = rsa.generate_private_key, Lock()
_keys: defaultdict[tuple[int, int], list[rsa.RSAPrivateKey]] = defaultdict(list)
# A text always holds the same key, and checking its numbers costs 40 ms; a drawing costs 30 ms.
_load = lru_cache(1000)(serialization.load_pem_private_key)
_draw = lru_cache(100)(resvg_py.svg_to_bytes)


def make(database: Database, tables: Callable[[Database], None]) -> None:
    """Do ``tables`` to a database: in place where it is there, else to a copy of the first one."""
    if database.engine.dialect.name == "sqlite":
        _make_file(database, tables)
    else:
        _make_copy(database, tables)


def forget(server_url: str) -> None:
    """Drop what copies on this PostgreSQL were made from."""
    for key, template in list(_templates.items()):
        if template.startswith(_folder(server_url)):
            postgres.drop(template)
            del _templates[key]


def reuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this test have what tests before it made: keys, drawn pictures, compiled templates.

    A test that generates several keys gets a different one each time.
    """
    numbers: defaultdict[tuple[int, int], Iterator[int]] = defaultdict(count)

    def generate(public_exponent: int, key_size: int, backend: object = None) -> rsa.RSAPrivateKey:
        kind = public_exponent, key_size
        with _lock:
            keys, number = _keys[kind], next(numbers[kind])
            if number == len(keys):
                keys.append(_generate(public_exponent, key_size))
            return keys[number]

    monkeypatch.setattr(rsa, "generate_private_key", generate)
    monkeypatch.setattr(serialization, "load_pem_private_key", _load)
    monkeypatch.setattr(resvg_py, "svg_to_bytes", _draw)
    monkeypatch.setattr(plugins, "entry_points", _entry_points)
    compiled.reuse(monkeypatch)


def _entry_points(group: str) -> EntryPoints:
    return _read_entry_points(group, tuple(sys.path))


@cache
def _read_entry_points(group: str, _path: tuple[str, ...]) -> EntryPoints:
    """Look into what is installed: 20 ms, and each replay asks twice."""
    return metadata.entry_points(group=group)


def _make_file(database: Database, tables: Callable[[Database], None]) -> None:
    file = database.engine.url.database
    if not file or Path(file).exists():
        tables(database)
        return
    if tables not in _files:
        _files[tables] = _file_of(tables)
    Path(file).write_bytes(_files[tables])


def _file_of(tables: Callable[[Database], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.sqlite"
        database = Database(f"sqlite:///{path}")
        tables(database)
        database.dispose()
        with closing(sqlite3.connect(path)) as connection:
            return connection.serialize()


def _make_copy(database: Database, tables: Callable[[Database], None]) -> None:
    server = _folder(database.url)
    if (tables, server) not in _templates:
        _templates[tables, server] = _template_of(tables, server)
    try:
        postgres.create(database.url, template=_templates[tables, server])
    except DuplicateDatabase:
        tables(database)


def _template_of(tables: Callable[[Database], None], server: str) -> str:
    url = f"{server}template_{uuid4().hex}"
    postgres.create(url)
    database = Database(url)
    try:
        tables(database)
    finally:
        # A database that somebody is connected to cannot be copied.
        database.dispose()
    return url


def _folder(url: str) -> str:
    """Return the URL of a server without the name of a database."""
    return make_url(url).set(database="").render_as_string(hide_password=False)
