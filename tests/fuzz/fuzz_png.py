# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any bytes as a PNG: baked, read, verified and uploaded."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress

from issuer.adapters.pictures import read_picture
from issuer.errors import InvalidInputError
from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, bake, unbake
from openbadges.baking.png import SIGNATURE
from openbadges.errors import BakingError
from tests.fuzz.world import judge, token
from tests.unit.openbadges.baking.test_png import PNG, chunk, itxt, with_chunks

WORDS = (b"IHDR", b"IDAT", b"IEND", b"iTXt", b"tEXt", b"zTXt", b"openbadges\0\0\0\0\0", b"acTL")


def seeds() -> list[bytes]:
    """Return pictures to begin with."""
    return [
        PNG,
        bake(PNG, token()),
        bake(bake(PNG, "{}"), token(), keyword=CREDENTIAL_KEYWORD),
        with_chunks(chunk(b"tEXt", b"openbadges\0https://badges.example.org/1")),
        with_chunks(itxt(b"x", flag=b"\1"), chunk(b"zTXt", b"openbadges\0\0x")),
        with_chunks(chunk(b"acTL", b"\0\0\0\1\0\0\0\0")),
    ]


def check(data: bytes) -> None:
    """Check what must hold for the bytes, and for the bytes with their checksums mended."""
    for image in (data, mended(data)):
        _check_baking(image)
        judge(image)
        with suppress(InvalidInputError):
            read_picture(image, "upload")


def mended(data: bytes) -> bytes:
    """Return the bytes as chunks whose lengths and checksums are right: changes get through."""
    whole = [SIGNATURE]
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + 8 + min(length, len(data) - position - 12)]
        body = kind + content
        whole += [struct.pack(">I", len(content)), body, struct.pack(">I", zlib.crc32(body))]
        position += 12 + len(content)
    return b"".join(whole)


def _check_baking(image: bytes) -> None:
    for keyword in (KEYWORD, CREDENTIAL_KEYWORD):
        with suppress(BakingError):
            unbake(image, keyword)
        try:
            baked = bake(image, token(), keyword=keyword)
        except BakingError:
            continue
        assert unbake(baked, keyword, thorough=True) == token()
        assert bake(baked, token(), keyword=keyword) == baked
