# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that look at what is attached to a badge: pictures, endorsements, a second form."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from openbadges.baking import media_type, png, unbake
from openbadges.errors import (
    BakingError,
    FetchError,
    MalformedError,
    NotBakedError,
    OpenBadgesError,
    VerificationError,
)
from openbadges.models.kinds import is_url
from openbadges.ob3 import judging
from openbadges.serialization import MAX_BYTES
from openbadges.verification import sentences
from openbadges.verification.cases import (
    Case,
    ExpiredError,
    NotApplicableError,
    RevokedError,
    in_words,
)
from openbadges.verification.documents import MissingError
from openbadges.verification.reports import Endorsed, Verdict
from openbadges.vocabulary import ACCEPT_BADGE, ACCEPT_IMAGE, CONTEXT, ENDORSEMENT, PNG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

#: A badge that links more is not followed to the end.
MAX_ENDORSEMENTS: Final = 20
_BESIDE: dict[Verdict, type[OpenBadgesError]] = {
    Verdict.UNVERIFIABLE: FetchError,
    Verdict.REVOKED: RevokedError,
    Verdict.EXPIRED: ExpiredError,
}


def check_image(case: Case) -> str:
    """Return what the picture of the badge class is; its bytes decide (BadgeClass).

    The picture of the assertion may be out of reach, but if it is there it is PNG or SVG as well.
    """
    if case.found_badge is None:
        raise NotApplicableError(f"{in_words(case.subject)} has no picture that counts")
    url = case.badge.image.id
    if url[:5].lower() == "data:":
        kind = _embedded_media_type(url)
    elif is_url(url):
        kind = _media_type(case.documents.body(url, ACCEPT_IMAGE), url)
    else:
        raise VerificationError(f"picture {url} has no URL where it could be read")
    _check_baked_image(case)
    return f"the picture of the badge is {kind}"


def check_links(case: Case) -> str:
    """Return that all which comes with the badge holds: each is judged as a badge is.

    That is what endorses it (2.0, Endorsement), and its other form in the same picture: whoever
    reads that one there must not be told something else (3.0, Baking).
    """
    if case.nested:
        raise NotApplicableError("endorsements of an endorser are not followed")
    links = list(_links(case))
    if not links and not case.given.beside:
        raise NotApplicableError("no endorsement is linked")
    for text in case.given.beside:
        _check_beside(case, text)
    trouble: OpenBadgesError | None = None
    for endorsed, link in links[:MAX_ENDORSEMENTS]:
        try:
            _check_endorsement(case, endorsed, link)
        except OpenBadgesError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    if len(links) > MAX_ENDORSEMENTS:
        raise FetchError(f"the badge links more than {MAX_ENDORSEMENTS} endorsements")
    held = [f"{len(links)} linked endorsements hold"] if links else []
    beside = ["the credential of version 3.0 beside it holds"] if case.given.beside else []
    return ", ".join([*held, *beside])


def _check_baked_image(case: Case) -> None:
    picture = case.found_assertion.image if case.found_assertion else None
    if picture is None:
        return
    try:
        body = case.documents.body(picture.id, ACCEPT_IMAGE)
    except (FetchError, MissingError) as error:
        case.note(f"the picture of this award cannot be had: {error}")
        return
    _media_type(body, picture.id)
    try:
        unbake(body)
    except NotBakedError:
        case.note(f"nothing is baked into {picture.id}, the picture of this award")
    except BakingError as error:
        case.note(f"{picture.id}, the picture of this award: {error}")


def _media_type(body: bytes, url: str) -> str:
    try:
        kind = media_type(body)
        if kind == PNG:
            png.check(body)
        return kind
    except BakingError as error:
        raise VerificationError(f"{url[:100]}: {error}") from error


def _embedded_media_type(uri: str) -> str:
    """Return what an embedded picture is; here the badge itself says it, so that must be true."""
    kind = _media_type(_data_uri(uri), uri)
    named = uri.partition(":")[2].partition(",")[0].partition(";")[0].lower()
    if named != kind:
        raise VerificationError(f"{uri[:100]}: the picture calls itself {named} and is {kind}")
    return kind


def _links(case: Case) -> Iterator[tuple[str, Any]]:
    parts = (case.found_assertion, case.found_badge, case.found_issuer)
    for part in parts:
        given = part.extra.get("endorsement") if part else None
        for link in given if isinstance(given, list) else [] if given is None else [given]:
            yield (part.id if part else "", link)


def _check_endorsement(case: Case, endorsed: str, link: Any) -> None:
    if isinstance(link, dict) and link.keys() == {"id"}:
        link = link["id"]
    if isinstance(link, dict):
        link = {"@context": CONTEXT, **link}
    elif not is_url(link):
        raise MalformedError(f"endorsement {str(link)[:80]!r} is no URL")
    else:
        case.documents.body(link, ACCEPT_BADGE)
    inner = Case(
        source=link,
        now=case.now,
        recipients=(),
        documents=case.documents,
        judge=case.judge,
        nested=True,
    )
    verdict, reason = case.judge(inner)
    name = str(inner.raw.get("id") or link)[:80]
    _list(case, inner, verdict, reason)
    if inner.subject not in ("", ENDORSEMENT):
        raise MalformedError(f"{name} is linked and no endorsement, but {in_words(inner.subject)}")
    if verdict is Verdict.UNVERIFIABLE:
        raise FetchError(f"endorsement {name}: {reason}")
    if verdict is not Verdict.VALID or inner.found_endorsement is None:
        raise VerificationError(f"endorsement {name}: {reason}")
    if inner.found_endorsement.claim.id != endorsed:
        case.note(f"endorsement {name} is linked from {endorsed}, and endorses something else")


def _check_beside(case: Case, text: str) -> None:
    found = judging.find(text, case.documents)
    if found is None:
        raise VerificationError("beside the badge the picture holds what is no credential of 3.0")
    report = judging.judge(found, case.documents, now=case.now, recipients=case.recipients)
    if report.verdict is not Verdict.VALID:
        error = _BESIDE.get(report.verdict, VerificationError)
        raise error(f"the credential of version 3.0 in the same picture: {report.sentence}")


def _list(case: Case, inner: Case, verdict: Verdict, reason: str) -> None:
    """Take note of what an endorser says, if it could be read at all."""
    found = inner.found_endorsement
    if found is None:
        return
    name = (inner.found_issuer.name if inner.found_issuer else None) or found.issuer_id
    case.endorsements.append(
        Endorsed(
            id=found.id,
            endorsed=found.claim.id,
            issuer=found.issuer_id,
            issuer_name=name,
            comment=found.claim.comment or "",
            issued_on=found.issued_on,
            verdict=verdict,
            sentence=sentences.sentence(inner, verdict, reason),
        )
    )


def _data_uri(uri: str) -> bytes:
    head, comma, content = uri.partition(",")
    if not comma or len(content) > MAX_BYTES:
        raise MalformedError("BadgeClass.image is no data URI that can be read")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(content)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("BadgeClass.image is no base64") from error
