# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other lawful forms of the same badge: whatever is said must be judged alike in all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from openbadges.baking import bake
from openbadges.contexts import core_terms
from openbadges.errors import OpenBadgesError
from openbadges.jsonld.engine import expand
from openbadges.signing import sign
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.verification.changes import ASSERTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openbadges.keys import PrivateKey

    Documents = dict[str, dict[str, Any]]
    Source = str | bytes | dict[str, Any]

CORE = {examples.CONTEXT: {"@context": core_terms()}}
SIGNED = {"type": "SignedBadge", "creator": examples.KEY_ID}
# Keywords of JSON-LD, and what compares two forms itself, stay as they are.
_BARE = ("@", "id", "revokedAssertions")


def plain(documents: Documents) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the documents of version 2.0 that are had, by URL."""
    for url, answer in documents.items():
        document = answer.get("json")
        if isinstance(document, dict) and document.get("@context") == examples.CONTEXT:
            yield url, document


def _with(documents: Documents, changed: dict[str, Any]) -> Documents:
    return documents | {url: {**documents[url], "json": value} for url, value in changed.items()}


def arrays(documents: Documents) -> Documents | None:
    """Put every lone value into an array of one (A5)."""
    return _with(documents, {url: wrapped(document) for url, document in plain(documents)})


def wrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [wrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item
        if name.startswith(_BARE) or item is None
        else wrapped(item)
        if isinstance(item, list)
        else [wrapped(item)]
        for name, item in value.items()
    }


def expanded(documents: Documents) -> Documents | None:
    """Say everything in expanded JSON-LD, which has no context (A4)."""
    try:
        return _with(documents, {url: expand(value, CORE) for url, value in plain(documents)})
    except OpenBadgesError:
        # It is no sound JSON-LD, so it has no such form.
        return None


def embedded(documents: Documents) -> Documents | None:
    """Put the badge class into the assertion, and the issuer into the badge class (A11)."""
    changed: dict[str, Any] = {}
    for url, document in plain(documents):
        for name in ("issuer", "badge"):
            answer = documents.get(str(document.get(name)), {})
            if isinstance(answer.get("json"), dict) and answer.get("status", 200) == 200:
                changed[url] = {**changed.get(url, document), name: answer["json"]}
    return _with(documents, changed)


def _baked(picture: bytes) -> Callable[[dict[str, Any]], Source]:
    return lambda document: bake(picture, json.dumps(document))


SOURCES: dict[str, Callable[[dict[str, Any]], Source]] = {
    "object": lambda document: document,
    "text": json.dumps,
    "png": _baked(PNG),
    "svg": _baked(SVG),
}
DOCUMENTS: dict[str, Callable[[Documents], Documents | None]] = {
    "arrays": arrays,
    "expanded": expanded,
    "embedded": embedded,
}


def other_forms(documents: Documents, key: PrivateKey) -> Iterator[tuple[str, Source, Documents]]:
    """Yield the name of each other form, what is handed in, and the documents."""
    for name, change in DOCUMENTS.items():
        changed = change(documents)
        if changed is not None:
            yield name, ASSERTION, changed
    hosted = documents[ASSERTION].get("json")
    if not isinstance(hosted, dict) or not isinstance(hosted.get("id"), str):
        return
    for name, make in SOURCES.items():
        yield name, make(hosted), documents
    if hosted.get("verification") == {"type": "HostedBadge"}:
        payload = {**hosted, "verification": SIGNED}
        yield "signed", sign(payload, key), documents
        changed = embedded(_with(documents, {ASSERTION: payload})) or documents
        yield "signed-embedded", sign(changed[ASSERTION]["json"], key), changed
