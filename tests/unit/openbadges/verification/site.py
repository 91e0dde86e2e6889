# SPDX-License-Identifier: AGPL-3.0-or-later
"""A simulated issuer: its documents by URL, for tests that change one of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openbadges.fetching import DocumentFetcher
from openbadges.verification import Report, verify
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openbadges.keys import PrivateKey

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def recorded(data: bytes) -> dict[str, Any]:
    return {"base64": base64.b64encode(data).decode()}


class Site:
    """Everything an issuer publishes."""

    def __init__(self, key: PrivateKey) -> None:
        self.documents: dict[str, dict[str, Any]] = {
            examples.ISSUER_ID: {"json": examples.issuer()},
            examples.BADGE_ID: {"json": examples.badge()},
            examples.ASSERTION_ID: {"json": examples.assertion()},
            examples.KEY_ID: {"json": examples.key_document(key.public.to_pem())},
            examples.LIST_ID: {"json": examples.revocation_list("urn:a", {"id": "urn:b"})},
            examples.IMAGE_ID: recorded(PNG),
        }

    def verify(
        self, source: str | bytes | dict[str, Any], recipients: Sequence[str] = ()
    ) -> Report:
        fetcher = DocumentFetcher(self.documents)
        return verify(source, fetcher=fetcher, now=NOW, recipients=recipients)
