# SPDX-License-Identifier: AGPL-3.0-or-later
"""Short ways to say what differs at an issuer, and to look one check up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.openbadges import examples

if TYPE_CHECKING:
    from openbadges.verification import Outcome, Report

EVIL = "https://evil.example"
ASSERTION = examples.ASSERTION_ID
BADGE = examples.BADGE_ID
ISSUER = examples.ISSUER_ID
IMAGE = examples.IMAGE_ID
ENDORSER = "https://other.example.net"
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
