# SPDX-License-Identifier: AGPL-3.0-or-later
"""Paints the wide picture that other sites show beside a link to a badge."""

from __future__ import annotations

import hashlib
import io
import json
from bisect import bisect_left
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = (1200, 630)
#: The kind under which painted pictures are kept.
CARDS = "cards"
#: What is painted of the same words changes with this number.
VERSION = 1
ART = 400
MARGIN = 72
LEFT = 572  # of the words
WIDTH = SIZE[0] - LEFT - MARGIN
TITLE_SIZES = (68, 60, 52, 46, 40)
TITLE_LINES = 3
PAPER, GLOW, RIM = "#f7f9fd", "#e3ecfa", "#3c6eb4"
INK, MUTED, DEEP = "#16223f", "#4f5d7c", "#294172"
TONES = {"": (DEEP, GLOW), "warn": ("#7d4a00", "#fdf1dc"), "bad": ("#a31d2f", "#fdeaec")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """The words of a picture; ``stamp`` says plainly what became of the award, if anything did."""

    eyebrow: str
    title: str
    line: str
    notes: tuple[str, ...]
    site: str
    stamp: str = ""
    tone: str = ""

    def recipe(self, picture: str) -> str:
        """Return a name for what `paint` makes of these words and the picture of that name."""
        words = json.dumps([VERSION, picture, asdict(self)], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()


def paint(poster: Poster, art: bytes) -> bytes:
    """Return the poster as PNG, 1200 by 630 pixels; ``art`` is a PNG of our own."""
    canvas = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(canvas)
    pen.ellipse((-232, -100, 528, 730), fill=GLOW)
    pen.rectangle((0, SIZE[1] - 14, SIZE[0], SIZE[1]), fill=RIM)
    _hang(canvas, art, is_void=bool(poster.stamp))
    parts = [(poster.eyebrow, 28, MUTED, 1), *_fitting(poster.title)]
    parts += [(line, 36, INK, 1) for line in _lines(poster.line, _font(36), 2)]
    parts += [(note, 28, MUTED, 0) for note in poster.notes if note]
    height = sum(_height(size) for _, size, _, _ in parts)
    top = (SIZE[1] - height - (72 if poster.stamp else 0)) / 2 - 30
    for text, size, colour, weight in parts:
        _write(pen, (LEFT, top), _cut(text, _font(size)), size, colour, weight)
        top += _height(size)
    if poster.stamp:
        _stamp(pen, top, poster)
    _write(pen, (LEFT, SIZE[1] - 76), _cut(poster.site, _font(28)), 28, DEEP, 1)
    written = io.BytesIO()
    # Few colours: a third of the bytes, and nothing that an eye sees.
    canvas.quantize(colors=256, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _height(size: int) -> float:
    """Return what a line takes; small lines need more room around them than large ones."""
    return size * 1.12 + 14


def _hang(canvas: Image.Image, art: bytes, *, is_void: bool) -> None:
    with Image.open(io.BytesIO(art), formats=["PNG"]) as image:
        picture = ImageOps.contain(image.convert("RGBA"), (ART, ART))
    if is_void:
        alpha = picture.getchannel("A").point(lambda value: value * 6 // 10)
        picture = picture.convert("LA").convert("RGBA")
        picture.putalpha(alpha)
    place = (MARGIN + (ART - picture.width) // 2, (SIZE[1] - 14 - picture.height) // 2)
    canvas.paste(picture, place, picture)


def _stamp(pen: ImageDraw.ImageDraw, top: float, poster: Poster) -> None:
    ink, ground = TONES[poster.tone]
    text = _cut(poster.stamp, _font(32), WIDTH - 40)
    width = _font(32).getlength(text) + 40
    pen.rounded_rectangle((LEFT, top + 6, LEFT + width, top + 66), radius=14, fill=ground)
    _write(pen, (LEFT + 20, top + 16), text, 32, ink, 1)


def _fitting(title: str) -> Iterator[tuple[str, int, str, int]]:
    """Yield the lines of a title at the largest size that holds all of it."""
    for size in TITLE_SIZES:
        lines = _lines(title, _font(size), TITLE_LINES)
        if size == TITLE_SIZES[-1] or " ".join(lines) == " ".join(title.split()):
            break
    for line in lines:
        yield line, size, INK, 1


def _lines(text: str, font: ImageFont.FreeTypeFont, most: int) -> list[str]:
    """Break a text into lines that fit; what is too much ends in three dots."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most:
        line = words.pop(0)
        while words and font.getlength(f"{line} {words[0]}") <= WIDTH:
            line += f" {words.pop(0)}"
        lines.append(_cut(line, font))
    if words:
        lines[-1] = _cut(f"{lines[-1]} {words[0]}…", font, always=True)
    return lines


def _cut(
    text: str, font: ImageFont.FreeTypeFont, width: float = WIDTH, *, always: bool = False
) -> str:
    if font.getlength(text) <= width and not always:
        return text
    text = text.rstrip("…")
    # Measuring costs more the longer a text is, and how long this one is, strangers choose.
    fits = bisect_left(
        range(1, len(text) + 1), 1, key=lambda size: _exceeds(text, size, font, width)
    )
    return f"{text[:fits].rstrip()}…"


def _exceeds(text: str, size: int, font: ImageFont.FreeTypeFont, width: float) -> bool:
    return font.getlength(f"{text[:size]}…") > width


def _write(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    colour: str,
    weight: int,
) -> None:
    # The font has one weight; a thin outline of the same colour makes it bolder.
    stroke = size / 48 if weight else 0
    pen.text(place, text, font=_font(size), fill=colour, stroke_width=stroke, stroke_fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow lacks FreeType: install its wheel")
    return font
