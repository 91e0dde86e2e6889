# SPDX-License-Identifier: AGPL-3.0-or-later
"""SVG from outside: what drawing programs leave behind is taken out, what is not safe is refused.

What is kept draws and does nothing else: no script, no handler, no reference that leaves it.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from issuer.adapters.drawing_limits import SVG_NAMESPACE, XLINK_HREF, refuse_endless
from issuer.errors import InvalidInputError
from openbadges.baking.svg_reading import read_svg, tag_end
from openbadges.errors import BakingError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # only the type; parsing is defusedxml's

log = logging.getLogger(__name__)

MAX_BYTES = 1 << 20
#: Any but the declaration at the very beginning; `xml-stylesheet` loads from elsewhere.
INSTRUCTION = re.compile(r"<\?(?!xml\s)", re.IGNORECASE)
#: The document type that drawing programs write, behind the declaration and comments. It names the
#: standard and declares nothing; any other is refused by the parser.
DOCTYPE = re.compile(
    rb"((?:\xef\xbb\xbf)?(?>\s++|<\?.*?\?>|<!--.*?-->)*+)"
    rb"<!DOCTYPE\s+svg"
    rb'(?:\s+PUBLIC\s+"-//W3C//DTD SVG [^"<>]*"\s+"https?://www\.w3\.org/[\w./-]*")?\s*>',
    re.DOTALL,
)
#: A bitmap that a drawing program left beside the file: a bare name, which leads nowhere here.
LEFT_BEHIND = re.compile(r"[\w-][\w .-]*\.[A-Za-z]{3,4}")
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
TEXTS = frozenset({"text", "tspan"})
#: Only what draws. No script, no style sheet, no foreign content, no reference that leaves.
ELEMENTS = TEXTS | frozenset(
    {"svg", "g", "defs", "title", "desc", "metadata", "symbol", "use", "clipPath", "mask"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"linearGradient", "radialGradient", "stop", "pattern"}
)
_SEPARATOR = "\x01"


def clean(content: bytes, name: str) -> bytes:
    """Return an SVG that draws and does nothing else; ``name`` is for the error.

    The document type of the standard is dropped, and bitmaps that lie in no file; all the rest
    stays as it is, byte for byte. Raises `InvalidInputError` for what is not safe.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInputError(
            "%(name)s: larger than %(limit)s bytes for an SVG", name=name, limit=MAX_BYTES
        )
    if found := DOCTYPE.match(content):
        content = found[1] + content[found.end() :]
    content = _without_bitmaps(content, name)
    try:
        text = content.decode("utf-8-sig")
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ElementTree.ParseError, LookupError, ValueError) as error:
        raise InvalidInputError(
            "%(name)s: neither PNG nor safe SVG: %(reason)s", name=name, reason=error
        ) from error
    if root.tag != f"{{{SVG_NAMESPACE}}}svg":
        raise InvalidInputError("%(name)s: neither PNG nor SVG", name=name)
    if INSTRUCTION.search(text):
        raise InvalidInputError(
            "%(name)s: a processing instruction is not allowed in an SVG", name=name
        )
    refuse_endless(root, name)
    for element in root.iter():
        _refuse_unsafe(element, name)
    try:
        read_svg(content)
    except BakingError as error:
        raise InvalidInputError(
            "%(name)s: no badge can be baked into it: %(reason)s", name=name, reason=error
        ) from error
    return content


def letters(content: bytes) -> str:
    """Return all letters that a clean drawing writes."""
    if b"text" not in content:
        return ""
    root = ElementTree.fromstring(content, forbid_dtd=True)
    texts = root.iter(f"{{{SVG_NAMESPACE}}}text")
    return "".join(part for text in texts for part in text.itertext())


def _without_bitmaps(content: bytes, name: str) -> bytes:
    """Cut out the ``<image>`` elements that name a file which is not there."""
    if b"image" not in content or b"\0" in content:
        return content
    parser = expat.ParserCreate("UTF-8", namespace_separator=_SEPARATOR)
    spans: list[tuple[int, int]] = []
    opened: list[int | None] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        href = attributes.get("href") or attributes.get(XLINK_HREF[1:].replace("}", _SEPARATOR))
        is_image = tag == f"{SVG_NAMESPACE}{_SEPARATOR}image"
        left = is_image and bool(href) and LEFT_BEHIND.fullmatch(href or "")
        opened.append(parser.CurrentByteIndex if left else None)

    def end(_tag: str) -> None:
        begin = opened.pop()
        if begin is None:
            return
        closed = tag_end(content, begin)
        if content[closed - 2 : closed] != b"/>":
            closed = tag_end(content, parser.CurrentByteIndex)
        spans.append((begin, closed))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return content  # it is refused, with its reason, where it is read
    return _cut(content, spans, name)


def _cut(content: bytes, spans: list[tuple[int, int]], name: str) -> bytes:
    pieces, place = [], 0
    for begin, closed in sorted(spans):
        if begin >= place:
            pieces.append(content[place:begin])
            place = closed
    if spans:
        log.warning("%s: dropped %d pictures that lie in files of their own", name, len(spans))
    return b"".join([*pieces, content[place:]])


def _refuse_unsafe(element: Element, name: str) -> None:
    namespace, _, plain = element.tag.rpartition("}")
    known = plain in ELEMENTS if namespace == f"{{{SVG_NAMESPACE}" else _is_note(namespace)
    if not known:
        raise InvalidInputError(
            "%(name)s: <%(part)s> is not allowed in an SVG: use plain shapes", name=name, part=plain
        )
    for attribute, value in element.attrib.items():
        plain = attribute.rsplit("}", 1)[-1].lower()
        leaves = (plain == "href" and not value.startswith("#")) or plain == "base"
        if plain.startswith("on") or leaves or _loads_something(value):
            raise InvalidInputError(
                "%(name)s: attribute %(part)r is not allowed in an SVG", name=name, part=plain
            )


def _is_note(namespace: str) -> bool:
    """Whether elements of a namespace draw nothing: what editors note about a drawing."""
    return namespace.removeprefix("{").startswith(NOTES)


def _loads_something(value: str) -> bool:
    text = value.lower().replace(" ", "").replace('"', "").replace("'", "")
    return any(sign in text for sign in LOADING) or text.count("url(") != text.count("url(#")
