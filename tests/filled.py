# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site that is filled the same way for many tests: once a process, then its files are copied."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import rsa

from issuer.adapters import secret_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.site import Site

    #: What lies in a home, by its path: the mode, and the content of files.
    Files = dict[str, tuple[int, bytes | None]]

Answer = TypeVar("Answer")

#: What a site became and what was answered, by the filling, its settings, and what it was before.
_made: dict[object, tuple[Files, Any, list[tuple[Any, ...]]]] = {}


def fill(site: Site, filling: Callable[[Site], Answer]) -> Answer:
    """Do ``filling`` to a site; where it was done to one just like it, copy what that became.

    The answer must hold values only, no rows: it is handed out again. Whatever differs beforehand
    (a row, a setting, a file) makes it be done anew, so that a test cannot get what is not its own.
    On PostgreSQL it is always done.
    """
    site.database.dispose()  # all is in the file, none beside it
    home = site.settings.home
    before = _read(home)
    if _outside(site, before):
        return filling(site)
    settings = site.settings.model_copy(update={"home": None, "database_url": ""})
    key = filling, repr(settings), frozenset(before.items())
    if key not in _made:
        answer, keys = _do(site, filling)
        site.database.dispose()
        _made[key] = _read(home), deepcopy(answer), keys
        return answer
    files, answer, keys = _made[key]
    for arguments in keys:  # the next that the test asks for must be another
        rsa.generate_private_key(*arguments)
    _write(home, before, files)
    return deepcopy(answer)


def _do(site: Site, filling: Callable[[Site], Answer]) -> tuple[Answer, list[Any]]:
    """Return also what keys were asked for."""
    keys: list[Any] = []
    generate = rsa.generate_private_key

    def generating(
        public_exponent: int, key_size: int, _backend: object = None
    ) -> rsa.RSAPrivateKey:
        keys.append((public_exponent, key_size))
        return generate(public_exponent, key_size)

    with patch.object(rsa, "generate_private_key", generating):
        return filling(site), keys


def _outside(site: Site, files: Files) -> bool:
    """Tell whether the database is no file in the home, or somebody has it open."""
    file, home = site.database.engine.url.database or "", site.settings.home
    if site.database.engine.dialect.name != "sqlite" or not Path(file).is_relative_to(home):
        return True
    return any(name.endswith(("-wal", "-shm", "-journal")) for name in files)


def _read(home: Path) -> Files:
    """Return all that lies in a home, but the secret of sessions: no filling asks for that."""
    return {
        str(path.relative_to(home)): (
            path.stat().st_mode & 0o777,
            path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(home.rglob("*"))
        if path.name != secret_key.NAME
    }


def _write(home: Path, before: Files, files: Files) -> None:
    for name, (mode, content) in files.items():  # folders stand before what is in them
        if before.get(name) == (mode, content):
            continue
        path = home / name
        if content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content)
        path.chmod(mode)
