# SPDX-License-Identifier: AGPL-3.0-or-later
"""The object folder: bytes named by their content, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from issuer.errors import NotFoundError

#: Never a path, and never two letters alone, which are the folders of the contents.
NAME = re.compile(r"[a-z0-9-]{3,80}")


@dataclass(frozen=True, slots=True)
class Made:
    """Bytes that were made of something else, and when."""

    content: bytes
    made_at: datetime


class ObjectFolder:
    """Pictures and other bytes in a folder, by SHA-256; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its SHA-256 in hexadecimal."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        if not path.exists():
            write_whole(path, content)
        return name

    def get(self, name: str) -> bytes:
        """Return the bytes kept under ``name``; raise `NotFoundError` when there are none."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"object {name}: not in {self.folder}") from error

    def get_made(self, kind: str, name: str) -> Made | None:
        """Return what was made under a name of its own, or None where nothing is."""
        path = self._made(kind, name)
        try:
            content = path.read_bytes()
            made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        return Made(content, made_at)

    def put_made(self, kind: str, name: str, content: bytes) -> None:
        """Keep what can be made again at any time, in the place of what was made before."""
        write_whole(self._made(kind, name), content)

    def drop_made(self, kind: str, name: str) -> None:
        """Forget what was made under a name; nothing happens where nothing is."""
        self._made(kind, name).unlink(missing_ok=True)

    def _made(self, kind: str, name: str) -> Path:
        if not NAME.fullmatch(kind) or not NAME.fullmatch(name):
            raise ValueError(f"not a name for what is made: {kind!a}/{name!a}")
        return self.folder / kind / name[:2] / name

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
