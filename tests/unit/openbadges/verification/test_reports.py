# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from openbadges.errors import MalformedError, VerificationError
from openbadges.fetching import DocumentFetcher
from openbadges.signing import sign
from openbadges.verification import Verdict, verify
from openbadges.verification.cases import Case
from openbadges.verification.documents import Documents
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.site import NOW, Site

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey


def test_a_report_is_plain_json(site: Site, key: PrivateKey) -> None:
    document = site.verify(sign(examples.signed_assertion(), key)).to_dict()
    assert json.loads(json.dumps(document)) == document
    assert document["valid"] is True
    assert document["verdict"] == "valid"
    assert document["verified_at"] == "2026-11-21T12:00:00Z"
    assert document["key"] == {"id": examples.KEY_ID, "algorithm": "RS256"}
    assert document["checks"][0] == {
        "number": 1,
        "id": "input",
        "outcome": "passed",
        "message": "this is JWS",
        "clause": "Open Badges 2.0, Baking; RFC 7515; RFC 8259",
    }
    assert document["documents"][0].keys() == {
        "url",
        "final_url",
        "status",
        "content_type",
        "sha256",
        "error",
    }


def test_a_report_of_nothing_is_plain_json_too(site: Site) -> None:
    document = site.verify("nonsense").to_dict()
    assert json.loads(json.dumps(document)) == document
    assert document["valid"] is False
    assert document["key"] is None
    assert document["assertion"] is None


def test_a_badge_that_does_not_hold_raises_on_demand(site: Site) -> None:
    report = site.verify("nonsense")
    with pytest.raises(VerificationError, match="This is not a badge"):
        report.raise_for_status()


def test_the_moment_must_carry_a_zone() -> None:
    with pytest.raises(MalformedError, match="carries no zone"):
        verify("x", fetcher=DocumentFetcher({}), now=datetime(2026, 1, 1))  # noqa: DTZ001 -- the case


def test_the_same_documents_give_the_same_report(site: Site) -> None:
    first, second = (site.verify(examples.ASSERTION_ID).to_dict() for _ in range(2))
    assert first == second


@pytest.mark.requirement("N12")
def test_a_step_without_what_it_needs_fails_and_never_passes() -> None:
    documents = Documents(DocumentFetcher({}))
    case = Case(
        source="x",
        now=NOW.astimezone(UTC),
        recipients=(),
        documents=documents,
        judge=lambda _case: (Verdict.VALID, ""),
    )
    for name in ("assertion", "badge", "issuer"):
        with pytest.raises(VerificationError, match="has not been read"):
            getattr(case, name)
