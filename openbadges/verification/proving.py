# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that prove a badge: scope or signature, revocation, times and recipient."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from openbadges.errors import FetchError, MalformedError, VerificationError
from openbadges.keys import load_public_key
from openbadges.models import CryptographicKey, RevocationList
from openbadges.signing import open_signed, peek
from openbadges.times import parse_time
from openbadges.verification.cases import ExpiredError, NotApplicableError, RevokedError
from openbadges.verification.documents import MissingError
from openbadges.verification.recipients import find_recipient
from openbadges.verification.scopes import check_scope

if TYPE_CHECKING:
    from openbadges.keys import PublicKey
    from openbadges.verification.cases import Case

MAX_SKEW = timedelta(minutes=5)
MAX_KEYS = 10


def check_hosting(case: Case) -> str:
    """Return that the issuer vouches for where the badge is hosted (2.0, Hosted Verification)."""
    if case.signed:
        raise NotApplicableError("the badge is signed; where it lies proves nothing")
    return check_scope(case.issuer, case.assertion.id, case.badge.id)


def check_keys(case: Case) -> str:
    """Return that the issuer's hosted profile lists the key (2.0, Signed Verification)."""
    _need_signature(case)
    listed, creator = case.issuer.key_ids, case.assertion.verification.creator
    if not listed:
        raise VerificationError(f"issuer {case.issuer.id} lists no key, so nobody can sign for it")
    if creator is not None and creator not in listed:
        raise VerificationError(f"key {creator} is not one that issuer {case.issuer.id} lists")
    if creator is None and len(listed) > MAX_KEYS:
        raise VerificationError(f"the badge does not say which of {len(listed)} keys signed it")
    names = (creator,) if creator is not None else listed
    case.keys = [_published_key(case, name) for name in names]
    return f"issuer {case.issuer.id} lists {', '.join(names)}"


def check_signature(case: Case) -> str:
    """Return which key signed the badge."""
    if case.token and not case.signed:
        # The hosted document may be sound, but nobody says whose signature the token carries.
        raise VerificationError(
            "the token carries a signature and says that it is hosted, so that no key vouches for "
            "the signature; hand in the badge's URL instead"
        )
    _need_signature(case)
    failure = VerificationError("signature: there is no key to check it with")
    for key in case.keys:
        try:
            open_signed(case.token, key)
        except VerificationError as error:
            failure = error
            continue
        case.key_id, case.algorithm = key.id, str(peek(case.token)[0]["alg"])
        return f"{case.algorithm} signature by {key.id} holds"
    raise failure


def check_revocation(case: Case) -> str:
    """Return that the issuer did not withdraw the badge (2.0, Revoking an Assertion)."""
    if case.withdrawn is None and case.assertion.revoked:
        case.withdrawn = case.assertion.revocation_reason or ""
    if case.withdrawn is None and case.signed:
        return _check_list(case)
    if case.withdrawn is not None:
        raise RevokedError(f"the issuer withdrew the badge{_because(case.withdrawn)}")
    return "the issuer's server still answers for the badge"


def check_issued(case: Case) -> str:
    """Return when the badge was issued; a clock may be five minutes wrong."""
    issued = parse_time(case.assertion.issued_on)
    if issued > case.now + MAX_SKEW:
        raise VerificationError(f"the badge claims to be issued later, on {issued.isoformat()}")
    return f"issued on {issued.isoformat()}"


def check_expiry(case: Case) -> str:
    """Return until when the badge holds."""
    if case.assertion.expires is None:
        raise NotApplicableError("the badge does not expire")
    expires = parse_time(case.assertion.expires)
    if expires <= case.now:
        raise ExpiredError(f"the badge expired on {expires.isoformat()}")
    return f"the badge holds until {expires.isoformat()}"


def check_recipient(case: Case) -> str:
    """Return which of the given identities the badge was awarded to."""
    if not case.recipients:
        raise NotApplicableError("no recipient was given to compare with")
    case.recipient, notes = find_recipient(case.assertion.recipient, case.recipients)
    for text in notes:
        case.note(text)
    return f"the badge was awarded to {case.recipient}"


def _need_signature(case: Case) -> None:
    if not case.signed:
        raise NotApplicableError("the badge is hosted and not signed")


def _published_key(case: Case, name: str) -> PublicKey:
    try:
        document = case.documents.object(name)
    except MissingError as error:
        raise FetchError(f"signing key: {error}") from error
    key = CryptographicKey.from_dict(document)
    if key.id != name:
        raise VerificationError(f"the key at {name} calls itself {key.id}")
    if key.owner != case.issuer.id:
        case.note(f"key {name} names {key.owner or 'nobody'} as its owner; the issuer lists it")
    return load_public_key(key.public_key_pem, name)


def _check_list(case: Case) -> str:
    url = case.issuer.revocation_list
    if url is None:
        raise NotApplicableError("the issuer keeps no revocation list, so it withdraws nothing")
    try:
        revocations = RevocationList.from_dict(case.documents.object(url))
    except (MissingError, MalformedError) as error:
        # Whoever cannot read the list does not know whether the badge still holds.
        raise FetchError(f"revocation list: {error}") from error
    if revocations.issuer not in (None, case.issuer.id):
        case.note(f"revocation list {url} names another issuer, {revocations.issuer}")
    entry = revocations.find(case.assertion.id)
    if entry:
        reason = (entry.revocation_reason or "")[:300]
        raise RevokedError(f"the issuer's revocation list names the badge{_because(reason)}")
    return f"{url} does not name the badge"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ", without saying why"
