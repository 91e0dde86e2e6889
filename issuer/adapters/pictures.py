# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures from outside: recognised by their bytes, bounded, and drawn as PNG."""

from __future__ import annotations

import io
import re
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
MAX_DEPTH = 64
MAX_USES = 200
MAX_RATIO = 8
MAX_LENGTH = 1_000_000
NUMBER = re.compile(r"\s*[0-9]*\.?[0-9]+(e[+-]?[0-9]{1,2})?", re.IGNORECASE)
MIXABLE = frozenset({"L", "LA", "RGB", "RGBA"})
#: Any but the declaration at the very beginning; `xml-stylesheet` loads from elsewhere.
INSTRUCTION = re.compile(r"<\?(?!xml\s)", re.IGNORECASE)
#: Namespaces of what editors write beside the drawing.
NOTES = (
    "http://www.inkscape.org/",
    "http://sodipodi.sourceforge.net/",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://purl.org/dc/",
)
#: What makes a style load or run something; a backslash can hide any of it.
LOADING = ("\\", "javascript:", "@import", "image(", "image-set(", "src(")
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


def redraw(content: bytes, name: str, side: int = SIDE) -> bytes:
    """Return a picture of a stranger as a PNG of our own making: its pixels and nothing else.

    Raises `InvalidInputError` as `read_picture`.
    """
    drawn = draw(read_picture(content, name), side)
    try:
        with Image.open(io.BytesIO(drawn.content), formats=["PNG"]) as image:
            # Made small first, where its pixels can be mixed: a large copy costs much memory.
            small = image if image.mode in MIXABLE else image.convert("RGBA")
            small.thumbnail((side, side))
            pixels = small.convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidInputError(f"{name}: not a sound PNG: {error}") from error
    kept = Image.frombytes("RGBA", pixels.size, pixels.tobytes())
    written = io.BytesIO()
    kept.save(written, "PNG")
    return written.getvalue()


def _read_png(content: bytes, name: str) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise InvalidInputError(f"{name}: {width}x{height} pixels are too many")
                image.verify()
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                image.load()  # verifying does not look at the rows
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise InvalidInputError(f"{name}: not a sound PNG: {error}") from error
    if _end_of_png(content) != len(content):
        raise InvalidInputError(f"{name}: something follows the end of the PNG")
    return Picture(content, PNG, width, height)


def _end_of_png(content: bytes) -> int:
    place = 8
    while place + 12 <= len(content):
        kind = content[place + 4 : place + 8]
        place += 12 + int.from_bytes(content[place : place + 4])
        if kind == b"IEND":
            break
    return place


def _read_svg(content: bytes, name: str) -> Picture:
    if len(content) > MAX_SVG_BYTES:
        raise InvalidInputError(f"{name}: larger than {MAX_SVG_BYTES} bytes for an SVG")
    try:
        text = content.decode("utf-8-sig")
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ElementTree.ParseError, LookupError, ValueError) as error:
        raise InvalidInputError(f"{name}: neither PNG nor safe SVG: {error}") from error
    if root.tag != f"{SVG_NAMESPACE}svg":
        raise InvalidInputError(f"{name}: neither PNG nor SVG")
    if INSTRUCTION.search(text):
        raise InvalidInputError(f"{name}: a processing instruction is not allowed in an SVG")
    for element in root.iter():
        _refuse_unsafe(element, name)
    _refuse_endless(root, name)
    return Picture(content, SVG)


def _refuse_unsafe(element: Element, name: str) -> None:
    namespace, _, plain = element.tag.rpartition("}")
    known = plain in SVG_ELEMENTS if f"{namespace}}}" == SVG_NAMESPACE else _is_note(namespace)
    if not known:
        raise InvalidInputError(f"{name}: <{plain}> is not allowed in an SVG: use plain shapes")
    for attribute, value in element.attrib.items():
        plain = attribute.rsplit("}", 1)[-1].lower()
        leaves = plain == "href" and not value.startswith("#")
        if plain.startswith("on") or leaves or _loads_something(value):
            raise InvalidInputError(f"{name}: attribute {plain!r} is not allowed in an SVG")


def _is_note(namespace: str) -> bool:
    """Whether elements of a namespace draw nothing: what editors note about a drawing."""
    return namespace.removeprefix("{").startswith(NOTES)


def _loads_something(value: str) -> bool:
    text = value.lower().replace(" ", "")
    return any(sign in text for sign in LOADING) or text.count("url(") != text.count("url(#")


def _refuse_endless(root: Element, name: str) -> None:
    """Refuse what a renderer would follow for too long: depth, repetition, odd proportions."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidInputError(f"{name}: nested deeper than {MAX_DEPTH}")
        level = [child for element in level for child in element]
    repeating = {element.get("id") for element in root.iter() if any(map(_is_use, element.iter()))}
    used = [_target_of(element) for element in root.iter() if _is_use(element)]
    if len(used) > MAX_USES or any(target in repeating for target in used):
        raise InvalidInputError(f"{name}: repeats its parts too often")
    width, height = _proportions(root, name)
    if not 1 / MAX_RATIO <= width / height <= MAX_RATIO:
        raise InvalidInputError(f"{name}: much wider than high, or much higher than wide")


def _is_use(element: Element) -> bool:
    return bool(element.tag == f"{SVG_NAMESPACE}use")


def _target_of(element: Element) -> str:
    href = element.get("href") or element.get("{http://www.w3.org/1999/xlink}href") or ""
    return href.removeprefix("#")


def _proportions(root: Element, name: str) -> tuple[float, float]:
    view_box = (root.get("viewBox") or "").replace(",", " ").split()
    given = [root.get("width") or "", root.get("height") or ""]
    sizes = [NUMBER.match(text) for text in given]
    try:
        box = (float(view_box[2]), float(view_box[3])) if len(view_box) == 4 else (1.0, 1.0)
        if all(sizes) and not any(text.strip().endswith("%") for text in given):
            width, height = (float(size[0]) for size in sizes if size)
        else:
            width, height = box
    except ValueError as error:
        raise InvalidInputError(f"{name}: its size cannot be read") from error
    if not all(0 < side < MAX_LENGTH for side in (width, height, *box)):
        raise InvalidInputError(f"{name}: its size is none")
    return width, height
