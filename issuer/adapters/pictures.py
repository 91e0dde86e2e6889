# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures from outside: recognised by their bytes, bounded, and drawn as PNG."""

from __future__ import annotations

import io
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import Any

from PIL import Image, ImageChops, ImageFont

from issuer.adapters import drawings
from issuer.adapters.rendering import render
from issuer.errors import InvalidInputError
from openbadges.baking import png
from openbadges.errors import BakingError

PNG = "image/png"
SVG = "image/svg+xml"
MAX_BYTES = 5 << 20
MAX_PIXELS = 4096 * 4096
SIDE = 400  # of the pictures that we draw, as backpacks show them
#: Pictures that somebody hands in are kept at most so wide: each baked badge carries its picture.
UPLOAD_SIDE = 1024
EXTENSIONS = {".png": PNG, ".svg": SVG}
#: No character: a font draws it as it draws every letter that it does not have.
NO_LETTER = "\uffff"
MIXABLE = frozenset({"L", "LA", "RGB", "RGBA"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was looked at; sizes in pixels, none for a drawing without them."""

    content: bytes
    media_type: str
    width: int | None = None
    height: int | None = None


def read_picture(content: bytes, name: str) -> Picture:
    """Return the PNG or SVG in ``content``; ``name`` is for the error.

    Raises `InvalidInputError` for anything else, for a name that says the other kind, and for
    pictures that are too large or not safe.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInputError(
            "%(name)s: larger than %(limit)s bytes: use a smaller picture",
            name=name,
            limit=MAX_BYTES,
        )
    is_png = content.startswith(png.SIGNATURE)
    picture = _read_png(content, name) if is_png else _read_svg(content, name)
    said = EXTENSIONS.get(PurePath(name).suffix.lower(), picture.media_type)
    if said != picture.media_type:
        raise InvalidInputError(
            "%(name)s: is %(kind)s: rename it to what it is", name=name, kind=picture.media_type
        )
    return picture


def accept(content: bytes, name: str) -> Picture:
    """Return the picture that somebody hands in: a drawing cleaned, a PNG written anew.

    ``name`` is what they call the file. Raises `InvalidInputError` as `read_picture`.
    """
    if not content:
        raise InvalidInputError("%(name)r: is empty: choose a PNG or SVG", name=name[:80])
    if PurePath(name).name != name or "\\" in name or not name.isprintable():
        raise InvalidInputError("%(name)r: is no plain name of a file: rename it", name=name[:80])
    picture = read_picture(content, name)
    if picture.media_type == SVG:
        draw(picture)  # one that cannot be drawn is refused before anything is kept
        return picture
    return _read_png(redraw(content, name, UPLOAD_SIDE), name)


def draw(picture: Picture, side: int = SIDE) -> Picture:
    """Return the PNG of a drawing, ``side`` pixels wide; a PNG is returned as it is.

    Text is drawn in the one font that Pillow brings, so that a drawing looks the same on every
    machine. Raises `InvalidInputError` where it cannot be drawn.
    """
    if picture.media_type == PNG:
        return picture
    if not drawings.letters(picture.content).strip():
        return _render(picture, side)
    font = _font()
    with tempfile.NamedTemporaryFile(suffix=".ttf") as file:
        file.write(font.font_bytes)
        file.flush()
        family = font.getname()[0]
        return _render(
            picture, side, font_files=[file.name], font_family=family, serif_family=family
        )


def _render(picture: Picture, side: int, **options: Any) -> Picture:
    return _read_png(render(picture.content, side, **options), "rendered drawing")


def _read_svg(content: bytes, name: str) -> Picture:
    content = drawings.clean(content, name)
    wanted = {letter for letter in drawings.letters(content) if not letter.isspace()}
    unknown = "".join(sorted(letter for letter in wanted if not _has(letter)))
    if unknown:
        raise InvalidInputError(
            "%(name)s: there is no font for %(unknown)r: turn its text into paths",
            name=name,
            unknown=unknown[:20],
        )
    return Picture(content, SVG)


def has_letters(text: str) -> bool:
    """Whether the font that Pillow brings has every letter of a text."""
    return all(letter.isspace() or _has(letter) for letter in set(text))


@cache
def _font() -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(SIDE / 10)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise InvalidInputError("drawing with text cannot be rendered: Pillow lacks FreeType")
    return font


def _has(letter: str) -> bool:
    return bytes(_font().getmask(letter)) != bytes(_font().getmask(NO_LETTER))


def redraw(content: bytes, name: str, side: int = SIDE) -> bytes:
    """Return a picture of a stranger as a PNG of our own making: its pixels and nothing else.

    Raises `InvalidInputError` as `read_picture`.
    """
    drawn = draw(read_picture(content, name), side)
    try:
        with Image.open(io.BytesIO(drawn.content), formats=["PNG"]) as image:
            # Made small first, where its pixels can be mixed: a large copy costs much memory.
            small = image if image.mode in MIXABLE else _eight_bits(image)
            small.thumbnail((side, side))
            pixels = small.convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidInputError(
            "%(name)s: not a sound PNG: %(reason)s", name=name, reason=error
        ) from error
    kept = Image.frombytes("RGBA", pixels.size, pixels.tobytes())
    written = io.BytesIO()
    kept.save(written, "PNG")
    return written.getvalue()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture in RGBA; of 16 bits the upper ones, where Pillow would make all white."""
    if image.mode != "I;16":
        return image.convert("RGBA")
    content = image.tobytes()  # little-endian
    lower, upper = (Image.frombytes("L", image.size, content[part::2]) for part in (0, 1))
    grey = Image.merge("LA", (upper, Image.new("L", image.size, 255)))
    clear = image.info.get("transparency")
    if isinstance(clear, int):  # the one value that is not drawn
        bits = ((upper, clear >> 8), (lower, clear & 0xFF))
        seen = [part.point([255 * (each != value) for each in range(256)]) for part, value in bits]
        grey.putalpha(ImageChops.lighter(*seen))
    return grey.convert("RGBA")


def _read_png(content: bytes, name: str) -> Picture:
    try:
        png.check(content)  # Pillow ignores what follows the end
    except BakingError as error:
        raise InvalidInputError(
            "%(name)s: not a sound PNG: %(reason)s", name=name, reason=error
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise InvalidInputError(
                        "%(name)s: %(width)sx%(height)s pixels are too many",
                        name=name,
                        width=width,
                        height=height,
                    )
                image.verify()
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                image.load()  # verifying does not look at the rows
    except (
        OSError,
        IndexError,  # of a PNG without rows
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise InvalidInputError(
            "%(name)s: not a sound PNG: %(reason)s", name=name, reason=error
        ) from error
    return Picture(content, PNG, width, height)
