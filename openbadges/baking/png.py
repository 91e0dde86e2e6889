# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges inside PNG pictures, in a text chunk (Open Badges Baking Specification, PNG).

The chunks are walked here and not by a picture library: those let the second of two badges win
silently and ignore what follows the end.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from openbadges.errors import BakingError, NotBakedError
from openbadges.serialization import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_IMAGE: Final = 30 * 1024 * 1024
MAX_CHUNKS: Final = 50_000
_TEXT_CHUNKS = (b"iTXt", b"tEXt", b"zTXt")
# Length, type and checksum of a chunk; the length of IHDR's content.
_FRAME = 12
_HEADER_LENGTH = 13


class Chunk(NamedTuple):
    """One chunk of a PNG: its type, its content, and all its bytes."""

    type: bytes
    content: bytes
    whole: bytes


def bake(image: bytes, text: str, *, keyword: str) -> bytes:
    """Return the PNG with a text baked in, in place of any it held; other chunks stay as they are.

    The text goes into one uncompressed ``iTXt`` chunk right after the header.

    Raises `BakingError`: the picture is no sound PNG, or the text does not fit.
    """
    content = _encoded(text)
    if not content or len(content) > MAX_BYTES or b"\0" in content:
        raise BakingError(f"text to bake must have 1 to {MAX_BYTES} bytes and no NUL")
    # Keyword, compression flag and method, and an empty language and translated keyword.
    new = _chunk(b"iTXt", _keyword(keyword) + b"\0" + b"\0\0" + b"\0" + b"\0" + content)
    header, *rest = _chunks(image)
    kept = [chunk.whole for chunk in rest if not _is_named(chunk, _keyword(keyword))]
    return b"".join([SIGNATURE, header.whole, new, *kept])


def unbake(image: bytes, *, keyword: str) -> str:
    """Return the text baked into a PNG, from ``iTXt`` or the older ``tEXt``.

    Compressed text is refused and never unpacked: the specification forbids it, and it could
    expand without bound.

    Raises `NotBakedError`: nothing is baked in. Raises `BakingError`: the picture is no sound PNG,
    or holds two texts, a compressed one, or one that is not UTF-8.
    """
    found = [chunk for chunk in _chunks(image) if _is_named(chunk, _keyword(keyword))]
    if not found:
        raise NotBakedError(f"PNG holds no {keyword!r} text: it is a picture, but no baked badge")
    if len(found) > 1:
        raise BakingError(f"PNG holds {len(found)} {keyword!r} texts; one is allowed")
    return _text(found[0])


def check(image: bytes) -> None:
    """Look at every chunk of a PNG and its checksum.

    Raises `BakingError`: the picture is cut off, damaged, too large, or followed by other bytes.
    """
    for _ in _chunks(image):
        pass


def _text(chunk: Chunk) -> str:
    content = chunk.content.partition(b"\0")[2]
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


def _chunks(image: bytes) -> Iterator[Chunk]:
    """Walk the chunks of a PNG, and refuse one that is cut off, broken or continued."""
    if len(image) > MAX_IMAGE:
        raise BakingError(f"picture is larger than {MAX_IMAGE} bytes")
    if not image.startswith(SIGNATURE):
        raise BakingError("picture is no PNG")
    position, count, chunk = len(SIGNATURE), 0, None
    while chunk is None or chunk.type != b"IEND":
        chunk = _chunk_at(image, position)
        if (count == 0) != (chunk.type == b"IHDR"):
            raise BakingError("PNG must begin with its one IHDR chunk")
        position, count = position + len(chunk.whole), count + 1
        if count > MAX_CHUNKS:
            raise BakingError(f"PNG has more than {MAX_CHUNKS} chunks")
        yield chunk
    if position != len(image):
        raise BakingError(f"PNG is followed by {len(image) - position} bytes that do not belong")


def _chunk_at(image: bytes, position: int) -> Chunk:
    if position + _FRAME > len(image):
        raise BakingError("PNG is cut off")
    length, kind = struct.unpack_from(">I4s", image, position)
    end = position + _FRAME + length
    if end > len(image):
        raise BakingError("PNG is cut off, or a chunk lies about its length")
    whole = image[position:end]
    if zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:], "big"):
        raise BakingError("PNG is damaged: the checksum of a chunk is wrong")
    if not kind.isalpha() or (kind == b"IHDR" and length != _HEADER_LENGTH):
        raise BakingError("PNG has a chunk of an impossible type or size")
    return Chunk(kind, whole[8:-4], whole)


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def _is_named(chunk: Chunk, keyword: bytes) -> bool:
    return chunk.type in _TEXT_CHUNKS and chunk.content.partition(b"\0")[0] == keyword


def _keyword(keyword: str) -> bytes:
    try:
        name = keyword.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BakingError(f"PNG keyword {keyword!r} is not Latin-1") from error
    # PNG specification, 11.3.4.2.
    if not 1 <= len(name) <= 79 or not name.decode("latin-1").isprintable():
        raise BakingError(f"PNG keyword {keyword!r} must have 1 to 79 printable characters")
    return name
