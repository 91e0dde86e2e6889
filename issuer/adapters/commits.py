# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who wrote the commits of a git repository: its history without its files.

A server that can leave files out is asked to; what it sends is bounded, in size and in time.
"""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from dulwich.errors import ObjectFormatException
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Commit, ObjectID, Tag
from dulwich.repo import Repo

from issuer.adapters import git
from issuer.adapters.packs import LimitError
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Container

    from dulwich.object_store import BaseObjectStore

MAX_COMMITS = 500_000
MAX_COMMIT_BYTES = 1 << 20
ADDRESS = re.compile(rb"<\s*([^<>\s]{1,254}@[^<>\s@]{1,253})\s*>")


def read_authors(address: str, branch: str, folder: Path) -> list[str]:
    """Return the addresses, in small letters, of all authors in the history of a branch.

    ``address`` and ``branch`` are those of `git.check_out`. Raises `InvalidInputError`.
    """
    git.ensure_plain(address)
    try:
        if "://" in address:
            repository, start = git.fetch(address, branch, folder / "git", whole_history=True)
        else:
            repository = Repo(address)
            start = git.start_of(repository.get_refs(), branch, address)
        with repository:
            return sorted(_authors(repository.object_store, start, repository.get_shallow()))
    except InvalidInputError:
        raise
    except git.FAILURES as error:
        reason = git.reason_of(error)
        raise InvalidInputError(f"{address}: cannot be read as git: {reason}") from error


def _authors(store: BaseObjectStore, start: ObjectID, last: Container[ObjectID]) -> set[str]:
    """Return the addresses of all authors; behind the commits in ``last`` there is nothing here."""
    found: set[str] = set()
    seen, left = {start}, [start]
    while left:
        if len(seen) > MAX_COMMITS:
            raise LimitError(f"its history has more than {MAX_COMMITS} commits")
        name = left.pop()
        kind, text = _raw(store, name)
        if kind not in (Commit.type_num, Tag.type_num):
            raise LimitError("its history holds what is no commit")
        # Read by hand: old tools wrote commits without an author, or with times that are none.
        later = []
        for line in text.partition(b"\n\n")[0].split(b"\n"):
            member, _, value = line.partition(b" ")
            if member == b"author" and (match := ADDRESS.search(value)):
                found.add(match[1].decode("utf-8", "replace").lower())
            elif member in (b"parent", b"object"):
                later.append(ObjectID(value))
        if name in last:
            later = []
        new = [each for each in dict.fromkeys(later) if each not in seen]
        seen.update(new)
        left += new
    return found


def _raw(store: BaseObjectStore, name: ObjectID) -> tuple[int, bytes]:
    """Return the kind and the text of an object, also where dulwich finds it odd."""
    try:
        return store.get_raw(name)
    except ObjectFormatException:
        # One in a file of its own is read to its last member before it is given out.
        if not isinstance(store, DiskObjectStore):
            raise
        path = Path(os.fsdecode(store.path), name[:2].decode(), name[2:].decode())
        text = zlib.decompressobj().decompress(path.read_bytes(), MAX_COMMIT_BYTES)
        head, _, body = text.partition(b"\0")
        return Commit.type_num if head.startswith(b"commit ") else Tag.type_num, body
