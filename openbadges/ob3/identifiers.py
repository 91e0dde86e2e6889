# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who issues, as a name of its own: did:web documents, and what they say of keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ed25519

from openbadges.errors import KeyFormatError, MalformedError
from openbadges.ob3.multikeys import from_multikey, to_multikey
from openbadges.ob3.vocabulary import PURPOSE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openbadges.keys import PublicKey

_WEB: Final = "did:web:"
_KEY: Final = "did:key:"
_NAME = re.compile(r"[A-Za-z0-9.-]+(%3A[0-9]{1,5})?(:[A-Za-z0-9._~%-]+)*", re.ASCII | re.I)
_DID_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")


def did_web(base_url: str, *path: str) -> str:
    """Return the did:web of an origin, or of a path below it."""
    host = urlsplit(base_url).netloc
    return _WEB + ":".join([quote(host, safe=""), *(quote(part, safe="") for part in path)])


def did_web_url(did: str, *, scheme: str = "https") -> str:
    """Return where the document of a did:web lies; raise `MalformedError` for another name."""
    name = did.removeprefix(_WEB)
    if not did.startswith(_WEB) or not _NAME.fullmatch(name):
        raise MalformedError(f"{did[:80]!r} is no did:web")
    host, *path = (unquote(part) for part in name.split(":"))
    if any(part in {"", ".", ".."} or "/" in part for part in path):
        raise MalformedError(f"{did[:80]!r} is no did:web")
    folder = "/".join(quote(part) for part in path) if path else ".well-known"
    return f"{scheme}://{host}/{folder}/did.json"


def did_document(did: str, keys: Iterable[tuple[str, PublicKey]]) -> dict[str, Any]:
    """Return the document of an issuer: its keys, by the word that follows ``#``.

    Ed25519 keys stand as Multikey, others as JSON Web Keys.
    """
    methods = [_method(did, name, key) for name, key in keys]
    return {
        "@context": list(_DID_CONTEXTS),
        "id": did,
        "verificationMethod": methods,
        PURPOSE: [method["id"] for method in methods],
    }


def key_of_did_key(method: str) -> PublicKey:
    """Return the key that a did:key is; raise `KeyFormatError` for another name."""
    did = method.partition("#")[0]
    if not did.startswith(_KEY):
        raise KeyFormatError(f"{method[:80]!r} is no did:key")
    return from_multikey(did.removeprefix(_KEY), method)


def _method(did: str, name: str, key: PublicKey) -> dict[str, Any]:
    members: dict[str, Any] = {"id": f"{did}#{name}", "controller": did}
    if isinstance(key.raw, ed25519.Ed25519PublicKey):
        return {**members, "type": "Multikey", "publicKeyMultibase": to_multikey(key)}
    jwk = {**key.to_jwk(), "kid": name}
    return {**members, "type": "JsonWebKey", "publicKeyJwk": jwk}
