# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads an SVG defensively: no entities, nothing from elsewhere, bounded size, depth and count."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from openbadges.baking.contents import SVG_NAMES, SvgName
from openbadges.errors import BakingError

SVG_NAMESPACE: Final = "http://www.w3.org/2000/svg"
MAX_IMAGE: Final = 5 * 1024 * 1024
MAX_DEPTH: Final = 256
MAX_ELEMENTS: Final = 200_000
_NAMES = {name.element: name for name in SVG_NAMES.values()}
_NAMESPACES = {name.namespace for name in SVG_NAMES.values()}
# No XML document can hold it, so that a namespace cannot pretend to be another.
_SEPARATOR = "\x01"
_TAG = re.compile(rb"(?>[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>")
# What drawing programs write; it names the standard, and no parser needs to read it.
_W3C = re.compile(r"https?://www\.w3\.org/[\w./-]*")
# Without entities no name can be written otherwise.
_WORDS = tuple(name.encode() for name in _NAMES)
_SMALL = 2_000
# Encodings that old drawing programs name, and in which ASCII is the same.
_LIKE_ASCII = ("us-ascii", "ascii", "iso-8859-", "windows-125")
_PIECE = 4 * 1024


@dataclass(slots=True)
class Element:
    """One baked badge: where its bytes lie, its attribute and its text."""

    name: SvgName
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
    badges: list[Element] = field(default_factory=list)
    strangers: set[SvgName] = field(default_factory=set)
    ascii_only: bool = False


def read_svg(image: bytes) -> Svg:
    """Return where the root and the badges of an SVG are.

    Raises `BakingError`: it is no well-formed SVG in UTF-8, has entities or a DOCTYPE other than
    that of the standard, or is too large or too deep.
    """
    if len(image) > MAX_IMAGE:
        raise BakingError(f"SVG is larger than {MAX_IMAGE} bytes")
    _check_encoding(image)
    return _Reader(image).run()


def tag_end(image: bytes, start: int) -> int:
    """Return the offset behind the ``>`` that closes the tag at `start` and is not quoted."""
    tag = _TAG.match(image, start)
    if tag is None:
        raise BakingError("SVG is cut off")
    return tag.end()


def is_harmless_doctype(public: str | None, system: str | None, subset: bool) -> bool:
    """Whether a DOCTYPE only names the standard: no declarations, no address but the W3C's."""
    named = system is None or _W3C.fullmatch(system) is not None
    return named and not subset and (public is None or public.startswith("-//W3C//DTD SVG "))


def _check_encoding(image: bytes) -> None:
    """Refuse all but UTF-8: only there do byte offsets agree with what the parser reads."""
    if b"\0" in image:
        raise BakingError("SVG is not UTF-8: it holds NUL bytes, as UTF-16 does")
    position = 0
    try:
        # In pieces, because a text of rare letters takes four times its bytes.
        while position < len(image):
            end = min(position + _PIECE, len(image))
            with memoryview(image)[position:end] as piece:
                position += codecs.utf_8_decode(piece, "strict", end == len(image))[1]
    except UnicodeDecodeError as error:
        raise BakingError("SVG is not UTF-8") from error


class _Reader:
    """One pass over a picture; expat does the parsing, the handlers refuse what is not needed."""

    def __init__(self, image: bytes) -> None:
        self.image = image
        self.result = Svg()
        self.depth = 0
        self.count = 0
        self.open: Element | None = None
        # What each element name means, so that the many shapes of a picture cost little.
        self.known: dict[str, SvgName | None] = {}
        # Nothing can nest deeper than there are end tags, and an empty element in the last one.
        self.small = image.count(b"<") <= _SMALL and image.count(b"</") < MAX_DEPTH
        self.parser = expat.ParserCreate("UTF-8", namespace_separator=_SEPARATOR)
        self.parser.namespace_prefixes = True
        self.parser.XmlDeclHandler = self._declaration
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartNamespaceDeclHandler = self._namespace
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def run(self) -> Svg:
        try:
            self.parser.Parse(self.image, True)
        except expat.ExpatError as error:
            raise BakingError(f"picture is no well-formed SVG: {error}") from error
        finally:
            # It holds our handlers and we hold it: let go, or it stays until garbage is collected.
            del self.parser
        return self.result

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """Refuse an encoding in which others would read something else than we do."""
        name = (encoding or "utf-8").lower()
        if name in ("utf-8", "utf8"):
            return
        if not name.startswith(_LIKE_ASCII) or not self.image.isascii():
            raise BakingError(f"SVG is not UTF-8: it says {name[:40]!r}; save it as UTF-8")
        self.result.ascii_only = True

    def _doctype(self, _name: str, system: str | None, public: str | None, subset: int) -> None:
        if not is_harmless_doctype(public, system, bool(subset)):
            # Without an internal part no entity can be declared: what is outside is never read.
            raise BakingError("SVG has a DOCTYPE with entities or a foreign address; remove it")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self.depth == 0 and prefix:
            self.result.prefixes[prefix] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth = depth = self.depth + 1
        self.count = count = self.count + 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise BakingError("SVG has too many elements or nests them too deeply")
        if self.open:
            raise BakingError("SVG badge holds elements, where only text is allowed")
        if depth == 1:
            self._root(name)
        if name not in self.known:
            self.known[name] = self._meaning(name)
        if badge := self.known[name]:
            start = self.parser.CurrentByteIndex
            self.open = Element(badge, start, depth == 2, attributes.get("verify", ""))
            self.result.badges.append(self.open)
            self.parser.CharacterDataHandler = self.open.parts.append

    def _meaning(self, name: str) -> SvgName | None:
        """Return which badge an element is, and note one that only pretends to be a badge."""
        uri, local, prefix = _parts(name)
        meant = _NAMES.get(local)
        if meant and uri == meant.namespace:
            return meant
        if meant and (uri in _NAMESPACES or "openbadges" in uri + prefix):
            self.result.strangers.add(meant)
        return None

    def _root(self, name: str) -> None:
        if _parts(name)[:2] != (SVG_NAMESPACE, "svg"):
            raise BakingError("picture is no SVG: its root is not <svg> of the SVG namespace")
        self.result.root_start = self.parser.CurrentByteIndex
        self._hurry(self.result.root_start)

    def _end(self, _name: str) -> None:
        self.depth -= 1
        if self.open:
            self.open.end = self._end_of(self.open)
            self.parser.CharacterDataHandler = None
            self._hurry(self.open.end)
            self.open = None

    def _hurry(self, place: int) -> None:
        """Leave the rest to the parser alone, where no badge and no great depth can follow."""
        if self.small and not any(self.image.find(word, place) >= 0 for word in _WORDS):
            self.parser.StartElementHandler = self.parser.EndElementHandler = None

    def _end_of(self, element: Element) -> int:
        end = tag_end(self.image, element.start)
        if self.image[end - 2 : end] == b"/>":
            return end
        return tag_end(self.image, self.parser.CurrentByteIndex)


def _parts(name: str) -> tuple[str, str, str]:
    """Return namespace, local name and prefix of a name as the parser gives it."""
    if _SEPARATOR not in name:
        return "", name, ""
    uri, local, *prefix = name.split(_SEPARATOR)
    return uri, local, "".join(prefix)
