# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that read the documents of a badge with care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openbadges.errors import VerificationError
from openbadges.jsonld import check_extensions
from openbadges.jsonld.loading import as_list
from openbadges.keys import load_public_key
from openbadges.models import (
    Assertion,
    BadgeClass,
    BasicProfile,
    CryptographicKey,
    Endorsement,
    Profile,
    RevocationList,
)
from openbadges.models.base import type_names
from openbadges.models.kinds import is_url
from openbadges.verification.cases import NotApplicableError, in_words
from openbadges.vocabulary import (
    ASSERTION,
    BADGE_CLASS,
    CRYPTOGRAPHIC_KEY,
    ENDORSEMENT,
    ISSUER,
    PROFILE,
    REVOCATION_LIST,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from openbadges.verification.cases import Case


def read_subject(case: Case) -> str:
    """Return that what is judged holds all it must."""
    _READERS[case.subject](case)
    extensions = _check_extensions(case, case.raw)
    return f"all properties of {in_words(case.subject)} are there and sound{extensions}"


def read_badge(case: Case) -> str:
    """Return which badge was awarded: the class at its own id, or one inside a signed assertion."""
    if case.subject == BADGE_CLASS:
        return f"{case.badge.id} is the badge class itself"
    if case.subject != ASSERTION:
        raise NotApplicableError(f"{in_words(case.subject)} awards no badge")
    embedded = case.assertion.badge
    if isinstance(embedded, BadgeClass):
        if not case.signed:
            raise VerificationError(f"badge class {embedded.id} is hosted nowhere")
        (case.raw_badge,) = as_list(case.raw["badge"])
        case.found_badge = embedded
        extensions = _check_extensions(case, case.raw_badge)
        return f"the badge class is part of the signed assertion{extensions}"
    if not is_url(embedded):
        raise VerificationError(f"badge class {embedded} has no URL where it could be read")
    case.raw_badge = case.documents.canonical(embedded, BADGE_CLASS)
    case.found_badge = BadgeClass.from_dict(_detached(case.raw_badge, "issuer"))
    extensions = _check_extensions(case, case.raw_badge)
    return f"{case.found_badge.id} holds a sound badge class{extensions}"


def read_issuer(case: Case) -> str:
    """Return who issued the badge, always from the profile at its own URL (Signed Verification)."""
    if case.subject == PROFILE:
        return f"{case.issuer.id} is the profile itself"
    if case.found_endorsement is None and case.found_badge is None:
        raise NotApplicableError(f"{in_words(case.subject)} has no issuer to ask")
    url = (case.found_endorsement or case.badge).issuer_id
    if not is_url(url):
        raise VerificationError(f"issuer {url} has no URL where its profile could be read")
    case.raw_issuer = case.documents.canonical(url, ISSUER)
    # Versions before 2.0 asked for less.
    old = case.documents.version(case.raw_issuer.get("id"))
    case.found_issuer = (BasicProfile if old else Profile).from_dict(case.raw_issuer)
    extensions = _check_extensions(case, case.raw_issuer)
    return f"{case.found_issuer.id} holds a sound profile{extensions}"


def _read_assertion(case: Case) -> None:
    case.found_assertion = Assertion.from_dict(_detached(case.raw, "badge"))


def _read_endorsement(case: Case) -> None:
    case.found_endorsement = Endorsement.from_dict(_detached(case.raw, "issuer"))


def _read_badge_class(case: Case) -> None:
    case.raw_badge = case.raw
    case.found_badge = BadgeClass.from_dict(_detached(case.raw, "issuer"))


def _read_profile(case: Case) -> None:
    """Read a profile; only one that calls itself an issuer must say what issuers must."""
    names = type_names(case.raw.get("type"))
    model = Profile if ISSUER in names and not case.upgraded else BasicProfile
    case.raw_issuer, case.found_issuer = case.raw, model.from_dict(case.raw)


def _read_key(case: Case) -> None:
    key = CryptographicKey.from_dict(case.raw)
    load_public_key(key.public_key_pem, key.id)


def _read_list(case: Case) -> None:
    RevocationList.from_dict(case.raw)


_ELSEWHERE = frozenset({"badge", "issuer", "endorsement"})
_READERS: dict[str, Callable[[Case], None]] = {
    ASSERTION: _read_assertion,
    ENDORSEMENT: _read_endorsement,
    BADGE_CLASS: _read_badge_class,
    PROFILE: _read_profile,
    CRYPTOGRAPHIC_KEY: _read_key,
    REVOCATION_LIST: _read_list,
}


def _check_extensions(case: Case, document: dict[str, Any]) -> str:
    """Return words about the extensions of a document, which are as their schemas want them."""
    # Embedded copies are judged where the true documents are read.
    own = {name: value for name, value in document.items() if name not in _ELSEWHERE}
    found = check_extensions(own, case.documents.vocabulary)
    return f", with the extensions {', '.join(dict.fromkeys(found))}" if found else ""


def _detached(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the document with its embedded object replaced by the URL of the true one."""
    values = as_list(document.get(name))
    embedded = values[0] if len(values) == 1 else None
    url = embedded.get("id") if isinstance(embedded, dict) else None
    return {**document, name: url} if is_url(url) else document
