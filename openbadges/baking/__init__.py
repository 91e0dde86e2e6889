# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges inside pictures: putting an assertion into a PNG or SVG and taking it out again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openbadges.baking import png, svg
from openbadges.baking.contents import CREDENTIAL_KEYWORD, KEYWORD, SVG_NAMES, keyword_for
from openbadges.errors import BakingError
from openbadges.vocabulary import PNG, SVG

if TYPE_CHECKING:
    from openbadges.baking.contents import SvgName

__all__ = ["CREDENTIAL_KEYWORD", "KEYWORD", "bake", "keyword_for", "media_type", "unbake"]

# White space, instructions, comments and the document type, then the root element. What was
# matched is never given up again, so that the time grows with the length and not faster.
_SVG_START = re.compile(
    r"""\ufeff?(?>\s++|<\?.*?\?>|<!--.*?-->"""
    r"""|<!DOCTYPE(?>[^\[>"']++|"[^"]*"|'[^']*'|\[.*?\]\s*+(?=>))*>)*+"""
    r"""<(?:[A-Za-z_][\w.-]{0,30}:)?svg[\s/>]""",
    re.DOTALL,
)
_FIRST_LINES = 1024
_MAX_START = 64 * 1024
# How a picture in UTF-16 begins, with a byte order mark or without.
_UTF_16 = {
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}


def media_type(image: bytes) -> str:
    """Return ``image/png`` or ``image/svg+xml``, told by the first bytes and nothing else.

    Raises `BakingError`: it is neither.
    """
    if image.startswith(png.START):
        return PNG
    encoding = _UTF_16.get(image[:2], "utf-8")
    # Most roots stand in the first lines; the rest is looked at only where they do not.
    for size in (_FIRST_LINES, _MAX_START):
        if _SVG_START.match(image[:size].decode(encoding, "replace")):
            return SVG
    raise BakingError("picture is neither PNG nor SVG")


def bake(image: bytes, text: str, *, keyword: str = KEYWORD) -> bytes:
    """Return the PNG or SVG with a JWS or an assertion's JSON baked in (Baking Specification).

    What was baked in under the same keyword before is replaced; everything else stays as it is.
    A credential of Open Badges 3.0 goes beside it, under ``openbadgecredential``.

    Raises `BakingError`: the picture is neither a sound PNG nor a safe SVG, or the text does not
    fit, or an SVG is to carry a keyword that is neither.
    """
    if media_type(image) == PNG:
        return png.bake(image, text, keyword=keyword)
    return svg.bake(image, text, _svg_name(keyword))


def unbake(image: bytes, keyword: str = KEYWORD, *, thorough: bool = False) -> str:
    """Return what is baked into a PNG or SVG: a JWS, JSON or, in old badges, a URL.

    Of a PNG each chunk is walked and the checksums of its texts are checked; `thorough` checks
    every checksum.

    Raises `NotBakedError`: nothing is baked in. Raises `BakingError`: the picture is damaged,
    unsafe or holds two badges.
    """
    if media_type(image) == PNG:
        return png.unbake(image, keyword=keyword, thorough=thorough)
    return svg.unbake(image, _svg_name(keyword))


def _svg_name(keyword: str) -> SvgName:
    name = SVG_NAMES.get(keyword)
    if name is None:
        known = " and ".join(map(repr, SVG_NAMES))
        raise BakingError(f"SVG pictures carry {known} badges only, not {keyword!r}")
    return name
