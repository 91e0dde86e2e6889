# SPDX-License-Identifier: AGPL-3.0-or-later
"""Short ways to say what differs at an issuer, and to look one check up."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples

if TYPE_CHECKING:
    from openbadges.verification import Report

EVIL = "https://evil.example"
ASSERTION = examples.ASSERTION_ID
BADGE = examples.BADGE_ID
ISSUER = examples.ISSUER_ID
IMAGE = examples.IMAGE_ID
KEY = examples.KEY_ID
LIST = examples.LIST_ID
ENDORSER = "https://other.example.net"
OTHER_ISSUER = f"{ENDORSER}/issuer"
ENDORSEMENT = f"{ENDORSER}/endorsement"


def hosted(**changes: Any) -> dict[str, Any]:
    return {ASSERTION: {"json": examples.assertion(**changes)}}


def of_badge(**changes: Any) -> dict[str, Any]:
    return {BADGE: {"json": examples.badge(**changes)}}


def of_issuer(**changes: Any) -> dict[str, Any]:
    return {ISSUER: {"json": examples.issuer(**changes)}}


def policy(**members: Any) -> dict[str, Any]:
    return of_issuer(verification={"type": "VerificationObject"} | members)


def outcome(report: Report, check: str) -> tuple[Outcome, str]:
    found = next(item for item in report.checks if item.id == check)
    return found.outcome, found.message


def refused(report: Report, check: str, words: str) -> None:
    """See that a badge is invalid for what one check says."""
    assert report.verdict is Verdict.INVALID, report.sentence
    found, message = outcome(report, check)
    assert found is Outcome.FAILED, message
    assert words in message, message


def encode(data: bytes) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
