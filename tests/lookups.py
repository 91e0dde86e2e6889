# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a stranger looks up at our web server, in the form in which the outside judges take it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from issuer.services.credentials import did
from openbadges.signing import is_compact, peek

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from issuer.models import Assertion

PNG, SVG, JSON_LD = "image/png", "image/svg+xml", "application/ld+json"
#: The members of documents of version 2.0 that name other ones.
NAMES = ("badge", "issuer", "image", "publicKey", "revocationList", "owner", "creator")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who asks our web server."""

    client: FlaskClient
    base_url: str

    def answer(self, address: str) -> dict[str, Any]:
        """Return what our web server answers."""
        path = address.removeprefix(self.base_url)
        answer = self.client.get(path, headers={"Accept": f"{JSON_LD}, {PNG}, {SVG}"})
        head = {"status": answer.status_code, "content_type": answer.mimetype}
        if answer.mimetype in (PNG, SVG):
            return {**head, "base64": base64.b64encode(answer.data).decode()}
        return {**head, "json": answer.json}

    def documents(self, *starts: str) -> dict[str, Any]:
        """Return all that badges of version 2.0 name, from their addresses or signed forms."""
        found: dict[str, Any] = {}
        waiting: list[str] = []
        for start in starts:
            if is_compact(start):
                signed = json.loads(peek(start)[1])
                # What the signed form names is there even where the hosted one was withdrawn.
                waiting += [signed["id"], signed["verification"]["creator"], *_named(signed)]
            else:
                waiting.append(start)
        while waiting:
            address = waiting.pop()
            if address in found or not address.startswith(self.base_url):
                continue
            found[address] = self.answer(address)
            waiting += _named(found[address].get("json") or {})
        return found

    def credentials_of(self, *assertions: Assertion) -> dict[str, Any]:
        """Return all that credentials of version 3.0 name: keys and lists, by their addresses."""
        known: dict[str, Any] = {}
        for each in assertions:
            issuer = each.edition.badge.issuer
            known[did(issuer)] = self._json(f"/issuers/{issuer.slug}/did.json")
            for path in (f"/keys/{each.key.kid}.jwk", f"/status/{each.status_list_id}"):
                known[self.base_url + path] = self._json(path)
        return known

    def _json(self, path: str) -> Any:
        return self.client.get(path).json


def _named(document: dict[str, Any]) -> list[str]:
    return [document[name] for name in NAMES if isinstance(document.get(name), str)]
