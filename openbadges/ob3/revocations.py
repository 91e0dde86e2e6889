# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the lists in which issuers of version 3.0 revoke credentials, and whose key signed what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from openbadges.errors import MalformedError, UnsupportedError, VerificationError
from openbadges.ob3 import statuses
from openbadges.ob3.proofs import check_proof, proof_of
from openbadges.ob3.resolving import find_key
from openbadges.ob3.tokens import open_token
from openbadges.serialization import loads_object
from openbadges.signing import peek
from openbadges.verification.cases import RevokedError

if TYPE_CHECKING:
    from openbadges.verification.documents import Documents

#: Python refuses to read thousands of digits, and reads digits that are none in JSON.
INDEX = re.compile(r"[0-9]{1,18}")


def look_up(status: dict[str, Any], issuer: str, documents: Documents) -> None:
    """Look whether the list of an issuer revokes what names this place in it.

    Raises `RevokedError` where it does, `VerificationError` for a list that is not the issuer's or
    of another purpose, `UnsupportedError` for another kind of entry, `MalformedError` for what is
    no entry or no list, and as `documents` where the list cannot be had (Bitstring Status List).
    """
    if status.get("type") != statuses.ENTRY:
        raise UnsupportedError(f"status: {str(status.get('type'))[:60]!r} is not known")
    url, index = status.get("statusListCredential"), status.get("statusListIndex")
    if not isinstance(url, str) or not isinstance(index, str) or not INDEX.fullmatch(index):
        raise MalformedError("status: names no list, or no place in it")
    body = documents.own_body(url).strip()
    listed = _open_list(body, issuer, documents)
    subject = listed.get("credentialSubject")
    encoded = subject.get("encodedList") if isinstance(subject, dict) else None
    if not isinstance(encoded, str) or not isinstance(subject, dict):
        raise MalformedError(f"status: {url} holds no list")
    if subject.get("statusPurpose") != status.get("statusPurpose"):
        raise VerificationError(f"status: {url} is a list for another purpose")
    if statuses.is_set(statuses.decode(encoded), int(index)):
        purpose = status.get("statusPurpose")
        said = "withdrew" if purpose == statuses.REVOCATION else f"set {purpose!r} on"
        raise RevokedError(f"the issuer {said} it (status list {url})")


def _open_list(body: bytes, issuer: str, documents: Documents) -> dict[str, Any]:
    """Return a status list whose signature by the issuer holds."""
    token = "" if body.startswith(b"{") else body.decode("ascii", "replace")
    listed = loads_object(peek(token)[1] if token else body)
    named = listed.get("issuer")
    named = named.get("id") if isinstance(named, dict) else named
    if not isinstance(named, str) or not is_same(named, issuer):
        raise VerificationError("status: the list is somebody else's")
    method = key_name(token) if token else str(proof_of(listed)["verificationMethod"])
    key, controller = find_key(method, documents)
    if not is_same(controller or method, named):
        raise VerificationError("status: the list is signed by somebody else")
    if token:
        return open_token(token, key)
    check_proof(listed, key)
    return listed


def is_same(one: str, other: str) -> bool:
    """Whether two names are of one issuer: the same, or of the same origin."""
    return one == other or (_origin(one) == _origin(other) != "")


def key_name(token: str) -> str:
    """Return the name of the key of a token; raise `VerificationError` where it has none."""
    kid = peek(token)[0].get("kid")
    if not isinstance(kid, str):
        raise VerificationError("token: names no key (kid)")
    return kid


def _origin(name: str) -> str:
    """Return the origin that a key's address or an issuer's name stands for."""
    if name.startswith("did:web:"):
        return name.split(":")[2].lower().replace("%3a", ":")
    return name.partition("://")[2].partition("/")[0].lower()
