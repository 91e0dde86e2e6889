# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is signed is what the processor itself makes of a document, however it is remembered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pyld import jsonld

from openbadges.errors import MalformedError
from openbadges.identity import email_identity
from openbadges.ob3 import credentials, statuses
from openbadges.ob3.canonical import canonical
from openbadges.ob3.contexts import known_context

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def by_the_processor(document: dict[str, Any]) -> bytes:
    """Return the canonical form without anything of ours between."""

    def load(url: str, _options: object) -> dict[str, Any]:
        return {"documentUrl": url, "contextUrl": None, "document": known_context(url)}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    text: str = jsonld.normalize(document, options)
    return text.encode()


def made(number: int, **changes: Any) -> dict[str, Any]:
    achievement = credentials.Achievement(
        id=f"https://b.example.org/badges/{number}",
        name="Erste Schritte \U0001f3c5 שלום",
        description='line\nbreak "quoted" \\',
        criteria_id="https://b.example.org/badges/x",
        criteria_narrative="# *Much* " * number,
        tags=tuple(f"tag {each}" for each in range(number)),
        alignments=({"targetName": "T", "targetUrl": "https://example.org/t?q=1#x"},) * number,
    )
    return credentials.open_badge(
        f"https://b.example.org/assertions/{number}/ob3",
        credentials.Issuer(id="did:web:b.example.org", name="B", url="https://b.example.org"),
        achievement,
        email_identity("asha@example.org", "salt"),
        subject_id=f"urn:uuid:{number:032x}",
        valid_from=NOW,
        evidence=[{"id": "https://e.example.org/1", "narrative": "Yes"}] * number,
        narrative="why",
        status=statuses.entry("https://b.example.org/status/1", number),
        **changes,
    )


DOCUMENTS = {
    "small": made(0),
    "large": made(4, valid_until=NOW, image="https://b.example.org/i"),
    "list": statuses.status_credential(
        "https://b.example.org/status/1",
        "did:web:b.example.org",
        statuses.encode(statuses.MIN_SIZE, [1]),
        valid_from=NOW,
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_has_the_form_that_the_processor_gives_it(name: str) -> None:
    wanted = by_the_processor(DOCUMENTS[name])
    assert canonical(DOCUMENTS[name]) == wanted
    # What was remembered of others, and of this one, changes nothing.
    for other in DOCUMENTS.values():
        canonical(other)
    assert canonical(DOCUMENTS[name]) == wanted


def test_a_document_that_is_refused_leaves_nothing_behind() -> None:
    for changes in ({"unknown": 1}, {"@context": [{"name": "urn:x"}]}, {"issuer": {"x": 1}}):
        with pytest.raises(MalformedError):
            canonical({**made(0), **changes})
    assert canonical(made(0)) == by_the_processor(made(0))
