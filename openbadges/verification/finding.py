# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that find what is to be judged: in what was handed in, or at its own id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openbadges.errors import FetchError, OpenBadgesError, VerificationError
from openbadges.jsonld.loading import as_list
from openbadges.models import Assertion, Endorsement, Verification
from openbadges.models.kinds import is_url
from openbadges.serialization import loads_object
from openbadges.signing import read_token
from openbadges.verification.cases import STATEMENTS, in_words
from openbadges.verification.documents import GONE, GoneError, MissingError
from openbadges.verification.forms import NotABadgeError, check_is_badge, subject_of
from openbadges.verification.inputs import read_input
from openbadges.vocabulary import ACCEPT_BADGE, ASSERTION, ENDORSEMENT, HOSTED, SIGNED

if TYPE_CHECKING:
    from openbadges.verification.cases import Case


def read_source(case: Case) -> str:
    """Return what was handed in; an address is asked, once, for what lies there."""
    case.given = read_input(case.source)
    if not case.given.url:
        return f"this is {case.given.kind}"
    case.address = url = case.given.url
    if case.documents.answer(url, ACCEPT_BADGE).status == GONE:
        return f"{url} is a URL whose document was withdrawn"
    try:
        inside = read_input(case.documents.body(url, ACCEPT_BADGE))
    except MissingError as error:
        raise FetchError(f"{error}; there is nothing to judge") from error
    if inside.url:
        raise NotABadgeError(f"{url} answers with another URL and not with a badge")
    case.given = replace(inside, beside=(*case.given.beside, *inside.beside))
    if inside.document is not None and not inside.baked:
        case.documents.keep_parsed(url, inside.document)
    return f"{url} answers with {inside.kind}"


def find_subject(case: Case) -> str:
    """Return where the document was found: in the token it is signed in, or at its own id.

    A document that calls itself hosted is never believed as handed in; that
    holds for one inside a token as well.
    """
    if case.given.url:
        return _withdrawn(case, case.given.url)
    if case.given.token:
        case.token = read_token(case.given.token)
    given = loads_object(case.token.payload) if case.token else case.given.document or {}
    check_is_badge(given)
    place = "" if case.token or case.given.baked else case.address
    case.raw = case.documents.plain(given, ASSERTION, place)
    case.subject = _subject_of(case.raw)
    if case.subject not in STATEMENTS:
        if case.token or case.given.baked:
            raise NotABadgeError(f"this is {in_words(case.subject)}, and not the award of a badge")
        return _find_hosted(case)
    return _find_statement(case)


def _find_statement(case: Case) -> str:
    method = _method(case.raw)
    if method == SIGNED:
        if not case.token:
            raise VerificationError("the document says that it is signed, and has no signature")
        case.signed, case.upgraded = True, case.documents.version(case.raw.get("id"))
        if _is_revoked(case.raw):
            case.withdrawn = _reason(case.raw)
        return f"the token holds {in_words(case.subject)}"
    # What is withdrawn need not say how it was verified (Open Badges 2.0, Assertion.revoked).
    if method != HOSTED and (case.token or not _is_revoked(case.raw)):
        raise VerificationError(
            f"verification type {method[:60]!r} is neither {HOSTED} nor {SIGNED}, so that nothing "
            "proves the badge"
        )
    return _find_hosted(case)


def _find_hosted(case: Case) -> str:
    url = case.raw.get("id")
    if not isinstance(url, str) or not is_url(url):
        raise VerificationError("the badge is hosted, and its id is no URL where it could be read")
    if case.address and url not in (case.address, case.documents.answer(case.address).final_url):
        case.note(f"{case.address} names {url} as its id, so that one was judged")
    wanted = case.subject
    try:
        case.raw = case.documents.canonical(url, ASSERTION if wanted == ASSERTION else "")
        found = _subject_of(case.raw)
    except GoneError as error:
        return _withdrawn(case, error.url)
    except NotABadgeError as error:
        raise VerificationError(f"{url} holds no badge: {error}") from error
    if found != wanted:
        raise VerificationError(f"{url} holds no badge: this is {in_words(found)}")
    case.upgraded = case.documents.version(case.raw.get("id"))
    if _is_revoked(case.raw):
        case.withdrawn, case.bare = _reason(case.raw), _is_stub(case.raw, found)
    if not case.bare and wanted in STATEMENTS and _method(case.raw) != HOSTED:
        raise VerificationError(f"{url} does not say that it is verified by being hosted")
    return f"{case.raw['id']} holds {in_words(found)}"


def _withdrawn(case: Case, url: str) -> str:
    """Take note of status 410; the body is optional and only read for the reason."""
    try:
        stub = loads_object(case.documents.answer(url).body)
    except OpenBadgesError:
        stub = {}
    case.withdrawn, case.bare = _reason(stub), True
    return f"{url} answers 410: its issuer withdrew it"


def _subject_of(document: dict[str, Any]) -> str:
    """Return the class of a document; a withdrawn badge need not say that it was one."""
    bare = document.get("type") is None and _is_revoked(document)
    return ASSERTION if bare else subject_of(document)


def _is_revoked(document: dict[str, Any]) -> bool:
    given = as_list(document.get("revoked"))
    return len(given) == 1 and given[0] is True


def _is_stub(document: dict[str, Any], subject: str) -> bool:
    """Say whether a withdrawn document leaves out what it had to say before.

    One that still says all of it is judged like any other: whoever forges a badge cannot have it
    called the issuer's by withdrawing it.
    """
    model = Endorsement if subject == ENDORSEMENT else Assertion
    return any(
        not (as_list(document.get(item.name)) or as_list(document.get(item.alias)))
        for item in model.PROPERTIES
        if item.required
    )


def _reason(document: dict[str, Any]) -> str:
    reasons = as_list(document.get("revocationReason"))
    return reasons[0][:300] if len(reasons) == 1 and isinstance(reasons[0], str) else ""


def _method(document: dict[str, Any]) -> str:
    """Return how a document says it is verified; whatever cannot be read is no method."""
    given = document.get("verification")
    given = document.get("verify") if given is None else given
    given = given[0] if isinstance(given, list) and len(given) == 1 else given
    kind = given.get("type") if isinstance(given, dict) else None
    kind = kind[0] if isinstance(kind, list) and len(kind) == 1 else kind
    return Verification(type=kind).method if isinstance(kind, str) else ""
