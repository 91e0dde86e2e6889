# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from openbadges.baking import bake, media_type, unbake
from openbadges.errors import BakingError
from tests.shared import shared_path
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG

JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"


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
            b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>", "image/svg+xml", id="prefix"
        ),
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


def test_a_png_carries_two_badges_under_two_keywords() -> None:
    both = bake(bake(PNG, JWS), '{"a":1}', keyword="openbadgecredential")
    assert unbake(both) == JWS
    assert unbake(both, "openbadgecredential") == '{"a":1}'
    assert unbake(both, keyword="openbadgecredential") == '{"a":1}'


def test_an_svg_carries_open_badges_only() -> None:
    with pytest.raises(BakingError, match="openbadgecredential"):
        bake(SVG, JWS, keyword="openbadgecredential")
    with pytest.raises(BakingError, match="openbadgecredential"):
        unbake(SVG, keyword="openbadgecredential")


def test_real_pictures_survive_baking() -> None:
    baked = 0
    for path in sorted(shared_path("data/art").iterdir()):
        image = path.read_bytes()
        if b"<!DOCTYPE" in image[:2000]:
            with pytest.raises(BakingError, match="DOCTYPE"):
                bake(image, JWS)
            continue
        once = bake(image, JWS)
        assert unbake(once) == JWS
        assert bake(bake(image, '{"id":"urn:a"}'), JWS) == once
        baked += 1
    assert baked > 20
