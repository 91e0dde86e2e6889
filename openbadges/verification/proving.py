# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that prove a badge, beside its signature: scope, revocation, times, recipient."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from openbadges.errors import FetchError, MalformedError, VerificationError
from openbadges.models import RevocationList
from openbadges.times import parse_time
from openbadges.verification.cases import (
    ExpiredError,
    NotApplicableError,
    RevokedError,
    in_words,
)
from openbadges.verification.documents import MissingError
from openbadges.verification.recipients import find_recipient
from openbadges.verification.scopes import (
    check_badge_scope,
    check_scope,
    check_statement_scope,
)
from openbadges.vocabulary import ASSERTION, BADGE_CLASS, ENDORSEMENT, REVOCATION_LIST

if TYPE_CHECKING:
    from openbadges.verification.cases import Case

MAX_SKEW = timedelta(minutes=5)


def check_hosting(case: Case) -> str:
    """Return that the issuer vouches for where the badge is hosted (2.0, Hosted Verification)."""
    if case.signed:
        raise NotApplicableError("the badge is signed; where it lies proves nothing")
    if case.subject == BADGE_CLASS:
        return check_badge_scope(case.issuer, case.badge.id)
    identifier = case.statement.id
    if case.subject == ENDORSEMENT:
        return check_statement_scope(case.issuer, identifier)
    return check_scope(case.issuer, identifier, case.badge.id)


def check_revocation(case: Case) -> str:
    """Return that the issuer did not withdraw the badge (2.0, Revoking an Assertion)."""
    if case.withdrawn is not None:
        raise RevokedError(f"the issuer withdrew the badge{_because(case.withdrawn)}")
    if case.signed:
        return _check_list(case)
    return f"the issuer's server still answers for {case.statement.id}"


def check_issued(case: Case) -> str:
    """Return when the badge was issued; a clock may be five minutes wrong."""
    issued = parse_time(case.statement.issued_on)
    if issued > case.now + MAX_SKEW:
        raise VerificationError(f"the badge claims to be issued later, on {issued.isoformat()}")
    return f"issued on {issued.isoformat()}"


def check_expiry(case: Case) -> str:
    """Return until when the badge holds."""
    if case.statement.expires is None:
        raise NotApplicableError("the badge does not expire")
    expires = parse_time(case.statement.expires)
    if expires <= case.now:
        raise ExpiredError(f"the badge expired on {expires.isoformat()}")
    return f"the badge holds until {expires.isoformat()}"


def check_recipient(case: Case) -> str:
    """Return which of the given identities the badge was awarded to."""
    if not case.recipients:
        raise NotApplicableError("no recipient was given to compare with")
    if case.subject != ASSERTION:
        raise NotApplicableError(f"{in_words(case.subject)} is awarded to nobody")
    case.recipient, notes = find_recipient(case.assertion.recipient, case.recipients)
    for text in notes:
        case.note(text)
    return f"the badge was awarded to {case.recipient}"


def _check_list(case: Case) -> str:
    url = case.issuer.revocation_list
    if url is None:
        raise NotApplicableError("the issuer keeps no revocation list, so it withdraws nothing")
    try:
        document = case.documents.object(url, REVOCATION_LIST)
        revocations = RevocationList.from_dict(document)
    except (MissingError, MalformedError) as error:
        # Whoever cannot read the list does not know whether the badge still holds.
        raise FetchError(f"revocation list: {error}") from error
    if revocations.issuer_id not in (None, case.issuer.id):
        case.note(f"revocation list {url} names another issuer, {revocations.issuer_id}")
    entry = revocations.find(case.statement.id)
    if entry is None and (case.upgraded or case.documents.version(url)):
        # Before 2.0 a list named assertions by their uid.
        entry = next(filter(None, (revocations.find("", uid) for uid in _uids(case))), None)
    if entry:
        reason = (entry.revocation_reason or "")[:300]
        raise RevokedError(f"the issuer's revocation list names the badge{_because(reason)}")
    return f"{url} does not name the badge"


def _uids(case: Case) -> list[str]:
    uid = case.statement.extra.get("uid")
    return [case.statement.id, *([uid] if isinstance(uid, str) else [])]


def _because(reason: str) -> str:
    return f": {reason}" if reason else ", without saying why"
