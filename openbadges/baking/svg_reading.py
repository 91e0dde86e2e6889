# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads an SVG defensively: no document type, no entities, bounded size, depth and count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from openbadges.errors import BakingError

NAMESPACE: Final = "http://openbadges.org"
SVG_NAMESPACE: Final = "http://www.w3.org/2000/svg"
MAX_IMAGE: Final = 5 * 1024 * 1024
MAX_DEPTH: Final = 256
MAX_ELEMENTS: Final = 200_000
_LOCAL = "assertion"
# No XML document can hold it, so that a namespace cannot pretend to be another.
_SEPARATOR = "\x01"
_QUOTES = b"\"'"


@dataclass(slots=True)
class Element:
    """One ``openbadges:assertion``: where its bytes lie, its attribute and its text."""

    start: int
    below_root: bool
    verify: str
    parts: list[str] = field(default_factory=list)
    end: int = 0

    @property
    def text(self) -> str:
        """All the text between the tags."""
        return "".join(self.parts)


@dataclass(slots=True)
class Svg:
    """What baking needs to know about a picture."""

    root_start: int = -1
    prefixes: dict[str, str] = field(default_factory=dict)
    assertions: list[Element] = field(default_factory=list)
    strangers: int = 0


def read_svg(image: bytes) -> Svg:
    """Return where the root and the badges of an SVG are.

    Raises `BakingError`: it is no well-formed SVG in UTF-8, has a DOCTYPE or entities, or is too
    large or too deep.
    """
    if len(image) > MAX_IMAGE:
        raise BakingError(f"SVG is larger than {MAX_IMAGE} bytes")
    try:
        # Byte offsets only agree with the text where the bytes are UTF-8, whatever the file says.
        image.decode()
    except UnicodeDecodeError as error:
        raise BakingError("SVG is not UTF-8") from error
    return _Reader(image).run()


def tag_end(image: bytes, start: int) -> int:
    """Return the offset behind the ``>`` that closes the tag at `start` and is not quoted."""
    quote = 0
    for position in range(start, len(image)):
        byte = image[position]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in _QUOTES:
            quote = byte
        elif byte == ord(">"):
            return position + 1
    raise BakingError("SVG is cut off")


class _Reader:
    """One pass over a picture; expat does the parsing, the handlers refuse what is not needed."""

    def __init__(self, image: bytes) -> None:
        self.image = image
        self.result = Svg()
        self.depth = 0
        self.count = 0
        self.open: Element | None = None
        self.parser = expat.ParserCreate("UTF-8", namespace_separator=_SEPARATOR)
        self.parser.namespace_prefixes = True
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.EntityDeclHandler = self._refuse_doctype
        self.parser.StartNamespaceDeclHandler = self._namespace
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def run(self) -> Svg:
        try:
            self.parser.Parse(self.image, True)
        except expat.ExpatError as error:
            raise BakingError(f"picture is no well-formed SVG: {error}") from error
        return self.result

    def _refuse_doctype(self, *_arguments: object) -> None:
        raise BakingError("SVG has a DOCTYPE or entities, which are not allowed; remove them")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self.depth == 0 and prefix:
            self.result.prefixes[prefix] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth, self.count = self.depth + 1, self.count + 1
        if self.depth > MAX_DEPTH or self.count > MAX_ELEMENTS:
            raise BakingError("SVG has too many elements or nests them too deeply")
        if self.open:
            raise BakingError("SVG badge holds elements, where only text is allowed")
        parts = name.split(_SEPARATOR)
        uri, local = (parts[0], parts[1]) if len(parts) > 1 else ("", name)
        if self.depth == 1:
            self._root(uri, local)
        elif local == _LOCAL and uri == NAMESPACE:
            below_root = self.depth == 2
            start = self.parser.CurrentByteIndex
            self.open = Element(start, below_root, attributes.get("verify", ""))
            self.result.assertions.append(self.open)
        elif local == _LOCAL and "openbadges" in (uri + parts[-1]):
            self.result.strangers += 1

    def _root(self, uri: str, local: str) -> None:
        if (uri, local) != (SVG_NAMESPACE, "svg"):
            raise BakingError("picture is no SVG: its root is not <svg> of the SVG namespace")
        self.result.root_start = self.parser.CurrentByteIndex

    def _end(self, _name: str) -> None:
        self.depth -= 1
        if self.open:
            self.open.end = self._end_of(self.open)
            self.open = None

    def _end_of(self, element: Element) -> int:
        end = tag_end(self.image, element.start)
        if self.image[end - 2 : end] == b"/>":
            return end
        return tag_end(self.image, self.parser.CurrentByteIndex)

    def _text(self, text: str) -> None:
        if self.open:
            self.open.parts.append(text)
