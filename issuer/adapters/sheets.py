# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sheets of paper (PDF) that bring people to an invitation: a poster, or cards to cut out."""

from __future__ import annotations

import io
import logging
import tempfile
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf_fonts
from anyascii import anyascii
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from PIL import Image

from issuer.adapters import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# It tells of each table of a font that is left out.
logging.getLogger("fontTools").setLevel(logging.ERROR)

#: Width and height in millimetres.
PAPERS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
MARGIN = 18.0
FONT = "words"
#: Noto Sans knows the letters of most languages of Europe, and Vietnamese.
STYLES = {"": "notos", "B": "notosbo"}
INK, MUTED, RIM, CUT = (22, 34, 63), (79, 93, 124), (60, 110, 180), (150, 160, 180)
#: A card as those for business: two beside each other, five below each other.
CARD = (85.0, 54.0)
COLUMNS, ROWS = 2, 5
CARD_SCALE = 4  # pixels of a module: about 135 an inch, and there may be hundreds
LARGEST_CODE = 100.0
BELOW_CODE = 70.0  # for what to do, and the foot
PICTURE_PIXELS, CARD_PIXELS = 640, 240
MAX_LINE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands on a sheet, in the language of whoever prints it."""

    site: str
    title: str  # the name of the badge
    lead: str  # what it is for
    steps: tuple[str, ...]  # what to do
    address: str  # what stands before the address
    until: str = ""
    language: str = "en"


class _Sheet(FPDF):
    """A document that breaks each text into lines once, however often it is written."""

    def __init__(self, paper: str) -> None:
        super().__init__(unit="mm", format=PAPERS[paper])
        self._broken: dict[tuple[object, ...], list[str]] = {}
        self._widths: dict[tuple[str, float, str], float] = {}

    def broken(self, text: str, room: float, most: int) -> list[str]:
        """Return the lines of a text in the font that is set; the last may end in three dots."""
        key = (self.font_style, self.font_size_pt, text, room, most)
        if key not in self._broken:
            lines = self._lines(readable(text)[:MAX_LINE], room)
            if len(lines) > most:
                lines[most - 1 :] = [self._cut(lines[most - 1], room)]
            self._broken[key] = lines
        return self._broken[key]

    def _lines(self, text: str, room: float) -> list[str]:
        """Break a text between words, and within a word that is wider than all the room."""
        lines, line = [], ""
        for word in text.split(" "):
            together = f"{line} {word}" if line else word
            if self._fitting(together, room) == len(together):
                line = together
                continue
            if line:
                lines.append(line)
            line = word
            while (fits := self._fitting(line, room)) < len(line):
                lines.append(line[:fits])
                line = line[fits:]
        return [*lines, line]

    def _cut(self, line: str, room: float) -> str:
        return line[: self._fitting(line, room - self._width("…"))].rstrip() + "…"

    def _fitting(self, line: str, room: float) -> int:
        """Return how many letters of a line fit; at least one, so that there is an end."""
        wide = 0.0
        for place, letter in enumerate(line):
            wide += self._width(letter)
            if wide > room:
                return max(place, 1)
        return len(line)

    def _width(self, letter: str) -> float:
        # Letters stand beside each other without kerning: a line is as wide as all of them.
        key = (self.font_style, self.font_size_pt, letter)
        if key not in self._widths:
            self._widths[key] = self.get_string_width(letter)
        return self._widths[key]


def poster(words: Words, art: bytes, link: str, paper: str) -> bytes:
    """Return one page for a wall: the picture, the name, the code, and what to do."""
    with _begun(words, paper) as pdf:
        pdf.add_page()
        _post(pdf, words, _small(art, PICTURE_PIXELS), link, PAPERS[paper])
        return bytes(pdf.output())


def cards(words: Words, art: bytes, links: Sequence[str], paper: str) -> bytes:
    """Return pages of cards, one for each link, with lines to cut along."""
    picture = _small(art, CARD_PIXELS)
    with _begun(words, paper) as pdf:
        for number, link in enumerate(links):
            place = number % (COLUMNS * ROWS)
            if place == 0:
                pdf.add_page()
                _cutting_lines(pdf, paper)
            left, top = _corner(paper, place)
            _card(pdf, words, picture, link, left, top)
        return bytes(pdf.output())


def readable(text: str) -> str:
    """Return a text in letters that the font has; others are written as they sound in Latin."""
    letters = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(each if ord(each) in _letters() else _latin(each) for each in letters)


@contextmanager
def _begun(words: Words, paper: str) -> Iterator[_Sheet]:
    """Give an empty document; its fonts lie in files until it is written."""
    pdf = _Sheet(paper)
    pdf.set_auto_page_break(auto=False)
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    pdf.set_title(readable(words.title))
    pdf.set_creator(words.site)
    pdf.set_lang(words.language)
    with tempfile.TemporaryDirectory() as folder:
        for style, name in STYLES.items():
            path = Path(folder) / f"{name}.ttf"
            path.write_bytes(pymupdf_fonts.myfont(name))
            pdf.add_font(FONT, style, path)
        yield pdf


def _post(
    pdf: _Sheet, words: Words, picture: Image.Image, link: str, size: tuple[float, float]
) -> None:
    width, height = size
    side = 66.0
    pdf.image(picture, x=(width - side) / 2, y=MARGIN, w=side, h=side)
    pdf.set_y(MARGIN + side + 6)
    _centred(pdf, words.title, 28, bold=True, lines=2)
    _centred(pdf, words.lead, 13, colour=MUTED, lines=3)
    top = pdf.get_y() + 4
    code = min(LARGEST_CODE, height - top - BELOW_CODE)
    pdf.image(codes.printed(link), x=(width - code) / 2, y=top, w=code, h=code)
    pdf.set_y(top + code + 3)
    for number, step in enumerate(words.steps, 1):
        _centred(pdf, f"{number}. {step}", 14, lines=2)
    pdf.ln(3)
    _centred(pdf, f"{words.address} {link}", 10, colour=MUTED, lines=2)
    if words.until:
        _centred(pdf, words.until, 11, bold=True, lines=1)
    pdf.set_fill_color(*RIM)
    pdf.rect(0, height - 6, width, 6, style="F")
    pdf.set_y(height - 15)
    _centred(pdf, words.site, 11, colour=MUTED, lines=1)


def _card(
    pdf: _Sheet, words: Words, picture: Image.Image, link: str, left: float, top: float
) -> None:
    code, art = 34.0, 16.0
    drawn = codes.printed(link, CARD_SCALE)
    pdf.image(drawn, x=left + CARD[0] - code - 3, y=top + 3, w=code, h=code)
    pdf.image(picture, x=left + 5, y=top + 4, w=art, h=art)
    room = CARD[0] - code - 11
    pdf.set_xy(left + 5, top + 21)
    _block(pdf, words.title, 10, room, bold=True, lines=2)
    _block(pdf, words.steps[0], 8, room, colour=MUTED, lines=2)
    pdf.set_xy(left + 5, top + 41)
    _block(pdf, link, 6.5, CARD[0] - 10, lines=2)
    _block(pdf, f"{words.site}   {words.until}".strip(), 7, CARD[0] - 10, colour=MUTED, lines=1)


def _cutting_lines(pdf: _Sheet, paper: str) -> None:
    width, height = PAPERS[paper]
    left, top = _corner(paper, 0)
    pdf.set_draw_color(*CUT)
    pdf.set_line_width(0.15)
    pdf.set_dash_pattern(dash=1.5, gap=1.5)
    for column in range(COLUMNS + 1):
        pdf.line(left + column * CARD[0], 0, left + column * CARD[0], height)
    for row in range(ROWS + 1):
        pdf.line(0, top + row * CARD[1], width, top + row * CARD[1])
    pdf.set_dash_pattern()


def _corner(paper: str, place: int) -> tuple[float, float]:
    """Return the upper left corner of a card."""
    width, height = PAPERS[paper]
    row, column = divmod(place, COLUMNS)
    left = (width - COLUMNS * CARD[0]) / 2 + column * CARD[0]
    return left, (height - ROWS * CARD[1]) / 2 + row * CARD[1]


def _centred(
    pdf: _Sheet,
    text: str,
    size: float,
    *,
    lines: int,
    bold: bool = False,
    colour: tuple[int, int, int] = INK,
) -> None:
    pdf.set_x(MARGIN)
    _block(pdf, text, size, pdf.epw, lines=lines, bold=bold, colour=colour, align="C")


def _block(
    pdf: _Sheet,
    text: str,
    size: float,
    width: float,
    *,
    lines: int,
    bold: bool = False,
    colour: tuple[int, int, int] = INK,
    align: str = "L",
) -> None:
    """Write a text into a column; what does not fit into the lines ends in three dots."""
    pdf.set_font(FONT, "B" if bold else "", size)
    pdf.set_text_color(*colour)
    left = pdf.get_x()
    for line in pdf.broken(text, width - 2 * pdf.c_margin, lines):
        pdf.set_x(left)
        pdf.cell(width, size * 0.48, line, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)
    pdf.ln(size * 0.08)
    pdf.set_x(left)


def _small(art: bytes, pixels: int) -> Image.Image:
    """Return a picture of ours, in the pixels that paper needs and on white."""
    with Image.open(io.BytesIO(art), formats=["PNG"]) as image:
        picture = image.convert("RGBA")
    picture.thumbnail((pixels, pixels))
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    found: set[int] | None = None
    for name in STYLES.values():
        with TTFont(io.BytesIO(pymupdf_fonts.myfont(name)), lazy=True) as font:
            known = set(font.getBestCmap())
        found = known if found is None else found & known
    return frozenset(found or ())


def _latin(letter: str) -> str:
    return "".join(each for each in anyascii(letter) if each.isprintable()) or "?"
