# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where collections come from: folders of this machine and git repositories."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.adapters import git
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.loader import Loaded, Problem


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or file of rules as it is here now, and the name under which rules remember it."""

    path: Path
    name: str
    left_out: tuple[str, ...] = ()
    fetched: bool = False

    @property
    def root(self) -> str:
        """What the names of all its files begin with."""
        return f"{self.name}/"

    def holds(self, file: Path) -> bool:
        """Whether a file belongs to it."""
        return file.is_relative_to(self.path)


@contextmanager
def opened(addresses: Sequence[str]) -> Iterator[list[Source]]:
    """Give the sources of addresses; what is fetched is gone after the block.

    Raises `InvalidInputError` for an address that leads to nothing.
    """
    with tempfile.TemporaryDirectory(prefix="accolades-git-") as folder:
        yield [_opened(text, Path(folder) / str(place)) for place, text in enumerate(addresses)]


def _opened(text: str, folder: Path) -> Source:
    address, _, branch = text.partition("#")
    if not address.strip():  # of a variable that is not set; not the folder where we stand
        raise InvalidInputError(f"{text!r}: names no file, folder or repository")
    if "://" not in text:
        if Path(text).exists() and not git.is_bare(Path(text)):
            return Source(Path(text), str(Path(text).resolve()))
        if not git.is_bare(Path(address)):
            raise InvalidInputError(f"{text}: no such file, folder or bare git repository")
    left_out = tuple(git.check_out(address, branch, folder))
    name = text if "://" in text else f"{Path(address).resolve()}#{branch}"
    below = folder / "files"
    # A repository may hold more than rules; then they are in a folder of that name.
    return Source(
        below / "rules" if (below / "rules").is_dir() else below, name, left_out, fetched=True
    )


def lasting_name(sources: Sequence[Source], file: str) -> str:
    """Return the name of a file that rules remember."""
    for source in sources:
        if source.holds(Path(file)) and Path(file) != source.path:
            return source.root + Path(file).relative_to(source.path).as_posix()
    return file


def told(sources: Sequence[Source], problem: Problem) -> str:
    """Return a problem for people: a file that was fetched by the name that lasts."""
    for source in sources:
        if source.fetched and source.holds(problem.path):
            return str(problem).replace(str(source.path), source.name, 1)
    return str(problem)


def whole(sources: Sequence[Source], loaded: Loaded) -> list[Source]:
    """Return the sources that were read without any trouble: what is not there is truly gone.

    A source with a broken file may hold the rule that is missed, and one without any rule may be a
    folder that is not mounted.
    """
    return [
        source
        for source in sources
        if not any(source.holds(problem.path) for problem in loaded.problems)
        and any(source.holds(Path(rule.source)) for rule in loaded.rules)
    ]
