# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from openbadges.baking import CREDENTIAL_KEYWORD, bake, media_type, unbake
from openbadges.errors import BakingError, NotBakedError
from tests.shared import shared_path
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG

JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
CREDENTIAL = '{"type":["VerifiableCredential","OpenBadgeCredential"]}'
CREDENTIAL_JWT = "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoiT3BlbkJhZGdlQ3JlZGVudGlhbCJ9.c2ln"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(PNG, "image/png", id="png"),
        pytest.param(SVG, "image/svg+xml", id="svg"),
        pytest.param(b"\xef\xbb\xbf" + SVG, "image/svg+xml", id="byte-order-mark"),
        pytest.param(
            b"<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC 'a' 'b'>\n" + SVG,
            "image/svg+xml",
            id="prolog",
        ),
        pytest.param(
            b"<!DOCTYPE svg [<!ENTITY a '>'>]>" + SVG, "image/svg+xml", id="internal-subset"
        ),
        pytest.param(
            b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>", "image/svg+xml", id="prefix"
        ),
        pytest.param(SVG.decode().encode("utf-16"), "image/svg+xml", id="utf-16"),
        pytest.param(SVG.decode().encode("utf-16-be"), "image/svg+xml", id="utf-16-big-endian"),
    ],
)
def test_the_first_bytes_tell_the_kind(image: bytes, expected: str) -> None:
    assert media_type(image) == expected


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xd8\xff\xe0", id="jpeg"),
        pytest.param(b"garbage", id="text"),
        pytest.param(b"<html><svg/></html>", id="html"),
        pytest.param(b"<svgx/>", id="another-element"),
        pytest.param(b"<!-- " * 50_000, id="endless-comment"),
        pytest.param(b"<!---->" * 50_000, id="many-comments"),
        pytest.param(PNG[:8], id="only-a-signature"),
    ],
)
def test_what_is_neither_is_refused(image: bytes) -> None:
    with pytest.raises(BakingError, match="neither PNG nor SVG"):
        media_type(image)
    with pytest.raises(BakingError):
        bake(image, JWS)
    with pytest.raises(BakingError):
        unbake(image)


def test_both_kinds_are_baked_and_read() -> None:
    for image in (PNG, SVG):
        assert unbake(bake(image, JWS)) == JWS


@pytest.mark.parametrize("image", [pytest.param(PNG, id="png"), pytest.param(SVG, id="svg")])
@pytest.mark.parametrize(
    "credential", [pytest.param(CREDENTIAL_JWT, id="jwt"), pytest.param(CREDENTIAL, id="json")]
)
@pytest.mark.parametrize("assertion", [JWS, '{"id":"urn:a"}'])
def test_one_picture_carries_an_assertion_and_a_credential(
    image: bytes, credential: str, assertion: str
) -> None:
    both = bake(bake(image, assertion), credential, keyword=CREDENTIAL_KEYWORD)
    other_order = bake(bake(image, credential, keyword=CREDENTIAL_KEYWORD), assertion)
    for picture in (both, other_order):
        assert unbake(picture) == assertion
        assert unbake(picture, CREDENTIAL_KEYWORD) == credential
        again = bake(picture, "a.b.c")
        assert unbake(again) == "a.b.c"
        assert unbake(again, keyword=CREDENTIAL_KEYWORD) == credential
        renewed = bake(again, "d.e.f", keyword=CREDENTIAL_KEYWORD)
        assert unbake(renewed) == "a.b.c"
        assert unbake(renewed, CREDENTIAL_KEYWORD) == "d.e.f"
        assert len(bake(renewed, "a.b.c")) == len(renewed)


@pytest.mark.parametrize("image", [pytest.param(PNG, id="png"), pytest.param(SVG, id="svg")])
def test_a_picture_with_the_other_kind_is_no_badge_of_this_kind(image: bytes) -> None:
    with pytest.raises(NotBakedError):
        unbake(bake(image, JWS), CREDENTIAL_KEYWORD)
    with pytest.raises(NotBakedError):
        unbake(bake(image, CREDENTIAL_JWT, keyword=CREDENTIAL_KEYWORD))


def test_an_svg_carries_badges_only() -> None:
    with pytest.raises(BakingError, match="not 'badge'"):
        bake(SVG, JWS, keyword="badge")
    with pytest.raises(BakingError, match="not 'badge'"):
        unbake(SVG, keyword="badge")


def test_real_pictures_survive_baking() -> None:
    baked = 0
    for path in sorted(shared_path("data/art").iterdir()):
        image = path.read_bytes()
        once = bake(image, JWS)
        assert unbake(once, thorough=True) == JWS
        assert bake(bake(image, '{"id":"urn:a"}'), JWS) == once
        baked += 1
    assert baked > 30
