# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures from outside: recognised by their bytes, bounded, and drawn as PNG."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import resvg_py
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from PIL import Image

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # only the type; parsing is defusedxml's

PNG = "image/png"
SVG = "image/svg+xml"
MAX_BYTES = 5 << 20
MAX_SVG_BYTES = 1 << 20
MAX_PIXELS = 4096 * 4096
SIDE = 400  # of the pictures that we draw, as backpacks show them
SVG_NAMESPACE = "{http://www.w3.org/2000/svg}"
#: Only what draws. No script, no style sheet, no foreign content, no reference that leaves.
SVG_ELEMENTS = frozenset(
    {"svg", "g", "defs", "title", "desc", "metadata", "symbol", "use", "clipPath", "mask"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"linearGradient", "radialGradient", "stop", "pattern"}
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was looked at; sizes in pixels, none for a drawing without them."""

    content: bytes
    media_type: str
    width: int | None = None
    height: int | None = None


def read_picture(content: bytes, name: str) -> Picture:
    """Return the PNG or SVG in ``content``; ``name`` is for the error.

    Raises `InvalidInputError` for anything else, and for pictures that are too large or not safe.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInputError(f"{name}: larger than {MAX_BYTES} bytes: use a smaller picture")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _read_png(content, name)
    return _read_svg(content, name)


def draw(picture: Picture, side: int = SIDE) -> Picture:
    """Return the PNG of a drawing, ``side`` pixels wide; a PNG is returned as it is."""
    if picture.media_type == PNG:
        return picture
    try:
        content = resvg_py.svg_to_bytes(
            svg_string=picture.content.decode(), width=side, skip_system_fonts=True
        )
    except ValueError as error:
        raise InvalidInputError(f"drawing cannot be rendered: {error}") from error
    return _read_png(bytes(content), "rendered drawing")


def _read_png(content: bytes, name: str) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise InvalidInputError(f"{name}: {width}x{height} pixels are too many")
                image.verify()
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise InvalidInputError(f"{name}: not a sound PNG: {error}") from error
    return Picture(content, PNG, width, height)


def _read_svg(content: bytes, name: str) -> Picture:
    if len(content) > MAX_SVG_BYTES:
        raise InvalidInputError(f"{name}: larger than {MAX_SVG_BYTES} bytes for an SVG")
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ElementTree.ParseError, ValueError) as error:
        raise InvalidInputError(f"{name}: neither PNG nor safe SVG: {error}") from error
    if root.tag != f"{SVG_NAMESPACE}svg":
        raise InvalidInputError(f"{name}: neither PNG nor SVG")
    for element in root.iter():
        _refuse_unsafe(element, name)
    return Picture(content, SVG)


def _refuse_unsafe(element: Element, name: str) -> None:
    tag = element.tag
    if tag.startswith(SVG_NAMESPACE) and tag.removeprefix(SVG_NAMESPACE) not in SVG_ELEMENTS:
        plain = tag.removeprefix(SVG_NAMESPACE)
        raise InvalidInputError(f"{name}: <{plain}> is not allowed in an SVG: use plain shapes")
    for attribute, value in element.attrib.items():
        plain = attribute.rsplit("}", 1)[-1].lower()
        leaves = plain == "href" and not value.startswith("#")
        if plain.startswith("on") or leaves or _loads_something(value):
            raise InvalidInputError(f"{name}: attribute {plain!r} is not allowed in an SVG")


def _loads_something(value: str) -> bool:
    text = value.lower().replace(" ", "")
    return "javascript:" in text or "@import" in text or text.count("url(") != text.count("url(#")
