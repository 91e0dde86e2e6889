# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks through a git pack before it is unpacked: what it would become is told and bounded."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

MAX_BYTES = 100 << 20
MAX_OBJECTS = 50_000
OFS_DELTA, REF_DELTA = 6, 7
CHUNK = 64 << 10


class LimitError(Exception):
    """A repository is larger, deeper or other than it may be."""


def check_pack(stream: BinaryIO, *, most: int = MAX_OBJECTS) -> None:
    """Raise `LimitError` for a pack whose objects are too many, too large or not what they say.

    A few bytes may unpack to gigabytes, compressed or as the copies that a delta makes.
    """
    reader = _Reader(stream)
    if reader.take(4) != b"PACK" or int.from_bytes(reader.take(4), "big") not in {2, 3}:
        raise LimitError("the answer is no pack")
    count = int.from_bytes(reader.take(4), "big")
    if count > most:
        raise LimitError(f"it holds more than {most} objects")
    total = 0
    for _ in range(count):
        total += _object(reader)
        if total > MAX_BYTES:
            raise LimitError(f"it unpacks to more than {MAX_BYTES >> 20} MiB")


def _object(reader: _Reader) -> int:
    """Read over one object; return how large it becomes."""
    byte = reader.byte()
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80 and shift < 64:
        byte = reader.byte()
        size |= (byte & 0x7F) << shift
        shift += 7
    if kind == REF_DELTA:
        reader.take(20)
    elif kind == OFS_DELTA:
        while reader.byte() & 0x80:
            pass
    if size > MAX_BYTES:
        raise LimitError(f"an object is larger than {MAX_BYTES >> 20} MiB")
    start = reader.inflate(size)
    if kind not in {REF_DELTA, OFS_DELTA}:
        return size
    base, place = _varint(start, 0)
    result, _ = _varint(start, place)
    return max(base, result) + size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place
    raise LimitError("a delta is damaged")


class _Reader:
    """Reads a file bytewise, and what is compressed in it without keeping it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._data = b""

    def take(self, size: int) -> bytes:
        while len(self._data) < size:
            more = self._stream.read(CHUNK)
            if not more:
                raise LimitError("the pack is cut off")
            self._data += more
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def inflate(self, size: int) -> bytes:
        """Read over compressed data of a size; return how it begins."""
        unpacking, length, start = zlib.decompressobj(), 0, b""
        while not unpacking.eof:
            data = unpacking.unconsumed_tail or self.take(1) + self._rest()
            part = unpacking.decompress(data, CHUNK)
            start += part[: max(0, 40 - len(start))]
            length += len(part)
            if length > size:
                raise LimitError("an object is larger than it says")
        if length != size:
            raise LimitError("an object is smaller than it says")
        self._data = unpacking.unused_data + self._data
        return start

    def _rest(self) -> bytes:
        rest, self._data = self._data, b""
        return rest
