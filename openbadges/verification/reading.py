# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that find and read the documents of a badge."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from openbadges.baking import media_type
from openbadges.errors import (
    BakingError,
    FetchError,
    MalformedError,
    OpenBadgesError,
    VerificationError,
)
from openbadges.models import Assertion, BadgeClass, Profile, Verification
from openbadges.models.base import type_names
from openbadges.models.kinds import is_url
from openbadges.serialization import MAX_BYTES, loads_object
from openbadges.signing import peek
from openbadges.verification.cases import NotApplicableError
from openbadges.verification.documents import GONE, GoneError, MissingError
from openbadges.verification.forms import NotABadgeError, check_form, check_is_assertion
from openbadges.verification.inputs import read_input
from openbadges.vocabulary import ACCEPT_BADGE, ACCEPT_IMAGE, ENDORSEMENT, HOSTED, SIGNED

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
    case.given = inside
    return f"{url} answers with {inside.kind}"


def find_assertion(case: Case) -> str:
    """Return where the assertion was found: in the token it is signed in, or at its own id.

    A document that calls itself hosted is never believed as handed in; that
    holds for one inside a token as well.
    """
    if case.given.url:
        return _withdrawn(case, case.given.url)
    case.token = case.given.token
    case.raw = loads_object(peek(case.token)[1]) if case.token else case.given.document or {}
    check_is_assertion(case.raw)
    check_form(case.raw)
    method = _method(case.raw)
    if method == SIGNED:
        if not case.token:
            raise VerificationError("the document says that it is signed, and has no signature")
        case.signed = True
        return "the assertion is the content of the token"
    if method != HOSTED:
        raise VerificationError(
            f"verification type {method[:60]!r} is neither {HOSTED} nor {SIGNED}, so that nothing "
            "proves the badge"
        )
    return _find_hosted(case)


def read_assertion(case: Case) -> str:
    """Return that the assertion holds all it must."""
    case.found_assertion = Assertion.from_dict(_detached(case.raw, "badge"))
    return "all properties of the assertion are there and sound"


def read_badge(case: Case) -> str:
    """Return which badge was awarded: the class at its own id, or one inside a signed assertion."""
    embedded = case.assertion.badge
    if isinstance(embedded, BadgeClass):
        if not case.signed:
            raise VerificationError(f"badge class {embedded.id} is hosted nowhere")
        case.found_badge, case.raw_badge = embedded, case.raw["badge"]
        return "the badge class is part of the signed assertion"
    if not is_url(embedded):
        raise VerificationError(f"badge class {embedded} has no URL where it could be read")
    case.raw_badge = case.documents.canonical(embedded)
    case.found_badge = BadgeClass.from_dict(_detached(case.raw_badge, "issuer"))
    return f"{case.found_badge.id} holds a sound badge class"


def read_issuer(case: Case) -> str:
    """Return who issued the badge, always from the profile at its own URL (Signed Verification)."""
    url = case.badge.issuer_id
    if not is_url(url):
        raise VerificationError(f"issuer {url} has no URL where its profile could be read")
    case.raw_issuer = case.documents.canonical(url)
    case.found_issuer = Profile.from_dict(case.raw_issuer)
    return f"{case.found_issuer.id} holds a sound profile"


def check_image(case: Case) -> str:
    """Return what the picture of the badge class is; its bytes decide (BadgeClass)."""
    url = case.badge.image.id
    if url.startswith("data:"):
        body = _data_uri(url)
    elif is_url(url):
        body = case.documents.body(url, ACCEPT_IMAGE)
    else:
        raise VerificationError(f"picture {url} has no URL where it could be read")
    try:
        return f"the picture of the badge is {media_type(body)}"
    except BakingError as error:
        raise VerificationError(f"{url[:100]}: {error}") from error


def check_links(case: Case) -> str:
    """Return that linked endorsements are there; they are not judged."""
    parts = (case.assertion, case.badge, case.issuer)
    links = [link for part in parts for link in _values(part.extra.get("endorsement"))]
    if not links:
        raise NotApplicableError("no endorsement is linked")
    for link in links:
        document = link if isinstance(link, dict) else case.documents.object(str(link))
        if ENDORSEMENT not in type_names(document.get("type"), ENDORSEMENT):
            raise MalformedError(f"{str(document.get('id'))[:80]} is linked and no endorsement")
    return f"{len(links)} linked endorsements are available; what they claim is not judged"


def _find_hosted(case: Case) -> str:
    url = case.raw.get("id")
    if not isinstance(url, str) or not is_url(url):
        raise VerificationError("the badge is hosted, and its id is no URL where it could be read")
    if case.address and url not in (case.address, case.documents.answer(case.address).final_url):
        case.note(f"{case.address} names {url} as its id, so that one was judged")
    try:
        case.raw = case.documents.canonical(url)
        check_is_assertion(case.raw)
    except GoneError as error:
        return _withdrawn(case, error.url)
    except NotABadgeError as error:
        raise VerificationError(f"{url} holds no badge: {error}") from error
    if case.raw.get("revoked") is True:
        case.withdrawn = _reason(case.raw)
    elif _method(case.raw) != HOSTED:
        raise VerificationError(f"{url} does not say that it is verified by being hosted")
    return f"{case.raw['id']} holds the assertion"


def _withdrawn(case: Case, url: str) -> str:
    """Take note of status 410; the body is optional and only read for the reason."""
    try:
        stub = loads_object(case.documents.answer(url).body)
    except OpenBadgesError:
        stub = {}
    case.withdrawn = _reason(stub)
    return f"{url} answers 410: its issuer withdrew it"


def _reason(document: dict[str, Any]) -> str:
    reason = document.get("revocationReason")
    return reason[:300] if isinstance(reason, str) else ""


def _method(document: dict[str, Any]) -> str:
    """Return how an assertion says it is verified; whatever cannot be read is no method."""
    given = document.get("verification", document.get("verify"))
    given = given[0] if isinstance(given, list) and len(given) == 1 else given
    kind = given.get("type") if isinstance(given, dict) else None
    kind = kind[0] if isinstance(kind, list) and len(kind) == 1 else kind
    return Verification(type=kind).method if isinstance(kind, str) else ""


def _detached(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the document with its embedded object replaced by the URL of the true one."""
    embedded = document.get(name)
    url = embedded.get("id") if isinstance(embedded, dict) else None
    return {**document, name: url} if is_url(url) else document


def _data_uri(uri: str) -> bytes:
    head, comma, content = uri.partition(",")
    if not comma or len(content) > MAX_BYTES:
        raise MalformedError("BadgeClass.image is no data URI that can be read")
    if not head.endswith(";base64"):
        return unquote_to_bytes(content)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("BadgeClass.image is no base64") from error


def _values(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
