# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbadges.baking import png
from openbadges.errors import BakingError, NotBakedError

KEYWORD = "openbadges"
JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


HEADER = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
DATA = chunk(b"IDAT", zlib.compress(b"\0\0"))
END = chunk(b"IEND")
PNG = png.SIGNATURE + HEADER + chunk(b"tEXt", b"Title\0A rock") + DATA + END


def with_chunks(*chunks: bytes) -> bytes:
    return png.SIGNATURE + HEADER + b"".join(chunks) + DATA + END


def itxt(text: bytes, *, flag: bytes = b"\0", keyword: bytes = b"openbadges") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flag + b"\0" + b"\0\0" + text)


@pytest.mark.requirement("J2")
def test_a_badge_lies_uncompressed_right_behind_the_header() -> None:
    baked = png.bake(PNG, JWS, keyword=KEYWORD)
    assert baked == PNG.replace(HEADER, HEADER + itxt(JWS.encode()))


@pytest.mark.requirement("J3")
def test_baking_again_replaces() -> None:
    once = png.bake(PNG, JWS, keyword=KEYWORD)
    assert png.bake(png.bake(PNG, "other", keyword=KEYWORD), JWS, keyword=KEYWORD) == once


def test_baking_cleans_what_was_ambiguous() -> None:
    doubled = with_chunks(itxt(b"a"), itxt(b"b"), chunk(b"tEXt", b"openbadges\0https://a.org"))
    assert png.bake(doubled, JWS, keyword=KEYWORD) == with_chunks(itxt(JWS.encode()))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_text_comes_back(text: str) -> None:
    baked = png.bake(PNG, text, keyword=KEYWORD)
    assert png.unbake(baked, keyword=KEYWORD) == text
    assert baked.replace(itxt(text.encode()), b"", 1) == PNG


@pytest.mark.requirement("J2")
def test_language_and_translated_keyword_mean_nothing() -> None:
    content = b"openbadges\0\0\0de\0\xc3\xa9\0" + JWS.encode()
    assert png.unbake(with_chunks(chunk(b"iTXt", content)), keyword=KEYWORD) == JWS


@pytest.mark.requirement("J4")
def test_an_old_badge_holds_a_url() -> None:
    old = with_chunks(chunk(b"tEXt", b"openbadges\0https://a.org/1"))
    assert png.unbake(old, keyword=KEYWORD) == "https://a.org/1"


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(PNG, id="plain"),
        pytest.param(with_chunks(itxt(b"x", keyword=b"badge")), id="other-keyword"),
        pytest.param(with_chunks(itxt(b"x", keyword=b"openbadges2")), id="longer-keyword"),
    ],
)
def test_a_picture_without_a_badge_says_so(image: bytes) -> None:
    with pytest.raises(NotBakedError, match="no baked badge"):
        png.unbake(image, keyword=KEYWORD)


GOOD = png.bake(PNG, JWS, keyword=KEYWORD)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        pytest.param(b"", "no PNG", id="empty"),
        pytest.param(b"\xff\xd8\xff", "no PNG", id="jpeg"),
        pytest.param(GOOD[:-1], "cut off", id="one-byte-short"),
        pytest.param(GOOD[:40], "cut off", id="truncated"),
        pytest.param(png.SIGNATURE, "cut off", id="only-a-signature"),
        pytest.param(GOOD + b"<script>", "followed by 8 bytes", id="trailing-data"),
        pytest.param(GOOD.replace(b"IDAT", b"IDAX"), "checksum", id="bad-checksum"),
        pytest.param(GOOD.replace(JWS.encode(), JWS.encode()[::-1]), "checksum", id="changed"),
        pytest.param(
            png.SIGNATURE + HEADER + b"\x80\0\0\0iTXt" + b"\0" * 8, "lies", id="length-2-to-31"
        ),
        pytest.param(png.SIGNATURE + DATA + HEADER + END, "begin with", id="data-first"),
        pytest.param(with_chunks(HEADER), "two IHDR", id="two-headers"),
        pytest.param(
            png.SIGNATURE + chunk(b"IHDR", b"\0" * 12) + DATA + END, "13 bytes", id="header-size"
        ),
        pytest.param(with_chunks(chunk(b"i\0Xt")), "impossible", id="chunk-type"),
        pytest.param(
            with_chunks(chunk(b"teSt") * png.MAX_CHUNKS), "more than 50000", id="many-chunks"
        ),
        pytest.param(png.SIGNATURE + b"\0" * png.MAX_IMAGE, "larger than", id="too-large"),
    ],
)
@pytest.mark.requirement("J7")
def test_a_broken_picture_is_neither_baked_nor_read(image: bytes, reason: str) -> None:
    with pytest.raises(BakingError, match=reason):
        png.bake(image, JWS, keyword=KEYWORD)
    with pytest.raises(BakingError, match=reason):
        png.unbake(image, keyword=KEYWORD, thorough=True)
    with pytest.raises(BakingError, match=reason):
        png.check(image)


def test_reading_alone_checks_the_checksums_of_texts_only() -> None:
    damaged = GOOD.replace(b"IDAT", b"IDAX")
    assert png.unbake(damaged, keyword=KEYWORD) == JWS
    other_text = with_chunks(itxt(JWS.encode()), chunk(b"tEXt", b"Title\0A")[:-1] + b"?")
    with pytest.raises(BakingError, match="checksum"):
        png.unbake(other_text, keyword=KEYWORD)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        pytest.param((itxt(b"a"), itxt(b"b")), "ambiguous: it holds 2", id="two"),
        pytest.param((itxt(b"a"), itxt(b"a")), "holds 2", id="twice-the-same"),
        pytest.param((itxt(b"a"), chunk(b"tEXt", b"openbadges\0b")), "holds 2", id="two-kinds"),
        pytest.param(
            (itxt(zlib.compress(b"\0" * 10**7), flag=b"\1"),), "compressed", id="itxt-bomb"
        ),
        pytest.param(
            (chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(b"a")),), "compressed", id="ztxt"
        ),
        pytest.param((itxt(b"a", flag=b"\2"),), "broken", id="unknown-flag"),
        pytest.param((chunk(b"iTXt", b"openbadges\0\0\0\0"),), "broken", id="no-text-field"),
        pytest.param((chunk(b"iTXt", b"openbadges"),), "broken", id="only-a-keyword"),
        pytest.param((itxt(b"\xff"),), "not UTF-8", id="not-utf-8"),
        pytest.param((itxt(b""),), "must have 1 to", id="empty"),
        pytest.param((itxt(b"a" * (1024 * 1024 + 1)),), "must have 1 to", id="too-large"),
    ],
)
@pytest.mark.requirement("J3", "J7")
def test_a_doubtful_badge_is_refused(chunks: tuple[bytes, ...], reason: str) -> None:
    with pytest.raises(BakingError, match=reason):
        png.unbake(with_chunks(*chunks), keyword=KEYWORD)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a\0b", id="nul"),
        pytest.param("\ud800", id="surrogate"),
        pytest.param("a" * (1024 * 1024 + 1), id="too-large"),
    ],
)
def test_a_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(BakingError, match="text to bake"):
        png.bake(PNG, text, keyword=KEYWORD)


@pytest.mark.parametrize("keyword", ["", "x" * 80, "a\0b", "\u4e16"])
def test_an_impossible_keyword_is_refused(keyword: str) -> None:
    with pytest.raises(BakingError, match="keyword"):
        png.bake(PNG, JWS, keyword=keyword)
