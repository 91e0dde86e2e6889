# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a credential says, in the one form that is signed: canonical N-Quads (RDFC-1.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openbadges.errors import MalformedError
from openbadges.jsonld import engine
from openbadges.jsonld.loading import as_list, check_size
from openbadges.ob3.contexts import known_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def canonical(
    document: dict[str, Any], context: Callable[[str], dict[str, Any]] = known_context
) -> bytes:
    """Return the canonical form of a document; ``context`` returns what a context says.

    Raises `MalformedError`: a member has no meaning in the contexts and would not be covered by a
    signature, or it is no sound JSON-LD. Raises `UnsupportedError`: a context is not built in, or
    the document is larger, or more alike in its parts, than can be put in order in time.
    """
    check_size([document])
    contexts = {url: context(url) for url in _references(document)}
    return engine.quads(document, contexts).encode()


def _references(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "@context":
                yield from _urls(item)
            else:
                yield from _references(item)


def _urls(value: object) -> Iterator[str]:
    for item in as_list(value):
        if not isinstance(item, str):
            # Words of somebody's own could give those of the standard another meaning.
            raise MalformedError("@context must name contexts by their URLs")
        yield item
