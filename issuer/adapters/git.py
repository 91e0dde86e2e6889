# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of one commit of a git repository: from the web or from a bare repository on this machine.

A repository of strangers is hostile: its pack, what the pack unpacks to, the number of its files
and the time that all takes are bounded before anything is unpacked; links are never made.
"""

from __future__ import annotations

import stat
import time
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

from dulwich.client import (
    HttpGitClient,
    HTTPProxyUnauthorized,
    HTTPUnauthorized,
    default_urllib3_manager,
)
from dulwich.errors import (
    ChecksumMismatch,
    GitProtocolError,
    HangupException,
    NotGitRepository,
    ObjectFormatException,
)
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from urllib3 import PoolManager, ProxyManager
from urllib3.exceptions import HTTPError

from issuer.adapters.packs import MAX_BYTES, MAX_OBJECTS, LimitError, check_pack
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID
    from urllib3.response import BaseHTTPResponse

MAX_FILES = 20_000
MAX_DEPTH = 20
READ_SECONDS = 30.0
TOTAL_SECONDS = 300.0
#: Objects of a history; what it unpacks to is bounded as that of files is.
MAX_HISTORY = 1_000_000
NO_FILES = b"tree:0"
FAILURES = (
    ChecksumMismatch,
    GitProtocolError,
    HangupException,
    NotGitRepository,
    ObjectFormatException,
    HTTPError,
    HTTPProxyUnauthorized,
    HTTPUnauthorized,
    LimitError,
    OSError,
    AssertionError,  # how dulwich refuses some damaged packs
    KeyError,
    ValueError,
    zlib.error,
)


def is_bare(path: Path) -> bool:
    """Whether a folder is a bare git repository."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def check_out(address: str, branch: str, folder: Path) -> list[str]:
    """Write the files of a branch below ``folder``; return what is left out: links.

    ``address`` is an http(s) URL or the path of a bare repository; an empty branch is the default
    one. Raises `InvalidInputError`.
    """
    ensure_plain(address)
    files = folder / "files"
    files.mkdir(parents=True)
    try:
        if "://" in address:
            repository, start = fetch(address, branch, folder / "git")
        else:
            repository = Repo(address)
            start = start_of(repository.get_refs(), branch, address)
        with repository:
            writing = _Writing(repository.object_store)
            writing.tree(_tree(repository.object_store, start), files, 0)
    except InvalidInputError:
        raise
    except FAILURES as error:
        raise InvalidInputError(f"{address}: cannot be read as git: {reason_of(error)}") from error
    return writing.left_out


def ensure_plain(address: str) -> None:
    """Raise `InvalidInputError` for an address of another kind, or with a user name in it."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InvalidInputError(f"{address}: no address of a repository: {error}") from error
    if "://" in address and parts.scheme not in {"http", "https"}:
        raise InvalidInputError(f"{address}: not a repository: give an http or https address")
    if not address.strip():
        raise InvalidInputError("git: no repository is named: give its address or its folder")
    if "@" in parts.netloc:
        raise InvalidInputError("git: the address holds a user name: give it without")


def reason_of(error: Exception) -> str:
    """Return in few words why a repository cannot be read."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def start_of(refs: Mapping[Ref, ObjectID], branch: str, address: str) -> ObjectID:
    """Return the newest commit of a branch; raise `InvalidInputError` where there is none."""
    name = f"refs/heads/{branch}".encode() if branch else b"HEAD"
    found = refs.get(Ref(name))
    if found is None:
        what = f"has no branch {branch!r}" if branch else "is empty or has no default branch"
        raise InvalidInputError(f"{address}: {what}: name one after #")
    return found


def fetch(
    address: str, branch: str, folder: Path, *, whole_history: bool = False
) -> tuple[Repo, ObjectID]:
    """Fetch the newest commit of a branch into a repository in ``folder``.

    With its ``whole_history`` come no files, where the server can leave them out.
    """
    folder.mkdir(parents=True)
    wanted: list[ObjectID] = []

    def choose(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
        wanted.append(start_of(refs, branch, address))
        return [wanted[0]]

    parts = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc}"
    repository = Repo.init_bare(folder)
    with ExitStack() as stack, (folder / "incoming.pack").open("w+b") as stream:
        stack.callback(repository.close)
        pool = cast(
            "_Closing",
            default_urllib3_manager(
                None, _Closing, _ClosingProxy, base_url=base, timeout=READ_SECONDS
            ),
        )
        stack.callback(pool.close)
        client = HttpGitClient(base, pool_manager=pool)
        walker = repository.get_graph_walker(heads=[])
        receive = _Receiving(stream, time.monotonic() + TOTAL_SECONDS)
        client.fetch_pack(
            parts.path,
            choose,
            walker,
            receive,
            depth=None if whole_history else 1,
            filter_spec=NO_FILES if whole_history else None,
        )
        _unpack(repository, stream, MAX_HISTORY if whole_history else MAX_OBJECTS)
        stack.pop_all()
        pool.close()
    return repository, wanted[0]


def _unpack(repository: Repo, stream: BinaryIO, most: int) -> None:
    stream.seek(0)
    check_pack(stream, most=most)
    stream.seek(0)
    store, commit, abort = repository.object_store.add_pack()
    try:
        while chunk := stream.read(1 << 16):
            store.write(chunk)
    except BaseException:
        abort()
        raise
    commit()


class _Closing(PoolManager):
    """Closes what it opened, also answers that nobody read to their end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._answers: list[BaseHTTPResponse] = []

    def urlopen(self, *arguments: Any, **options: Any) -> BaseHTTPResponse:
        answer = super().urlopen(*arguments, **options)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        for answer in self._answers:
            answer.close()
        self.clear()


class _ClosingProxy(_Closing, ProxyManager):
    """The same where the environment names a proxy."""


@dataclass(slots=True)
class _Receiving:
    """Takes a pack into a file, no more and no longer than is allowed."""

    stream: BinaryIO
    until: float
    size: int = 0

    def __call__(self, data: bytes) -> int:
        self.size += len(data)
        if self.size > MAX_BYTES:
            raise LimitError(f"it is larger than {MAX_BYTES >> 20} MiB")
        if time.monotonic() > self.until:
            raise LimitError(f"it takes longer than {TOTAL_SECONDS:g} seconds")
        return self.stream.write(data)


def _tree(store: BaseObjectStore, start: ObjectID) -> Tree:
    found = store[start]
    for _ in range(MAX_DEPTH):
        if isinstance(found, Tag):
            found = store[found.object[1]]
        elif isinstance(found, Commit):
            found = store[found.tree]
    if not isinstance(found, Tree):
        raise LimitError("the branch leads to no files")
    return found


@dataclass(slots=True)
class _Writing:
    """Writes trees into a folder: plain files alone, and not too many."""

    store: BaseObjectStore
    entries: int = 0
    size: int = 0
    left_out: list[str] = field(default_factory=list)

    def tree(self, tree: Tree, folder: Path, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise LimitError(f"its folders are nested deeper than {MAX_DEPTH}")
        for entry in tree.iteritems():
            self.entries += 1
            if self.entries > MAX_FILES:
                raise LimitError(f"it holds more than {MAX_FILES} files")
            self.entry(entry.mode, entry.sha, folder / _named(entry.path), depth)

    def entry(self, mode: int, identifier: ObjectID, path: Path, depth: int) -> None:
        if stat.S_ISLNK(mode):
            self.left_out.append(str(path))
        elif stat.S_ISREG(mode):
            self.file(self.store[identifier], path)
        elif stat.S_ISDIR(mode) and not path.name.startswith("."):
            below = self.store[identifier]
            if not isinstance(below, Tree):
                raise LimitError(f"{path.name!r} is no folder")
            path.mkdir()
            self.tree(below, path, depth + 1)

    def file(self, blob: object, path: Path) -> None:
        if not isinstance(blob, Blob):
            raise LimitError(f"{path.name!r} is no file")
        self.size += blob.raw_length()
        if self.size > MAX_BYTES:
            raise LimitError(f"its files are larger than {MAX_BYTES >> 20} MiB")
        with path.open("xb") as stream:
            stream.write(blob.data)


def _named(path: bytes) -> str:
    name = path.decode("utf-8", "replace")
    if name in {"", ".", ".."} or any(sign in name for sign in "/\\\0"):
        raise LimitError(f"a file has the name {name!r}")
    return name
