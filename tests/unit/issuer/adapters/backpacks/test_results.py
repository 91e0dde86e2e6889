# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from issuer.adapters.backpacks.results import Outcome, Reason, refusal

MIXED = [
    "VERIFY_RECIPIENT_IDENTIFIER",
    "The recipient does not match",
    "VERIFY_RECIPIENT_IDENTIFIER",
    "False",
]


@pytest.mark.parametrize(
    ("body", "reason", "answer"),
    [
        ({"validationErrors": MIXED}, Reason.RECIPIENT, "The recipient does not match"),
        ([{"name": "ASSERTION_REVOKED", "description": "Revoked."}], Reason.REVOKED, "Revoked."),
        ({"status": {"error": ["x expired on 2026-01-01"]}}, Reason.EXPIRED, None),
        ({"status": {"statusText": "RECIPIENT_PROFILE_MISMATCH"}}, Reason.RECIPIENT, None),
        ([{"name": "FETCH_HTTP_NODE", "description": "Unable to reach URL"}], Reason.FETCH, None),
        ([{"name": "VERIFY_SIGNATURE", "description": "no"}], Reason.SIGNATURE, "no"),
        ({"a": ["HOSTED_ID_IN_VERIFICATION_SCOPE"]}, Reason.SCOPE, None),
        ({"imsx_description": "no thanks"}, Reason.OTHER, "no thanks"),
        (None, Reason.OTHER, ""),
        ("\x1b[2J\u202eevil", Reason.OTHER, "[2J evil"),
        ([["x" * 1000]] * 500, Reason.OTHER, "x" * 400),
    ],
)
def test_each_refusal_has_its_reason(body: Any, reason: Reason, answer: str | None) -> None:
    found = refusal(body)
    assert (found.outcome, found.reason) == (Outcome.REFUSED, reason)
    assert answer is None or found.answer == answer


@pytest.mark.parametrize(
    "body",
    [
        {"validationErrors": ["DUPLICATE_BADGE", "You already have this badge in your backpack"]},
        [{"name": "DUPLICATE_BADGE", "description": "You already have this badge"}],
    ],
)
def test_a_badge_that_is_there_is_no_refusal(body: Any) -> None:
    assert refusal(body).outcome is Outcome.ALREADY_THERE
