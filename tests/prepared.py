# SPDX-License-Identifier: AGPL-3.0-or-later
"""What costs much to make and is always the same: made once a process, then handed out again.

Each test still has a database file of its own, and no two keys of one test are alike.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import defaultdict
from contextlib import closing
from functools import lru_cache
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import resvg_py
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jinja2 import BytecodeCache

from issuer.db import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from flask.templating import Environment
    from jinja2.bccache import Bucket

_made: dict[Callable[[Database], None], bytes] = {}
_generate, _lock = rsa.generate_private_key, Lock()
_keys: defaultdict[tuple[int, int], list[rsa.RSAPrivateKey]] = defaultdict(list)
# A text always holds the same key, and checking its numbers costs 40 ms; a drawing costs 30 ms.
_load = lru_cache(1000)(serialization.load_pem_private_key)
_draw = lru_cache(100)(resvg_py.svg_to_bytes)
_make_environment = Flask.create_jinja_environment


class _Templates(BytecodeCache):
    """Templates that were compiled, by their name and text."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


_templates = _Templates()


def make(database: Database, tables: Callable[[Database], None]) -> None:
    """Do ``tables`` to a new database; on SQLite, copy the file of the first time."""
    file = database.engine.url.database
    if database.engine.dialect.name != "sqlite" or not file or Path(file).exists():
        tables(database)
        return
    if tables not in _made:
        _made[tables] = _file_of(tables)
    Path(file).write_bytes(_made[tables])


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
    monkeypatch.setattr(Flask, "create_jinja_environment", _environment)


def _environment(app: Flask) -> Environment:
    environment = _make_environment(app)
    environment.bytecode_cache = _templates
    return environment


def _file_of(tables: Callable[[Database], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.sqlite"
        database = Database(f"sqlite:///{path}")
        tables(database)
        database.dispose()
        with closing(sqlite3.connect(path)) as connection:
            return connection.serialize()
