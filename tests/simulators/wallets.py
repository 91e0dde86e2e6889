# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wallets as their own sources have them: what they take from a link, post, and expect back.

Learner Credential Wallet reads ``issuer``, ``auth_type``, ``challenge`` and ``vc_request_url``,
posts a bare signed presentation at once, and looks for credentials in a bare answer. LearnCard
reads ``vc_request_url`` alone, posts an empty object, answers a request for DIDAuthentication with
a wrapped presentation, and posts an empty object once more when its owner has accepted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from openbadges.keys import PrivateKey, generate_ed25519
from openbadges.ob3.canonical import canonical
from openbadges.ob3.contexts import wallet_context
from openbadges.ob3.multikeys import to_base58, to_multikey

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

V2 = "https://www.w3.org/ns/credentials/v2"
V1 = "https://www.w3.org/2018/credentials/v1"
SUITE_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"


class ExchangeFailedError(Exception):
    """The wallet shows its owner that something went wrong."""


@dataclass
class Wallet:
    """What all wallets have: a key, a name made of it, and a place for credentials."""

    post: Callable[[str, dict[str, Any]], TestResponse]
    key: PrivateKey = field(default_factory=lambda: generate_ed25519("wallet"))
    held: list[dict[str, Any]] = field(default_factory=list)

    @property
    def did(self) -> str:
        return f"did:key:{to_multikey(self.key.public)}"

    def send(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.post(url, body)
        if answer.status_code >= 300:
            raise ExchangeFailedError(answer.status_code, answer.text)
        read: dict[str, Any] = json.loads(answer.text or "{}")
        return read

    def keep(self, presentation: dict[str, Any]) -> None:
        found = presentation["verifiableCredential"]
        self.held.extend(found if isinstance(found, list) else [found])

    def presentation(self, challenge: str, domain: str = "", **proof: Any) -> dict[str, Any]:
        """Return a presentation as Learner Credential Wallet signs it."""
        return sign(
            {"@context": [V2, SUITE_2020], "type": ["VerifiablePresentation"], "holder": self.did},
            self.key,
            {
                "type": "Ed25519Signature2020",
                "created": "2026-03-01T12:00:00Z",
                "verificationMethod": f"{self.did}#{self.did.removeprefix('did:key:')}",
                "proofPurpose": "authentication",
                "challenge": challenge,
                **({"domain": domain} if domain else {}),
                **proof,
            },
        )


class LearnerCredentialWallet(Wallet):
    """It speaks first, and bare."""

    def open(self, link: str) -> None:
        asked = _query(link)
        if asked.get("auth_type") != "bearer" or "issuer" not in asked:
            raise ExchangeFailedError(link)
        answer = self.send(asked["vc_request_url"], self.presentation(asked["challenge"]))
        if "VerifiablePresentation" not in answer["type"]:
            raise ExchangeFailedError(answer)
        self.keep(answer)


class LearnCard(Wallet):
    """It asks first, and wraps everything."""

    def open(self, link: str) -> None:
        url = _query(link)["vc_request_url"]
        asked = self.send(url, {})["verifiablePresentationRequest"]
        if asked["query"][0]["type"] != "DIDAuthentication":
            raise ExchangeFailedError(asked)
        bare = {"@context": [V1], "type": "VerifiablePresentation", "holder": self.did}
        options = {
            # It brings the words of the proof with the proof.
            "@context": [SUITE_2020],
            "type": "Ed25519Signature2020",
            "proofPurpose": "authentication",
            "challenge": asked["challenge"],
            "domain": asked["domain"],
            "verificationMethod": f"{self.did}#{self.did.removeprefix('did:key:')}",
            "created": "2026-03-01T12:00:00.222Z",
        }
        signed = sign(bare, self.key, options)
        self.keep(self.send(url, {"verifiablePresentation": signed})["verifiablePresentation"])
        # Its owner accepted; what comes back must be a request once more, or it shows an error.
        if "verifiablePresentationRequest" not in self.send(url, {}):
            raise ExchangeFailedError("it wants to know nothing any more")


def sign(document: dict[str, Any], key: PrivateKey, options: dict[str, Any]) -> dict[str, Any]:
    """Return a presentation with a proof, of either suite."""
    contexts = [*document["@context"], *options.get("@context", [])]
    said = {**options, "@context": contexts}
    data = b"".join(
        hashlib.sha256(canonical(each, wallet_context)).digest() for each in (said, document)
    )
    return {**document, "proof": {**options, "proofValue": to_base58(key.raw.sign(data))}}  # type: ignore[union-attr, call-arg]  # it is Ed25519


def _query(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
