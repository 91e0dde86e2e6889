# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shared corpus of verifier cases: what must never be valid, and what we do not read yet."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.fetching import DocumentFetcher
from openbadges.verification import Report, verify
from tests.shared import shared_path

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

# Valid badges that this version does not call valid, and why. The set may only shrink.
NOT_READ_YET = {
    # Extensions need JSON-LD processing.
    "extension-applylink",
    "extension-example",
    "extension-license",
    "extension-not-declared",
    "extension-own",
    # Versions 0.5 to 1.1 need an upgrade to 2.0.
    "v05-hashed",
    "v10-extra-property",
    "v10-hosted",
    "v10-json-input",
    "v10-typical",
    "v11-date-issuedon",
    "v11-issuer-redirect",
    "v11-signed",
    # Sound documents, and not the award of a badge.
    "endorsement-input",
    "input-issuer-profile",
}


def run(case: dict[str, Any]) -> Report:
    entry = case["entry"]
    image = entry["kind"] == "image"
    source = base64.b64decode(entry["base64"]) if image else entry["value"]
    recipients = [
        f"{kind}:{value}"
        for kind, values in (case["profile"] or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]
    fetcher = DocumentFetcher(case["documents"])
    return verify(source, fetcher=fetcher, now=NOW, recipients=recipients)


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[str, Report]]:
    paths = sorted(shared_path("data/verifier-cases").glob("*.json"))
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return {case["name"]: (case["expected"], run(case)) for case in cases}


def test_nothing_that_is_expected_to_be_invalid_is_valid(
    results: dict[str, tuple[str, Report]],
) -> None:
    wrong = {
        name: report.sentence
        for name, (expected, report) in results.items()
        if report.valid and expected != "valid"
    }
    assert wrong == {}


def test_only_the_cases_named_here_are_not_read_yet(
    results: dict[str, tuple[str, Report]], record_property: Callable[[str, object], None]
) -> None:
    refused = {
        name for name, (expected, report) in results.items() if expected == "valid" and not report
    }
    assert refused == NOT_READ_YET & results.keys()
    record_property("agreeing", f"{len(results) - len(refused)} of {len(results)}")


def test_what_is_not_read_yet_is_never_called_invalid(
    results: dict[str, tuple[str, Report]],
) -> None:
    verdicts = {results[name][1].verdict.value for name in NOT_READ_YET & results.keys()}
    assert verdicts <= {"unverifiable", "not a badge"}
