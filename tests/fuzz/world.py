# SPDX-License-Identifier: AGPL-3.0-or-later
"""One issuer for all targets, and what the verifier has to do with anything it is given."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openbadges.fetching import DocumentFetcher
from openbadges.keys import generate_ed25519
from openbadges.signing import sign
from openbadges.verification import STEPS, verify
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.site import recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openbadges.keys import PrivateKey
    from openbadges.verification import Report

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@functools.cache
def key() -> PrivateKey:
    """Return the issuer's key: Ed25519, because it is made and used in no time."""
    return generate_ed25519(examples.KEY_ID)


@functools.cache
def documents() -> dict[str, dict[str, Any]]:
    """Return everything that the issuer publishes."""
    return {
        examples.ISSUER_ID: {"json": examples.issuer()},
        examples.BADGE_ID: {"json": examples.badge()},
        examples.ASSERTION_ID: {"json": examples.assertion()},
        examples.KEY_ID: {"json": examples.key_document(key().public.to_pem())},
        examples.LIST_ID: {"json": examples.revocation_list("urn:a", {"id": "urn:b"})},
        examples.IMAGE_ID: recorded(PNG),
    }


def signed_assertion() -> dict[str, Any]:
    """Return the assertion that the issuer signs."""
    return examples.assertion(verification={"type": "SignedBadge", "creator": examples.KEY_ID})


@functools.cache
def token() -> str:
    """Return a signed badge that holds."""
    return sign(signed_assertion(), key())


def judge(
    source: str | bytes | dict[str, Any],
    changed: dict[str, dict[str, Any]] | None = None,
    recipients: Sequence[str] = ("email:a@example.org",),
) -> Report:
    """Return the report on anything: verifying it raises nothing, and leaves no check out."""
    fetcher = DocumentFetcher(documents() | (changed or {}))
    report = verify(source, fetcher=fetcher, now=NOW, recipients=recipients)
    assert [check.id for check in report.checks] == [step.id for step in STEPS]
    assert json.dumps(report.to_dict(), allow_nan=False)
    return report
