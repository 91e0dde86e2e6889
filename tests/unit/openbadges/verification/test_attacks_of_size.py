# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that are large, deep or endless (V15): a verdict costs little time and memory."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from openbadges.baking import bake
from openbadges.fetching import DocumentFetcher, Response
from openbadges.serialization import MAX_BYTES
from openbadges.verification import STEPS, Verdict, verify
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    ISSUER,
    hosted,
    of_badge,
)
from tests.unit.openbadges.verification.site import NOW, Site, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

SECONDS = 2.0
MEGABYTE = 1024 * 1024


class Endless:
    """Answers every request with the same bytes."""

    def __init__(self, body: bytes, content_type: str = "application/ld+json") -> None:
        self.answer = body, content_type

    def fetch(self, url: str, *, accept: str = "") -> Response:
        body, content_type = self.answer
        return Response(status=200, final_url=url, body=body, content_type=content_type)


DEEP = 1000
HOSTILE: dict[str, Callable[[], bytes]] = {
    "deep-arrays": lambda: b'{"@context":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep-objects": lambda: b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep-without-end": lambda: b"[" * 1_000_000,
    "50-megabytes": lambda: b'{"a":"' + b"x" * 50 * MEGABYTE + b'"}',
    "50-megabytes-of-members": lambda: b"{" + b'"a":1,' * (50 * MEGABYTE // 6) + b'"b":1}',
    "compressed-bomb": lambda: gzip.compress(bytes(50 * MEGABYTE)),
    "long-number": lambda: b'{"@context":1' + b"0" * 900_000 + b"}",
    "large-exponent": lambda: b'{"@context":1e999999999}',
    "nan": lambda: b'{"@context":NaN}',
    "many-members": lambda: json.dumps({f"m{n}": n for n in range(60_000)}).encode(),
    "many-contexts": lambda: json.dumps(
        examples.assertion(**{"@context": [examples.CONTEXT, *({"a": "b:c"} for _ in range(5000))]})
    ).encode(),
    "many-endorsements": lambda: json.dumps(
        examples.assertion(endorsement=[f"{EVIL}/{n}" for n in range(20_000)])
    ).encode(),
    "many-evidences": lambda: json.dumps(
        examples.assertion(evidence=[{"narrative": "x"}] * 20_000)
    ).encode(),
    "deep-but-lawful": lambda: json.dumps(
        examples.assertion(badge=json.loads(b'{"issuer":' * 60 + b"1" + b"}" * 60))
    ).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["source", "answer", "everywhere"])
def test_v15_whatever_is_sent_costs_little(site: Site, name: str, place: str) -> None:
    body = HOSTILE[name]()
    if place == "answer":
        site.documents[ASSERTION] = recorded(body)
        source: str | bytes = ASSERTION
    else:
        source = body if place == "source" else ASSERTION
    fetcher = Endless(body) if place == "everywhere" else DocumentFetcher(site.documents)
    started = time.process_time()
    report = verify(source, fetcher=fetcher, now=NOW)
    assert time.process_time() - started < SECONDS
    tracemalloc.start()
    try:
        assert verify(source, fetcher=fetcher, now=NOW) == report
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # What is handed in only says where to look; there the true badge lies.
    assert not report.valid or place == "source" or name == "many-evidences"
    assert len(report.checks) == len(STEPS)
    # The simulated network holds each body twice, which is not the verifier's doing.
    assert peak < 5 * len(body) + 60 * MEGABYTE
    assert len(json.dumps(report.to_dict())) < 8 * MAX_BYTES


def test_v15_documents_that_name_each_other(site: Site) -> None:
    site.documents |= hosted(badge=ASSERTION)
    assert site.verify(ASSERTION).verdict is Verdict.INVALID
    site.documents |= hosted(badge=BADGE) | of_badge(issuer=BADGE)
    assert site.verify(ASSERTION).verdict is Verdict.INVALID
    site.documents |= of_badge(endorsement=f"{EVIL}/e") | {
        f"{EVIL}/e": {"json": examples.endorsement(f"{EVIL}/e", ISSUER, endorsement=f"{EVIL}/e")}
    }
    assert site.verify(ASSERTION).verdict is Verdict.INVALID


def test_v15_too_large_is_said_so(site: Site) -> None:
    report = site.verify(b'{"a":"' + b"x" * MAX_BYTES + b'"}')
    assert "larger than 1048576 bytes" in report.sentence
    picture = bake(PNG, ASSERTION) + bytes(31 * MEGABYTE)
    assert "larger than" in site.verify(picture).sentence
