# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges inside SVG pictures, in an element of their own (Baking Specification of 2.0 and 3.0).

A parser finds where the element belongs; the text is changed only there, so that the picture of
the artist stays as it was, byte for byte.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from openbadges.baking.contents import (
    CREDENTIAL_KEYWORD,
    KEYWORD,
    SVG_NAMES,
    SvgName,
    address_of,
)
from openbadges.baking.svg_reading import read_svg, tag_end
from openbadges.errors import BakingError, MalformedError, NotBakedError
from openbadges.serialization import MAX_BYTES, loads_object
from openbadges.signing import is_compact

if TYPE_CHECKING:
    from openbadges.baking.svg_reading import Element, Svg

PREFIX: Final = "openbadges"
_ASSERTION = SVG_NAMES[KEYWORD]
_CREDENTIAL = SVG_NAMES[CREDENTIAL_KEYWORD]
_TAG_NAME = re.compile(rb"<([^\s/>]+)")
# What XML 1.0 cannot hold, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def bake(image: bytes, text: str, name: SvgName = _ASSERTION) -> bytes:
    """Return the SVG with a JWS or a badge's JSON baked in, in place of any of its kind it held.

    Raises `BakingError`: the picture is no safe SVG, or the text is neither JWS nor JSON.
    """
    opened, closed = _element(text, name)
    parsed = read_svg(image)
    _check_strangers(parsed, name)
    if parsed.ascii_only and not closed.isascii():
        raise BakingError("SVG is not UTF-8 and cannot hold the letters of this badge; save it so")
    start = parsed.root_start
    end = tag_end(image, start)
    tag = image[start:end]
    declaration = f' xmlns:{PREFIX}="{name.namespace}"'.encode()
    bound = parsed.prefixes.get(PREFIX)
    if bound is None:
        name_end = len(_tag_name(tag)) + 1
        tag = tag[:name_end] + declaration + tag[name_end:]
    elif bound != name.namespace:
        # The root binds the prefix already: to the badge of the other kind, or to anything.
        opened += declaration
    element = opened + closed
    if tag.endswith(b"/>"):
        tag, element = tag[:-2] + b">", element + b"</" + _tag_name(tag) + b">"
    old = [badge for badge in parsed.badges if badge.name == name]
    return b"".join([image[:start], tag, element, *_without(image, end, old)])


def unbake(image: bytes, name: SvgName = _ASSERTION) -> str:
    """Return what is baked into an SVG: the JSON in the element, else its ``verify`` attribute.

    Raises `NotBakedError`: nothing is baked in. Raises `BakingError`: the picture is no safe SVG,
    or it holds two badges, or one in the wrong place or namespace.
    """
    parsed = read_svg(image)
    _check_strangers(parsed, name)
    found = [badge for badge in parsed.badges if badge.name == name]
    if not found:
        raise NotBakedError(
            f"SVG holds no openbadges:{name.element}: it is a picture, but no badge"
        )
    if len(found) > 1:
        raise BakingError(f"SVG is ambiguous: it holds {len(found)} badges; one is allowed")
    return _content(found[0])


def _content(found: Element) -> str:
    if not found.below_root:
        raise BakingError("SVG holds its badge in the wrong place; it belongs right below <svg>")
    body, verify = found.text.strip(), found.verify.strip()
    if body and is_compact(verify):
        raise BakingError("SVG holds a signed and a hosted badge at once")
    if not (body or verify) or max(len(body), len(verify)) > MAX_BYTES:
        raise BakingError(f"SVG badge must have 1 to {MAX_BYTES} bytes")
    return body or verify


def _without(image: bytes, start: int, elements: list[Element]) -> list[memoryview]:
    """Return what follows a place, in pieces without some elements, which never nest."""
    starts = [start, *(element.end for element in elements)]
    ends = [*(element.start for element in elements), len(image)]
    view = memoryview(image)
    return [view[start:end] for start, end in zip(starts, ends, strict=True)]


def _check_strangers(parsed: Svg, name: SvgName) -> None:
    if name in parsed.strangers:
        raise BakingError(f"SVG holds an openbadges:{name.element} of another namespace")


def _element(text: str, name: SvgName) -> tuple[bytes, bytes]:
    """Return the element in two parts, between which a declaration may stand."""
    opened = f"<{PREFIX}:{name.element}".encode()
    if is_compact(text):
        return opened, f" verify={quoteattr(text)}/>".encode()
    try:
        document = loads_object(text)
    except MalformedError as error:
        raise BakingError(f"text to bake is neither a JWS nor an assertion: {error}") from error
    # A credential proves itself and has no address to verify it at (3.0, Baking).
    verify = "" if name == _CREDENTIAL else f" verify={quoteattr(address_of(document))}"
    # JSON says in other words what XML cannot hold; only in its texts can there be such.
    body = _NOT_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    body = body.replace("]]>", "]]]]><![CDATA[>")
    closing = f"{verify}><![CDATA[{body}]]></{PREFIX}:{name.element}>"
    return opened, closing.encode()


def _tag_name(tag: bytes) -> bytes:
    match = _TAG_NAME.match(tag)
    return match[1] if match else b"svg"
