# SPDX-License-Identifier: AGPL-3.0-or-later
"""A host of Open Badges 3.0."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from openbadges.serialization import loads_object
from openbadges.signing import is_compact
from tests.simulators.hosts import HostSimulator

if TYPE_CHECKING:
    from tests.simulators.serving import Account

SCOPES3 = [
    f"https://purl.imsglobal.org/spec/ob/v3p0/scope/{name}"
    for name in ("credential.readonly", "credential.upsert", "profile.readonly", "profile.update")
]


class CredentialSimulator(HostSimulator):
    """A host of Open Badges 3.0; ``proof`` tells which form it reads."""

    scopes = SCOPES3
    proof = "any"

    def prepare(self) -> None:
        """Add the routes."""
        super().prepare()
        self.routes(
            ("GET", "/ims/ob/v3p0/discovery", self._discovery),
            ("GET", "/ims/ob/v3p0/profile", self._profile),
            ("POST", "/ims/ob/v3p0/credentials", self._upsert),
        )

    def _discovery(self) -> Response:
        flow = {
            "tokenUrl": f"{self.url}/token",
            "authorizationUrl": f"{self.url}/authorize",
            "refreshUrl": f"{self.url}/token",
            "scopes": dict.fromkeys(self.scopes, "…"),
        }
        scheme = {
            "type": "oauth2",
            "x-imssf-name": "Simulated wallet",
            "x-imssf-registrationUrl": f"{self.url}/register",
            "flows": {"authorizationCode": flow},
        }
        return jsonify(openapi="3.0.1", components={"securitySchemes": {"OAuth2ACG": scheme}})

    def _profile(self) -> Response | tuple[Response, int]:
        account = self.whose()
        if account is None:
            return _said3(401, "unauthorizedrequest", "no token")
        return jsonify(type=["Profile"], email=next(iter(account.emails)))

    def _upsert(self) -> Response | tuple[Response, int]:
        account = self.whose()
        if account is None:
            return _said3(401, "unauthorizedrequest", "no token")
        document = self._read()
        return document if isinstance(document, tuple) else self._kept(account, document)

    def _read(self) -> dict[str, Any] | tuple[Response, int]:
        if request.mimetype == "text/plain":
            text = request.get_data(as_text=True)
            if not is_compact(text):
                return _said3(400, "invaliddata", "that is no compact JWS")
            part = text.split(".")[1]
            return loads_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if self.proof == "jwt":
            return _said3(400, "invaliddata", "a compact JWS is expected")
        if request.mimetype != "application/json":
            return _said3(415, "invaliddata", "neither JSON nor a compact JWS")
        document: dict[str, Any] = request.get_json()
        if document.get("proof", {}).get("cryptosuite") != "eddsa-rdfc-2022":
            return _said3(400, "invaliddata", "the credential has no proof")
        return document

    def _kept(self, account: Account, document: dict[str, Any]) -> Response | tuple[Response, int]:
        if not {"OpenBadgeCredential", "AchievementCredential"} & set(document["type"]):
            return _said3(400, "invaliddata", "that is no OpenBadgeCredential")
        subject = document["credentialSubject"]["identifier"][0]
        fits = any(
            f"sha256${hashlib.sha256((email + subject['salt']).encode()).hexdigest()}"
            == subject["identityHash"]
            for email in account.emails
        )
        if not fits:
            return _said3(400, "invaliddata", "recipient identifier does not match the account")
        is_known = document["id"] in account.badges
        account.badges[document["id"]] = document
        self.stored()
        return jsonify(document), 200 if is_known else 201


def _said3(status: int, code: str, text: str) -> tuple[Response, int]:
    minor = {
        "imsx_codeMinorField": [{"imsx_codeMinorFieldName": "x", "imsx_codeMinorFieldValue": code}]
    }
    body = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": text,
        "imsx_CodeMinor": minor,
    }
    return jsonify(body), status
