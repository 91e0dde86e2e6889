# SPDX-License-Identifier: AGPL-3.0-or-later
"""A simulated issuer of version 3.0: its credential, its keys, its list, by URL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openbadges.fetching import DocumentFetcher
from openbadges.identity import email_identity
from openbadges.ob3 import credentials, identifiers, proofs, statuses, tokens
from openbadges.verification import Report, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openbadges.keys import PrivateKey

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEFORE = datetime(2026, 1, 31, 12, tzinfo=UTC)
BASE = "https://badges.example.org"
DID = identifiers.did_web(BASE)
METHOD = f"{DID}#ed"
LIST = f"{BASE}/status/1"
DID_URL = f"{BASE}/.well-known/did.json"
HOLDER = "asha@example.org"
INDEX = 4711


def credential(**changes: Any) -> dict[str, Any]:
    """Return a credential that nobody signed yet."""
    issuer = credentials.Issuer(id=DID, name="Example Badges", url=BASE, email="b@example.org")
    achievement = credentials.Achievement(
        id=f"{BASE}/badges/rock",
        name="Like a “Rock” \U0001faa8",
        description="500 stable\nupdates\tat least",
        criteria_id=f"{BASE}/badges/rock",
        criteria_narrative="Push 500 updates.",
        image=f"{BASE}/badges/rock/image",
        tags=("updates", "עדכונים"),
        alignments=({"targetName": "Packaging", "targetUrl": "https://example.org/packaging"},),
        version="2",
    )
    arguments = {
        "subject_id": "urn:uuid:11111111-2222-4333-8444-555555555555",
        "valid_from": BEFORE,
        "image": f"{BASE}/assertions/1/image",
        "evidence": [{"id": "https://example.org/update/1", "narrative": "an update"}],
        "narrative": "well done",
        "status": statuses.entry(LIST, INDEX),
        "refresh": f"{BASE}/assertions/1/ob3",
        **changes,
    }
    recipient = email_identity(HOLDER, "5a17")
    return credentials.open_badge(
        f"{BASE}/assertions/1/ob3", issuer, achievement, recipient, **arguments
    )


class World:
    """Everything an issuer of version 3.0 publishes; tests change one of it."""

    def __init__(self, ed25519: PrivateKey, rsa: PrivateKey) -> None:
        self.ed25519, self.rsa = ed25519, rsa
        self.revoked: set[int] = {0}
        self.did = identifiers.did_document(DID, [("ed", ed25519.public), ("rsa", rsa.public)])
        self.documents: dict[str, dict[str, Any]] = {
            DID_URL: {"json": self.did},
            rsa.id: {"json": rsa.public.to_jwk()},
        }
        self.publish_list()

    def publish_list(self, **changes: Any) -> None:
        """Publish the list of what is revoked, signed anew."""
        encoded = statuses.encode(statuses.MIN_SIZE, self.revoked)
        bare = statuses.status_credential(LIST, DID, encoded, valid_from=BEFORE)
        listed = proofs.add_proof({**bare, **changes}, self.ed25519, METHOD, created=BEFORE)
        self.documents[LIST] = {"json": listed}

    def proven(self, document: dict[str, Any] | None = None, method: str = METHOD) -> Any:
        """Return a credential with a proof inside."""
        return proofs.add_proof(
            credential() if document is None else document, self.ed25519, method, created=BEFORE
        )

    def token(self, document: dict[str, Any] | None = None) -> str:
        """Return a credential as a token."""
        return tokens.to_token(credential() if document is None else document, self.rsa)

    def verify(
        self, source: str | bytes | dict[str, Any], recipients: Sequence[str] = ()
    ) -> Report:
        """Return the verdict, with these documents for a network."""
        fetcher = DocumentFetcher(self.documents)
        return verify(source, fetcher=fetcher, now=NOW, recipients=recipients)
