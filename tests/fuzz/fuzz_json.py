# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any bytes as JSON: handed to the verifier, or found where a document of the badge should be."""

from __future__ import annotations

from contextlib import suppress

from openbadges.errors import MalformedError
from openbadges.serialization import dumps, loads, loads_object
from tests.fuzz.world import documents, judge, signed_assertion
from tests.unit.openbadges import examples

NAMES = [*(examples.assertion() | examples.badge() | examples.issuer())]
WORDS = (
    *(f'"{name}":'.encode() for name in NAMES),
    *(b'"@id"', b'"@type"', b'"@graph"', b'"@value"', b'"@set"', b'"@reverse"', b'"Extension"'),
    *(b'"HostedBadge"', b'"Assertion"', b'"https://w3id.org/openbadges/v1"', b"null", b"1e999"),
    *(b"NaN", b"\\ud800", b"\\u0000", b"[[[[[[[[", b"]]]]]]]]", b"urn:uuid:", b"data:image/png,"),
)


def seeds() -> list[bytes]:
    """Return documents to begin with."""
    plain = [documents()[url]["json"] for url in documents() if "json" in documents()[url]]
    endorsed = examples.badge(endorsement=[{"id": "https://a.example"}], related={"id": "urn:a"})
    old = {"recipient": "a@example.org", "badge": {"version": "0.5.0", "name": "a"}}
    return [dumps(document) for document in (*plain, signed_assertion(), endorsed, old)]


def check(data: bytes) -> None:
    """Check what must hold for the bytes as a source, and as one of the issuer's documents."""
    text = data.decode("utf-8", "replace")
    for source in (data, text):
        judge(source)
        with suppress(MalformedError):
            assert loads(dumps(loads_object(source))) == loads(source)
    # Which one, the bytes say themselves: to try all of them takes too long.
    url = list(documents())[len(data) % len(documents())]
    judge(examples.ASSERTION_ID, {url: {"text": text}})
