# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shared corpus of verifier cases: what must be valid, and what must never be."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from openbadges.fetching import DocumentFetcher
from openbadges.verification import Report, report_schema, verify
from tests.shared import shared_path

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WELL_KNOWN = ("https://w3id.org/", "http://w3id.org/", "https://openbadgespec.org/")


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


@pytest.mark.parametrize("expected", ["valid", "invalid"])
def test_every_case_ends_as_expected(
    results: dict[str, tuple[str, Report]],
    expected: str,
    record_property: Callable[[str, object], None],
) -> None:
    cases = {name: report for name, (wanted, report) in results.items() if wanted == expected}
    wrong = {
        name: report.sentence
        for name, report in cases.items()
        if report.valid is not (expected == "valid")
    }
    assert len(cases) > 60
    assert wrong == {}
    record_property(expected, len(cases))


@pytest.mark.requirement("K4")
def test_nothing_that_is_well_known_is_fetched(results: dict[str, tuple[str, Report]]) -> None:
    asked = {document.url for _, report in results.values() for document in report.documents}
    assert not [url for url in asked if url.startswith(WELL_KNOWN)]


def test_every_case_is_reported_in_full(results: dict[str, tuple[str, Report]]) -> None:
    for _, report in results.values():
        assert [check.number for check in report.checks] == list(range(1, len(report.checks) + 1))
        assert all(check.message for check in report.checks)
        assert json.loads(json.dumps(report.to_dict()))["valid"] is report.valid


def test_every_report_fits_its_schema(results: dict[str, tuple[str, Report]]) -> None:
    validator = Draft202012Validator(report_schema())
    faults = {
        name: [error.message for error in validator.iter_errors(report.to_dict())]
        for name, (_, report) in results.items()
    }
    assert {name: found for name, found in faults.items() if found} == {}
