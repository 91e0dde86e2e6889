# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gathers the contexts of a document before it is processed: well-known ones are built in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from openbadges.contexts import well_known
from openbadges.errors import MalformedError, UnsupportedError
from openbadges.models.kinds import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # Fetches the JSON object at a URL; raises our errors.
    Load = Callable[[str], dict[str, Any]]

MAX_REMOTE: Final = 5
MAX_CONTEXTS: Final = 50
MAX_MEMBERS: Final = 1000
MAX_VALUES: Final = 10_000
# A context for some terms or types alone is processed again at every place where they stand.
_UNBOUNDED = frozenset({"@context", "@import"})


def gather(document: object, load: Load) -> dict[str, Any]:
    """Return every context that a document refers to, by URL; unknown ones come from `load`.

    Raises `MalformedError`: a reference is no URL, or no context is there. Raises
    `UnsupportedError`: there are too many contexts, or they are too large. Raises what `load`
    raises.
    """
    found: dict[str, Any] = {}
    waiting = list(_references(document))
    remote = 0
    while waiting:
        url = waiting.pop()
        if url in found:
            continue
        known = well_known(url)
        if known is None:
            remote += 1
            if remote > MAX_REMOTE:
                raise UnsupportedError(f"the document needs more than {MAX_REMOTE} other contexts")
            known = _fetched(url, load)
            waiting.extend(_references(known))
        found[url] = known
    check_size([document, *(found[url] for url in found if well_known(url) is None)])
    return found


def as_list(value: object) -> list[Any]:
    """Return the values of a member that may hold one, several, or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _fetched(url: str, load: Load) -> dict[str, Any]:
    if not is_url(url):
        raise MalformedError(f"@context {url[:80]!r} is no http or https URL")
    document = load(url)
    if "@context" not in document:
        raise MalformedError(f"{url} is named as a context and holds none")
    return document


def _references(value: object) -> Iterator[str]:
    """Walk a document and yield the context URLs that it names anywhere."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "@context":
                yield from (each for each in as_list(item) if isinstance(each, str))
            yield from _references(item)


@dataclass(slots=True)
class _Work:
    """What would keep the processor busy: it reads every value, and copies every context."""

    values: int = 0
    contexts: int = 0
    members: int = 0

    def add(self, value: object, *, inside: bool = False) -> None:
        self.values += 1
        if isinstance(value, list):
            for item in value:
                self.add(item, inside=inside)
        elif isinstance(value, dict):
            if inside and _UNBOUNDED & value.keys():
                raise UnsupportedError("a context holds or imports another, which is not read here")
            self.members += len(value) if inside else 0
            for name, item in value.items():
                self.contexts += len(as_list(item)) if name == "@context" else 0
                self.add(item, inside=inside or name == "@context")

    def check(self) -> None:
        excess = {
            "values": self.values > MAX_VALUES,
            "contexts": self.contexts > MAX_CONTEXTS,
            "terms in its contexts": self.members > MAX_MEMBERS,
        }
        for what, exceeded in excess.items():
            if exceeded:
                raise UnsupportedError(f"the document has too many {what} to be read as JSON-LD")


def check_size(values: list[object]) -> None:
    """Raise `UnsupportedError` where documents and contexts are more than can be read in time."""
    work = _Work()
    for value in values:
        work.add(value)
    work.check()
