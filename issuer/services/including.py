# SPDX-License-Identifier: AGPL-3.0-or-later
"""Endorsements inside credentials: what holds when one is made is signed along with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from issuer.addresses import Addresses
from issuer.models import Endorsement, EndorsementForm
from openbadges.errors import OpenBadgesError
from openbadges.ob3.canonical import canonical
from openbadges.ob3.endorsements import carry as carried
from openbadges.ob3.vocabulary import UNSURE
from openbadges.serialization import loads_object
from openbadges.signing import peek

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Assertion

    Included = Mapping[str, list[dict[str, Any] | str]]

log = logging.getLogger(__name__)

#: Of one thing so many are carried, the first that came; all of them are on its page.
MOST = 3
#: A picture carries them: longer ones stay where they are.
MAX_LENGTH = 20_000


def endorsements(session: Session, assertions: Iterable[Assertion], *, now: datetime) -> Included:
    """Return what is said in favour of assertions, their badges and issuers, in version 3.0.

    By the id that version 3.0 gives to what is endorsed.
    """
    subjects = {
        document_id
        for each in assertions
        for document_id in (
            each.document_id,
            each.edition.document_id,
            _profile_id(each),
        )
    }
    statement = (
        select(Endorsement.form, Endorsement.document, Endorsement.ob3)
        .where(
            Endorsement.subject.in_(subjects),
            Endorsement.revoked_at.is_(None),
            Endorsement.verdict == "valid",
            or_(Endorsement.expires_at.is_(None), Endorsement.expires_at > now),
            or_(
                Endorsement.form.in_([EndorsementForm.PROOF, EndorsementForm.JWT]),
                Endorsement.ob3.is_not(None),
            ),
        )
        .order_by(Endorsement.id)
    )
    found: dict[str, list[dict[str, Any] | str]] = {}
    for form, document, ob3 in session.execute(statement):
        _add(found, ob3 or document, is_token=form == EndorsementForm.JWT)
    return found


def carry(credential: dict[str, Any], included: Included) -> dict[str, Any]:
    """Return a credential with endorsements, or without where it could not be signed so."""
    if not included:
        return credential
    full = carried(credential, included)
    try:
        canonical(full)
    except OpenBadgesError as error:
        log.warning("%s: carries no endorsements: %s", credential.get("id"), error)
        return credential
    return full


def _profile_id(assertion: Assertion) -> str:
    """Return the name under which all Profiles of the issuer are one."""
    issuer = assertion.edition.badge.issuer
    return Addresses(issuer.base_url).profile(issuer.slug)


def _add(found: dict[str, list[dict[str, Any] | str]], text: str, *, is_token: bool) -> None:
    if len(text) > MAX_LENGTH:
        return
    document = loads_object(peek(text)[1] if is_token else text)
    own = found.setdefault(document["credentialSubject"]["id"], [])
    # A tab inside would be signed by us, and other verifiers write it in another way.
    if len(own) < MOST and (is_token or not _holds_unsure(document)):
        own.append(text if is_token else document)


def _holds_unsure(value: Any) -> bool:
    if isinstance(value, str):
        return not UNSURE.isdisjoint(value)
    if isinstance(value, dict):
        return any(map(_holds_unsure, value.values()))
    return isinstance(value, list) and any(map(_holds_unsure, value))
