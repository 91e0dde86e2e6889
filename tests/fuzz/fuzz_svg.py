# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any bytes as an SVG: baked, read, verified and uploaded."""

from __future__ import annotations

from contextlib import suppress

from issuer.adapters import drawings
from issuer.errors import InvalidInputError
from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, bake, unbake
from openbadges.errors import BakingError
from tests.fuzz.world import judge, token
from tests.unit.openbadges.baking.test_svg import BADGES, SVG, around

HOSTED = '{"id":"https://badges.example.org/assertions/1"}'
WORDS = (
    *(b"<svg", b"xmlns", b"http://www.w3.org/2000/svg", b"http://openbadges.org", b"<![CDATA["),
    *(b"]]>", b"<!--", b"-->", b"<?", b"?>", b"<!DOCTYPE svg", b"[<!ENTITY a 'b'>]", b"&a;"),
    *(
        b"openbadges:assertion",
        b"verify=",
        b"https://purl.imsglobal.org/ob/v3p0",
        b"href=",
        b"url(",
    ),
    *(b"<image", b"<use", b"<text>", b"onload=", b"viewBox=", b"\xef\xbb\xbf", b"\xff\xfe"),
)


def seeds() -> list[bytes]:
    """Return pictures to begin with."""
    w3c = b'"-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"'
    return [
        SVG,
        bake(SVG, token()),
        bake(bake(SVG, HOSTED), token(), keyword=CREDENTIAL_KEYWORD),
        b"<?xml version='1.0'?><!DOCTYPE svg PUBLIC " + w3c + b">" + SVG,
        b"<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:g/></s:svg>",
        around("<g><openbadges:assertion>{}</openbadges:assertion></g>", BADGES),
        around('<image href="a.png"/><use href="#a"/><text>IV</text><g id="a" fill="url(#b)"/>'),
        SVG.decode().encode("utf-16"),
    ]


def check(data: bytes) -> None:
    """Check what must hold for the bytes, and for the bytes inside an SVG."""
    for image in (data, around("").replace(b"></svg>", b">" + data + b"</svg>")):
        _check_baking(image)
        judge(image)
        _check_cleaning(image)


def _check_baking(image: bytes) -> None:
    for keyword in (KEYWORD, CREDENTIAL_KEYWORD):
        with suppress(BakingError):
            unbake(image, keyword)
        for text in (token(), HOSTED):
            try:
                baked = bake(image, text, keyword=keyword)
            except BakingError:
                continue
            assert unbake(baked, keyword) == text
            assert bake(baked, text, keyword=keyword) == baked


def _check_cleaning(image: bytes) -> None:
    try:
        cleaned = drawings.clean(image, "upload")
    except InvalidInputError:
        return
    assert drawings.clean(cleaned, "upload") == cleaned
    assert b"<script" not in cleaned or b"<!--" in cleaned or b"CDATA" in cleaned
    drawings.letters(cleaned)
    assert unbake(bake(cleaned, token())) == token()
