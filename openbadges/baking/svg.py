# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges inside SVG pictures, in an element of their own (Open Badges Baking Specification, SVG).

A parser finds where the element belongs; the text is changed only there, so that the picture of
the artist stays as it was, byte for byte.
"""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import quoteattr

from openbadges.baking.svg_reading import NAMESPACE, Element, Svg, read_svg, tag_end
from openbadges.errors import BakingError, MalformedError, NotBakedError
from openbadges.serialization import MAX_BYTES, loads_object
from openbadges.signing import is_compact

PREFIX: Final = "openbadges"
_DECLARATION = f' xmlns:{PREFIX}="{NAMESPACE}"'.encode()
_TAG_NAME = re.compile(rb"<([^\s/>]+)")
# What XML 1.0 cannot hold, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def bake(image: bytes, text: str) -> bytes:
    """Return the SVG with a JWS or an assertion's JSON baked in, in place of any it held.

    Raises `BakingError`: the picture is no safe SVG, or the text is neither JWS nor JSON.
    """
    element = _element(text)
    parsed = read_svg(image)
    _check_strangers(parsed)
    image = _without(image, parsed.assertions)
    start = parsed.root_start
    end = tag_end(image, start)
    tag, rest = image[start:end], image[end:]
    if parsed.prefixes.get(PREFIX) is None:
        name_end = start + len(_tag_name(tag)) + 1
        tag = image[start:name_end] + _DECLARATION + image[name_end:end]
    elif parsed.prefixes[PREFIX] != NAMESPACE:
        raise BakingError(f"SVG uses the prefix {PREFIX!r} for something else")
    if tag.endswith(b"/>"):
        tag, rest = tag[:-2] + b">", b"</" + _tag_name(tag) + b">" + rest
    return image[:start] + tag + element + rest


def unbake(image: bytes) -> str:
    """Return what is baked into an SVG: the JSON in the element, else its ``verify`` attribute.

    Raises `NotBakedError`: nothing is baked in. Raises `BakingError`: the picture is no safe SVG,
    or it holds two badges, or one in the wrong place or namespace.
    """
    parsed = read_svg(image)
    _check_strangers(parsed)
    if not parsed.assertions:
        raise NotBakedError("SVG holds no openbadges:assertion: it is a picture, but no badge")
    if len(parsed.assertions) > 1:
        raise BakingError(f"SVG holds {len(parsed.assertions)} badges; one is allowed")
    return _content(parsed.assertions[0])


def _content(found: Element) -> str:
    if not found.below_root:
        raise BakingError("SVG holds its badge in the wrong place; it belongs right below <svg>")
    body, verify = found.text.strip(), found.verify.strip()
    if body and is_compact(verify):
        raise BakingError("SVG holds a signed and a hosted badge at once")
    if not (body or verify) or max(len(body), len(verify)) > MAX_BYTES:
        raise BakingError(f"SVG badge must have 1 to {MAX_BYTES} bytes")
    return body or verify


def _without(image: bytes, elements: list[Element]) -> bytes:
    """Cut out elements in one pass; they follow each other and never nest."""
    starts = [0, *(element.end for element in elements)]
    ends = [*(element.start for element in elements), len(image)]
    return b"".join(image[start:end] for start, end in zip(starts, ends, strict=True))


def _check_strangers(parsed: Svg) -> None:
    if parsed.strangers:
        raise BakingError("SVG holds an openbadges:assertion of another namespace")


def _element(text: str) -> bytes:
    if is_compact(text):
        return f"<{PREFIX}:assertion verify={quoteattr(text)}/>".encode()
    if _NOT_XML.search(text):
        raise BakingError("text to bake holds a character that XML cannot hold")
    try:
        url = loads_object(text).get("id")
    except MalformedError as error:
        raise BakingError(f"text to bake is neither a JWS nor an assertion: {error}") from error
    if not isinstance(url, str):
        raise BakingError("assertion to bake has no id")
    body = text.replace("]]>", "]]]]><![CDATA[>")
    tag = f"<{PREFIX}:assertion verify={quoteattr(url)}>"
    return f"{tag}<![CDATA[{body}]]></{PREFIX}:assertion>".encode()


def _tag_name(tag: bytes) -> bytes:
    match = _TAG_NAME.match(tag)
    return match[1] if match else b"svg"
