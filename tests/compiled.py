# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is compiled once a process, for all sites of all tests: templates, addresses, statements."""

from __future__ import annotations

import os
from functools import cache
from types import MethodType
from typing import TYPE_CHECKING, Any

from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import make_url
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from issuer import db

if TYPE_CHECKING:
    import pytest
    from flask.templating import Environment
    from jinja2.bccache import Bucket
    from sqlalchemy import Dialect, Engine

_make_environment = Flask.create_jinja_environment
_compile_rule = Rule.compile
_make_engine = db.create_engine
_prepare_sqlite = db._prepare_sqlite
_compiled: dict[object, tuple[Any, ...]] = {}
_statements: LRUCache[Any, Any] = LRUCache(4000)


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


def reuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile nothing in this test that a test before it compiled, and wait for no disk."""
    monkeypatch.setattr(Flask, "create_jinja_environment", _environment)
    monkeypatch.setattr(Rule, "compile", _compile)
    monkeypatch.setattr(db, "create_engine", _engine)
    monkeypatch.setattr(db, "_prepare_sqlite", _prepare_sqlite_in_memory)
    monkeypatch.setattr(os, "fsync", lambda _file: None)


def _environment(app: Flask) -> Environment:
    environment = _make_environment(app)
    environment.bytecode_cache = _templates
    return environment


def _compile(rule: Rule) -> None:
    """Give a rule what the same rule of another application has: 25 of the 30 ms that one takes."""
    if rule.defaults or rule.subdomain or rule.host:
        _compile_rule(rule)
        return
    key = rule.rule, rule.merge_slashes, tuple(rule.map.converters.items())
    if key not in _compiled:
        _compile_rule(rule)
        parts = rule._parts, rule._trace, rule._converters
        _compiled[key] = parts, rule._build.__func__, rule._build_unknown.__func__
        return
    (rule._parts, rule._trace, rule._converters), build, build_unknown = _compiled[key]
    rule.arguments.update(rule._converters)
    rule._build, rule._build_unknown = MethodType(build, rule), MethodType(build_unknown, rule)


def _engine(url: str, **options: Any) -> Engine:
    """Return an engine that knows the statements which engines before it compiled.

    SQLAlchemy keeps them by dialect, and each engine has one of its own (events of the engine hang
    on it); here those that speak to the same server are equal.
    """
    engine = _make_engine(url, **options)
    address = make_url(url)
    engine.dialect.__class__ = _alike(
        type(engine.dialect), (address.drivername, address.host, address.port)
    )
    engine._compiled_cache = _statements
    return engine


@cache
def _alike(dialect: type[Dialect], server: object) -> type[Dialect]:
    """Return the class of dialects of this server, whose objects are all equal."""
    members = {
        "supports_statement_cache": True,
        "__eq__": lambda one, other: type(one) is type(other),
        "__hash__": lambda _one: hash(server),
    }
    return type(dialect.__name__, (dialect,), members)


def _prepare_sqlite_in_memory(connection: Any, record: object) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA synchronous = OFF")
