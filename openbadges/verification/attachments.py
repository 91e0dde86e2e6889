# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps that look at what is attached to a badge: pictures and endorsements."""

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
    VerificationError,
)
from openbadges.models.kinds import is_url
from openbadges.serialization import MAX_BYTES
from openbadges.verification.cases import Case, NotApplicableError, in_words
from openbadges.verification.documents import MissingError
from openbadges.verification.reports import Verdict
from openbadges.vocabulary import ACCEPT_BADGE, ACCEPT_IMAGE, CONTEXT, ENDORSEMENT, PNG

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """Return that linked endorsements hold: each is judged as a badge is (2.0, Endorsement)."""
    if case.nested:
        raise NotApplicableError("endorsements of an endorser are not followed")
    links = list(_links(case))
    if not links:
        raise NotApplicableError("no endorsement is linked")
    for endorsed, link in links:
        _check_endorsement(case, endorsed, link)
    return f"{len(links)} linked endorsements hold"


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
    verdict, sentence = case.judge(inner)
    name = str(inner.raw.get("id") or link)[:80]
    if inner.subject not in ("", ENDORSEMENT):
        raise MalformedError(f"{name} is linked and no endorsement, but {in_words(inner.subject)}")
    if verdict is Verdict.UNVERIFIABLE:
        raise FetchError(f"endorsement {name}: {sentence}")
    if verdict is not Verdict.VALID or inner.found_endorsement is None:
        raise VerificationError(f"endorsement {name}: {sentence}")
    if inner.found_endorsement.claim.id != endorsed:
        case.note(f"endorsement {name} is linked from {endorsed}, and endorses something else")


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
