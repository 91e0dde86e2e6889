# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds the key that a credential names, and whether it is its issuer's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from openbadges.errors import KeyFormatError, VerificationError
from openbadges.keys import load_jwk
from openbadges.models.kinds import is_url
from openbadges.ob3.identifiers import did_web_url, key_of_did_key
from openbadges.ob3.multikeys import from_multikey
from openbadges.ob3.vocabulary import PURPOSE
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from openbadges.keys import PublicKey
    from openbadges.verification.documents import Documents


class FoundKey(NamedTuple):
    """A key, and whose it is according to the document that holds it; empty where that is open."""

    key: PublicKey
    controller: str


def find_key(method: str, documents: Documents) -> FoundKey:
    """Return the key at a did:key, a did:web, or an address of the web.

    Raises `KeyFormatError`: there is none that can be read. Raises `VerificationError`: the
    document does not let it say anything. Raises what `Documents.own_body` raises.
    """
    if method.startswith("did:key:"):
        return FoundKey(key_of_did_key(method), method.partition("#")[0])
    did = method.partition("#")[0]
    if method.startswith("did:"):
        document = loads_object(documents.own_body(did_web_url(did)))
        if document.get("id") != did:
            raise VerificationError(f"key: the document of {did} is about somebody else")
        return FoundKey(_in_document(document, did, method), did)
    if not is_url(method):
        raise KeyFormatError(f"key: {method[:80]!r} is no address and no did that is known")
    document = loads_object(documents.own_body(did))
    if "verificationMethod" in document:
        return FoundKey(_in_document(document, did, method), did)
    if "keys" in document:
        document = _in_set(document, method)
    controller = document.get("controller")
    return FoundKey(_read(document, method), controller if isinstance(controller, str) else "")


def _in_document(document: dict[str, Any], did: str, method: str) -> PublicKey:
    """Return a key of a controller document that may be used to say something."""
    methods = {
        _absolute(each["id"], did): each for each in _objects(document, "verificationMethod")
    }
    allowed = document.get(PURPOSE)
    for each in allowed if isinstance(allowed, list) else []:
        if isinstance(each, str) and _absolute(each, did) == method and method in methods:
            return _read(methods[method], method)
        if isinstance(each, dict) and _absolute(str(each.get("id")), did) == method:
            return _read(each, method)
    raise VerificationError(f"key: {method} is no key that {did} may award badges with")


def _in_set(document: dict[str, Any], method: str) -> dict[str, Any]:
    """Return the key of a JSON Web Key Set that a fragment names (RFC 7517, section 5)."""
    names = {method, method.partition("#")[2]}
    keys = document["keys"]
    for each in keys if isinstance(keys, list) else []:
        if isinstance(each, dict) and each.get("kid") in names:
            return each
    raise VerificationError(f"key: {method} is not in its set of keys")


def _objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    items = found if isinstance(found, list) else [found]
    return [each for each in items if isinstance(each, dict) and isinstance(each.get("id"), str)]


def _absolute(name: str, did: str) -> str:
    return did + name if name.startswith("#") else name


def _read(members: dict[str, Any], key_id: str) -> PublicKey:
    if isinstance(multikey := members.get("publicKeyMultibase"), str):
        return from_multikey(multikey, key_id)
    jwk = members.get("publicKeyJwk", members)
    if not isinstance(jwk, dict):
        raise KeyFormatError(f"key {key_id} holds no key that can be read")
    return load_jwk(jwk, key_id)
