# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fonts that are shipped with us, and those of an operator: what they can write, and what not.

Whatever no font has is written in Latin letters, or left out: nobody is shown empty boxes.
"""

from __future__ import annotations

import hashlib
import io
import logging
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pymupdf_fonts
from anyascii import anyascii
from fontTools.ttLib import TTFont, TTLibError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

#: Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Thai and Georgian in one design; then more
#: Latin letters, and signs.
SHIPPED = ("figo", "notos", "symbol2")
BOLD = "figbo"
ENDINGS = (".ttf", ".otf")
MAX_FONTS = 20
MAX_FONT = 40 << 20
#: Characters that cannot be seen and shape their neighbours; left out where a font lacks them.
JOINERS = "\u200c\u200d"
#: No writing puts more marks on one letter; a pile of them would run over the whole page.
MOST_MARKS = 4


@dataclass(frozen=True)
class Font:
    """A font: its bytes and which letters it has."""

    name: str
    content: bytes
    letters: frozenset[int]

    def writes(self, letter: str) -> bool:
        """Whether it has a letter."""
        return ord(letter) in self.letters


def fonts(folder: Path | None) -> tuple[Font, ...]:
    """Return all fonts, those that are shipped first; one that cannot be used is logged."""
    own = tuple(_of_folder(folder)) if folder is not None else ()
    return (*(shipped(name) for name in SHIPPED), *own)


@lru_cache(maxsize=8)
def shipped(name: str) -> Font:
    """Return a font of the package that brings them."""
    content: bytes = pymupdf_fonts.myfont(name)
    return _read(name, content)


def _of_folder(folder: Path) -> Iterable[Font]:
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix.lower() in ENDINGS)
    except OSError as error:
        log.warning("font_folder: %s cannot be read: %s", folder, error.strerror)
        return
    for path in found[:MAX_FONTS]:
        try:
            about = path.stat()
            if about.st_size > MAX_FONT:
                log.warning("font_folder: %s is larger than %s bytes", path, MAX_FONT)
                continue
            yield _of_file(path, about.st_mtime_ns)
        except (OSError, TTLibError, KeyError, ValueError, AssertionError) as error:
            log.warning("font_folder: %s is no font that can be used: %s", path, error)


@lru_cache(maxsize=MAX_FONTS)
def _of_file(path: Path, _changed: int) -> Font:
    return _read(f"own-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}", path.read_bytes())


def _read(name: str, content: bytes) -> Font:
    with TTFont(io.BytesIO(content), lazy=True) as read:
        letters = frozenset(read.getBestCmap() or ())
    return Font(name, content, letters)


def writable(text: str, available: Sequence[Font]) -> str:
    """Return a text of letters that the fonts have; others are written in Latin letters."""
    written, marks = [], 0
    for letter in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(letter)[0]
        marks = marks + 1 if kind == "M" else 0
        if marks > MOST_MARKS:
            continue
        if letter.isspace():
            written.append(" ")
        elif kind == "C" and letter not in JOINERS:
            continue  # fonts have some of them, and no reader sees what they do
        elif any(font.writes(letter) for font in available):
            written.append(letter)
        elif kind not in "CM":
            # A picture is spelt between colons, with no space inside.
            latin = anyascii(letter).strip(":").replace("_", " ")
            written.append("".join(each for each in latin if each.isprintable()))
    return " ".join("".join(written).split())


def needed(texts: Iterable[str], available: Sequence[Font]) -> tuple[Font, ...]:
    """Return the fonts without which something could not be written, the first always."""
    missing = {letter for text in texts for letter in text if not letter.isspace()}
    chosen: list[Font] = []
    for font in available:
        has = {letter for letter in missing if font.writes(letter)}
        if has or not chosen:
            chosen.append(font)
        missing -= has
    return tuple(chosen)
