# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who wrote the commits of a git repository: its history without its files.

A server that can leave files out is asked to; what it sends is bounded, in size and in time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dulwich.objects import Commit, Tag
from dulwich.repo import Repo

from issuer.adapters import git
from issuer.adapters.packs import LimitError
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID

MAX_COMMITS = 500_000
ADDRESS = re.compile(rb"<([^<>\s]{1,254}@[^<>\s@]{1,253})>")


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
            return sorted(_authors(repository.object_store, start))
    except InvalidInputError:
        raise
    except git.FAILURES as error:
        reason = git.reason_of(error)
        raise InvalidInputError(f"{address}: cannot be read as git: {reason}") from error


def _authors(store: BaseObjectStore, start: ObjectID) -> set[str]:
    found: set[str] = set()
    seen, left = {start}, [start]
    while left:
        if len(seen) > MAX_COMMITS:
            raise LimitError(f"its history has more than {MAX_COMMITS} commits")
        commit = store[left.pop()]
        if isinstance(commit, Tag):
            later = [commit.object[1]]
        elif isinstance(commit, Commit):
            if match := ADDRESS.search(commit.author):
                found.add(match[1].decode("utf-8", "replace").lower())
            later = commit.parents
        else:
            raise LimitError("its history holds what is no commit")
        new = [each for each in later if each not in seen]
        seen.update(new)
        left += new
    return found
