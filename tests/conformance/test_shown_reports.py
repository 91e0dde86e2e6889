# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever a case holds, its report can be shown: on a page, on a terminal, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import pytest

from issuer.cli.verdicts import lines
from issuer.services.findings import findings_of
from issuer.web.showing import picture_of, raw_documents
from tests.conformance.test_verifier_cases import run
from tests.shared import shared_path

if TYPE_CHECKING:
    from openbadges.verification import Report


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    paths = sorted(shared_path("data/verifier-cases").glob("*.json"))
    cases: list[dict[str, Any]] = [json.loads(path.read_text("utf-8")) for path in paths]
    return {case["name"]: run(case) for case in cases}


def test_every_report_can_be_shown(reports: dict[str, Report]) -> None:
    assert len(reports) > 170
    for name, report in reports.items():
        found = findings_of(report)
        assert len(found.done) + len(found.skipped) == len(report.checks), name
        assert (found.tone in {"good", "note"}) is report.valid, name
        assert found.tone != "good" or found.is_award or report.subject == "Endorsement", name
        shown = [click.unstyle(line) for line in lines(report, 80)]
        assert all(line.isprintable() for line in shown), name
        for _, _, text in raw_documents(report):
            assert text.replace("\n", "").isprintable(), name
        picture_of(report, {})


def test_most_valid_ones_say_all_that_matters(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        if report.valid and report.assertion is not None:
            labels = {fact.label for fact in findings_of(report).facts}
            assert {"Badge", "Issuer", "Awarded", "Recipient", "Checked"} <= labels, name
