# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import zlib

import pytest

from issuer.adapters import packs
from issuer.adapters.packs import LimitError, check_pack

BLOB = 3
TRAILER = b"\0" * 20


def number(value: int) -> bytes:
    """Return a number of a delta."""
    found = b""
    while value >= 0x80:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def entry(kind: int, data: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    size = len(data) if size is None else size
    first, rest = size & 15, size >> 4
    head = bytes([kind << 4 | first | (0x80 if rest else 0)]) + (number(rest) if rest else b"")
    return head + base + zlib.compress(data)


def pack(*entries: bytes, count: int | None = None) -> io.BytesIO:
    number_ = len(entries) if count is None else count
    head = b"PACK" + (2).to_bytes(4, "big") + number_.to_bytes(4, "big")
    return io.BytesIO(head + b"".join(entries) + TRAILER)


DELTA = number(5) + number(5) + b"\x90\x05"


def test_a_sound_pack_passes() -> None:
    check_pack(
        pack(
            entry(BLOB, b""),
            entry(BLOB, b"x" * 300_000),
            entry(packs.OFS_DELTA, DELTA, base=b"\x81\x02"),
            entry(packs.REF_DELTA, DELTA, base=b"r" * 20),
        )
    )


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (io.BytesIO(b"NOPE" + b"\0" * 8), "no pack"),
        (io.BytesIO(b"PACK\0\0\0\x09\0\0\0\0"), "no pack"),
        (io.BytesIO(b"PA"), "cut off"),
        (pack(count=packs.MAX_OBJECTS + 1), "more than"),
        (pack(count=7), "cut off|decompressing"),
        (pack(entry(BLOB, b"x", size=1 << 40)), "larger than 100 MiB"),
        (pack(entry(BLOB, b"x" * 99, size=9)), "larger than it says"),
        (pack(entry(BLOB, b"x", size=9)), "smaller than it says"),
        (pack(entry(packs.REF_DELTA, b"\x80", base=b"r" * 20)), "delta is damaged"),
        (
            pack(entry(packs.REF_DELTA, number(5) + number(1 << 40), base=b"r" * 20)),
            "unpacks to more than 100 MiB",
        ),
    ],
    ids=["other", "version", "short", "many", "cut", "huge", "more", "less", "delta", "copies"],
)
def test_a_hostile_pack_is_refused_before_it_is_unpacked(stream: io.BytesIO, said: str) -> None:
    with pytest.raises((LimitError, zlib.error), match=said):
        check_pack(stream)


def test_a_bomb_is_refused_without_unpacking_it_whole() -> None:
    bomb = entry(BLOB, b"\0" * (8 << 20), size=100)
    with pytest.raises(LimitError, match="larger than it says"):
        check_pack(pack(bomb))


def test_many_objects_may_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MAX_BYTES", 1_000)
    with pytest.raises(LimitError, match="unpacks to more"):
        check_pack(pack(*[entry(BLOB, b"x" * 400)] * 3))
