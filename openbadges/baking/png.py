# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges inside PNG pictures, in a text chunk (Open Badges Baking Specification, PNG).

The chunks are walked here and not by a picture library: those let the second of two badges win
silently and ignore what follows the end. Nothing is copied on the way, so that a large picture
costs its own size once more and no more.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

from openbadges.errors import BakingError, NotBakedError
from openbadges.serialization import MAX_BYTES

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# The header is always the first chunk and always 13 bytes long.
START: Final = SIGNATURE + b"\0\0\0\x0dIHDR"
MAX_IMAGE: Final = 30 * 1024 * 1024
MAX_CHUNKS: Final = 50_000
_TEXT_CHUNKS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
# Length, type and checksum of a chunk.
_FRAME: Final = 12
_HEADER_END: Final = len(SIGNATURE) + _FRAME + 13
_head_at = struct.Struct(">I4s").unpack_from
_number_at = struct.Struct(">I").unpack_from


class Text(NamedTuple):
    """One text chunk under the keyword: its type and where all its bytes lie."""

    type: bytes
    start: int
    end: int


def bake(image: bytes, text: str, *, keyword: str) -> bytes:
    """Return the PNG with a text baked in, in place of any it held; other chunks stay as they are.

    The text goes into one uncompressed ``iTXt`` chunk right after the header.

    Raises `BakingError`: the picture is no sound PNG, or the text does not fit.
    """
    content = _encoded(text)
    if not content or len(content) > MAX_BYTES or b"\0" in content:
        raise BakingError(f"text to bake must have 1 to {MAX_BYTES} bytes and no NUL")
    name = _keyword(keyword)
    # Keyword, compression flag and method, and an empty language and translated keyword.
    new = _chunk(b"iTXt", name + b"\0" + b"\0\0" + b"\0" + b"\0" + content)
    pieces: list[memoryview] = []
    view, position = memoryview(image), 0
    for old in _texts(image, name, thorough=True):
        pieces.append(view[position : old.start])
        position = old.end
    pieces.append(view[position:])
    return b"".join([view[:_HEADER_END], new, pieces[0][_HEADER_END:], *pieces[1:]])


def unbake(image: bytes, *, keyword: str, thorough: bool = False) -> str:
    """Return the text baked into a PNG, from ``iTXt`` or the older ``tEXt``.

    Every chunk is walked and the checksums of text are checked; `thorough` checks those of all
    other chunks as well. Compressed text is refused and never unpacked: the specification forbids
    it, and it could expand without bound.

    Raises `NotBakedError`: nothing is baked in. Raises `BakingError`: the picture is no sound PNG,
    or holds two texts, a compressed one, or one that is not UTF-8.
    """
    found = _texts(image, _keyword(keyword), thorough=thorough)
    if not found:
        raise NotBakedError(f"PNG holds no {keyword!r} text: it is a picture, but no baked badge")
    if len(found) > 1:
        raise BakingError(
            f"PNG is ambiguous: it holds {len(found)} {keyword!r} texts; one is allowed"
        )
    return _text(image, found[0])


def check(image: bytes) -> None:
    """Look at every chunk of a PNG and its checksum.

    Raises `BakingError`: the picture is cut off, damaged, too large, or followed by other bytes.
    """
    _texts(image, b"", thorough=True)


def _text(image: bytes, chunk: Text) -> str:
    content = image[chunk.start + 8 : chunk.end - 4].partition(b"\0")[2]
    if chunk.type == b"zTXt":
        raise BakingError("PNG text is compressed (zTXt), which the specification forbids")
    if chunk.type == b"tEXt":
        return _decoded(content, "latin-1")
    flag, fields = content[:1], content[2:].split(b"\0", 2)
    if flag == b"\1":
        raise BakingError("PNG text is compressed (iTXt), which the specification forbids")
    if flag != b"\0" or len(fields) != len(("language", "translation", "text")):
        raise BakingError("PNG text chunk is broken")
    return _decoded(fields[2], "utf-8")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BakingError("text to bake holds a lone surrogate") from error


def _decoded(content: bytes, encoding: str) -> str:
    if not content or len(content) > MAX_BYTES:
        raise BakingError(f"PNG text must have 1 to {MAX_BYTES} bytes")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BakingError("PNG text is not UTF-8") from error


def _texts(image: bytes, keyword: bytes, *, thorough: bool) -> list[Text]:
    """Walk all chunks and return the texts under a keyword.

    A PNG that is cut off, broken or continued is refused.
    """
    size = _check_start(image)
    found: list[Text] = []
    position = count = 0
    end, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        position, count = end, count + 1
        if position + _FRAME > size:
            raise BakingError("PNG is cut off")
        length, kind = _head_at(image, position)
        end = position + _FRAME + length
        if end > size:
            raise BakingError("PNG is cut off, or a chunk lies about its length")
        is_text = kind in _TEXT_CHUNKS
        if is_text or thorough or not kind.isalpha():
            _check_chunk(image, position, end)
        if is_text and _is_named(image, position + 8, end - 4, keyword):
            found.append(Text(kind, position, end))
        if (kind == b"IHDR" and count > 1) or count > MAX_CHUNKS:
            raise BakingError(f"PNG has two IHDR chunks, or more than {MAX_CHUNKS} of any kind")
    if end != size:
        raise BakingError(f"PNG is followed by {size - end} bytes that do not belong")
    return found


def _check_start(image: bytes) -> int:
    if len(image) > MAX_IMAGE:
        raise BakingError(f"picture is larger than {MAX_IMAGE} bytes")
    if not image.startswith(SIGNATURE):
        raise BakingError("picture is no PNG")
    if not START.startswith(image[: len(START)]):
        raise BakingError("PNG must begin with its one IHDR chunk of 13 bytes")
    return len(image)


def _check_chunk(image: bytes, start: int, end: int) -> None:
    if not image[start + 4 : start + 8].isalpha():
        raise BakingError("PNG has a chunk of an impossible type")
    with memoryview(image) as view:
        checksum = zlib.crc32(view[start + 4 : end - 4])
    if (checksum,) != _number_at(image, end - 4):
        raise BakingError("PNG is damaged: the checksum of a chunk is wrong")


def _is_named(image: bytes, start: int, end: int, keyword: bytes) -> bool:
    """Whether the text between two places stands under a keyword, even if nothing follows it."""
    return image.startswith(keyword, start, end) and (
        start + len(keyword) == end or image[start + len(keyword)] == 0
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def _keyword(keyword: str) -> bytes:
    try:
        name = keyword.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BakingError(f"PNG keyword {keyword!r} is not Latin-1") from error
    # PNG specification, 11.3.4.2.
    if not 1 <= len(name) <= 79 or not name.decode("latin-1").isprintable():
        raise BakingError(f"PNG keyword {keyword!r} must have 1 to 79 printable characters")
    return name
