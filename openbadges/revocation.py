# SPDX-License-Identifier: AGPL-3.0-or-later
"""Withdrawing badges: what a hosted assertion's URL answers once it is revoked."""

from __future__ import annotations

from typing import Any

from openbadges.models.kinds import IRI, TEXT
from openbadges.vocabulary import ASSERTION, CONTEXT, ENDORSEMENT


def revocation_stub(assertion_id: str, reason: str) -> dict[str, Any]:
    """Return the document to answer with status 410 (Open Badges 2.0, hosted verification, 6).

    It holds these five members and nothing else: with a complete body the reference validator and
    Badgr take a revoked badge for a valid one.

    Raises `MalformedError`: the id is none, or the reason is no text.
    """
    return {
        "@context": CONTEXT,
        "type": ASSERTION,
        "id": IRI.read(assertion_id, "Assertion.id"),
        "revoked": True,
        "revocationReason": TEXT.read(reason, "Assertion.revocationReason"),
    }


def endorsement_stub(endorsement_id: str, issuer: str, reason: str) -> dict[str, Any]:
    """Return the document to answer with status 410 once an endorsement is revoked.

    Raises `MalformedError`: an id is none, or the reason is no text.
    """
    return {
        "@context": CONTEXT,
        "type": ENDORSEMENT,
        "id": IRI.read(endorsement_id, "Endorsement.id"),
        "issuer": IRI.read(issuer, "Endorsement.issuer"),
        "revoked": True,
        "revocationReason": TEXT.read(reason, "Endorsement.revocationReason"),
    }
