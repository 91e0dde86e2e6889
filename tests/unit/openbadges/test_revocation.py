# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from openbadges.errors import MalformedError
from openbadges.revocation import revocation_stub


@pytest.mark.requirement("N4")
def test_a_stub_holds_five_members_and_nothing_else() -> None:
    assert revocation_stub("https://badges.example.org/assertions/1", "Given by mistake") == {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": "https://badges.example.org/assertions/1",
        "revoked": True,
        "revocationReason": "Given by mistake",
    }


def test_a_stub_needs_an_id() -> None:
    with pytest.raises(MalformedError, match=r"Assertion\.id"):
        revocation_stub("1", "Given by mistake")
