# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that prove a signed badge: the issuer's key, and the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openbadges.errors import FetchError, MalformedError, VerificationError
from openbadges.keys import load_public_key
from openbadges.models import CryptographicKey
from openbadges.serialization import loads_object
from openbadges.signing import check_token
from openbadges.times import parse_time
from openbadges.verification.cases import NotApplicableError
from openbadges.verification.documents import MissingError
from openbadges.verification.scopes import is_at_home
from openbadges.vocabulary import CRYPTOGRAPHIC_KEY

if TYPE_CHECKING:
    from openbadges.keys import PublicKey
    from openbadges.signing import Token
    from openbadges.verification.cases import Case

MAX_KEYS = 10
_PEM = "-----BEGIN "


def check_keys(case: Case) -> str:
    """Return that the issuer's hosted profile lists the key (2.0, Signed Verification)."""
    _need_signature(case)
    listed, creator = case.issuer.key_ids, case.statement.verification.creator
    # An issuer that speaks 2.0 lists its keys: a badge in an older form must not get around that.
    if not listed and creator is not None and case.documents.version(case.issuer.id):
        return _check_old_key(case, creator)
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
    token = _need_signature(case)
    failure = VerificationError("signature: there is no key to check it with")
    for key in case.keys:
        try:
            check_token(token, key)
        except VerificationError as error:
            failure = error
            continue
        case.key_id, case.algorithm = key.id, str(token.header["alg"])
        return f"{case.algorithm} signature by {key.id} holds"
    raise failure


def _need_signature(case: Case) -> Token:
    if not case.signed or case.token is None:
        raise NotApplicableError("nothing here is signed")
    return case.token


def _published_key(case: Case, name: str) -> PublicKey:
    for key in case.issuer.public_keys:
        # The profile was read at its own URL: what it holds, the issuer published.
        if isinstance(key, CryptographicKey) and key.id == name:
            return _loaded(case, key)
    try:
        document = _key_document(case, name)
    except MissingError as error:
        raise FetchError(f"signing key: {error}") from error
    if isinstance(document, str):
        return load_public_key(document, name)
    # It need not say more than the key: it is the one that lies where the issuer's link leads.
    said = {member: value for member, value in document.items() if value is not None}
    key = CryptographicKey.from_dict({"type": CRYPTOGRAPHIC_KEY, "id": name, **said})
    if key.id != name:
        raise VerificationError(f"the key at {name} calls itself {key.id}")
    return _loaded(case, key)


def _loaded(case: Case, key: CryptographicKey) -> PublicKey:
    _check_lifetime(case, key)
    owner = key.owner_id
    if owner != case.issuer.id:
        case.note(f"key {key.id} names {owner or 'nobody'} as its owner; the issuer lists it")
    return load_public_key(key.public_key_pem, key.id)


def _check_lifetime(case: Case, key: CryptographicKey) -> None:
    """Refuse a key that its issuer withdrew, or that had ended before the badge was issued."""
    if key.revoked:
        # Whoever stole it writes any date into a badge, so that none of them can be believed.
        raise VerificationError(f"the issuer withdrew key {key.id}")
    if key.expires is None:
        return
    ended = parse_time(key.expires)
    if parse_time(case.statement.issued_on) > ended:
        raise VerificationError(f"key {key.id} had ended on {key.expires}, before the badge")
    if case.now > ended:
        case.note(f"key {key.id} signs nothing new since {key.expires}")


def _check_old_key(case: Case, name: str) -> str:
    """Return that a key lies on the issuer's own site: before 2.0, profiles listed no keys."""
    if not is_at_home(name, case.issuer.id):
        raise VerificationError(f"key {name} does not lie on the site of issuer {case.issuer.id}")
    case.keys = [_published_key(case, name)]
    return f"{name} lies on the site of issuer {case.issuer.id}"


def _key_document(case: Case, name: str) -> dict[str, Any] | str:
    """Return the document of a key; that of a badge before 2.0 may be the bare PEM text."""
    if not case.upgraded:
        return case.documents.object(name)
    body = case.documents.own_body(name)
    if body.lstrip().startswith(_PEM.encode()):
        return body.decode("utf-8", "replace")
    # No version before 2.0 said what else a key may look like: the one PEM in it is meant.
    values = loads_object(body).values()
    found = [text for text in values if isinstance(text, str) and text.lstrip().startswith(_PEM)]
    if len(found) != 1:
        raise MalformedError(f"{name} holds {len(found)} keys, where one is expected")
    return found[0]
