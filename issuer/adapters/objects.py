# SPDX-License-Identifier: AGPL-3.0-or-later
"""The object folder: bytes named by their content, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

#: Never a path, and never two letters alone, which are the folders of the contents.
NAME = re.compile(r"[a-z0-9-]{3,80}")


#: Folders of one kind, where names are hexadecimal.
FOLDERS = 256


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

    def put_made(self, kind: str, name: str, content: bytes, *, most: int = 0) -> None:
        """Keep what can be made again at any time, in the place of what was made before.

        Of a kind that has no end, `most` bounds how many are kept: the oldest go. They lie in
        folders by the beginning of their names, which should be as good as random.
        """
        path = self._made(kind, name)
        write_whole(path, content)
        if most:
            _keep_newest(path.parent, max(1, most // FOLDERS))

    def put_parts(self, kind: str, name: str, parts: Iterable[bytes]) -> int:
        """Keep what comes in parts and is too large for memory, whole or not at all.

        Returns how many bytes that are; what the parts raise leaves nothing behind.
        """
        with whole_file(self._made(kind, name)) as file:
            for part in parts:
                file.write(part)
            return file.tell()

    def path_made(self, kind: str, name: str) -> Path:
        """Return where what was made lies, to be sent from there; raise `NotFoundError`."""
        path = self._made(kind, name)
        if not path.is_file():
            raise NotFoundError(f"object {kind}/{name}: not in {self.folder}")
        return path

    def made_before(self, kind: str, moment: datetime) -> Iterator[Path]:
        """Yield the files of a kind that nobody wrote to since, also what is left of halves."""
        for path in sorted((self.folder / kind).glob("*/*")):
            with suppress(FileNotFoundError):  # somebody else removed it meanwhile
                if path.stat().st_mtime < moment.timestamp():
                    yield path

    def drop_made(self, kind: str, name: str) -> None:
        """Forget what was made under a name; nothing happens where nothing is."""
        self._made(kind, name).unlink(missing_ok=True)

    def _made(self, kind: str, name: str) -> Path:
        if not NAME.fullmatch(kind) or not NAME.fullmatch(name):
            raise ValueError(f"not a name for what is made: {kind!a}/{name!a}")
        return self.folder / kind / name[:2] / name

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


def _keep_newest(folder: Path, most: int) -> None:
    """Remove the oldest files of a folder beyond a number; another process may do the same."""
    with os.scandir(folder) as entries:
        names = [entry.path for entry in entries if not entry.name.startswith(".")]
    if len(names) <= most:
        return
    ages = []
    for name in names:
        try:
            ages.append((Path(name).stat().st_mtime_ns, name))
        except FileNotFoundError:
            continue
    for _, name in sorted(ages)[: max(0, len(ages) - most)]:
        Path(name).unlink(missing_ok=True)


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that nobody ever sees half of it."""
    with whole_file(path, mode) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Give a file that gets its name when it is whole, and none if the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
