# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifying badges: numbered checks, every one of them reported."""

from __future__ import annotations

from openbadges.verification.report_schema import report_schema
from openbadges.verification.reports import Check, FetchedDocument, Outcome, Report, Verdict
from openbadges.verification.verifier import STEPS, verify

__all__ = [
    "STEPS",
    "Check",
    "FetchedDocument",
    "Outcome",
    "Report",
    "Verdict",
    "report_schema",
    "verify",
]
