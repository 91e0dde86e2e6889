# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges inside pictures: putting an assertion into a PNG or SVG and taking it out again."""

from __future__ import annotations

import re
from typing import Final

from openbadges.baking import png, svg
from openbadges.errors import BakingError
from openbadges.vocabulary import PNG, SVG

KEYWORD: Final = "openbadges"
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]{0,30}:)?svg[\s/>]")
# What may stand before the root element, by how it begins and ends.
_PROLOG = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<!DOCTYPE", b">"))
_MAX_PROLOG = 64 * 1024


def media_type(image: bytes) -> str:
    """Return ``image/png`` or ``image/svg+xml``, told by the first bytes and nothing else.

    Raises `BakingError`: it is neither.
    """
    if image.startswith(png.SIGNATURE + b"\0\0\0\x0dIHDR"):
        return PNG
    if _ROOT.match(_without_prolog(image[:_MAX_PROLOG].removeprefix(b"\xef\xbb\xbf"))):
        return SVG
    raise BakingError("picture is neither PNG nor SVG")


def bake(image: bytes, text: str, *, keyword: str = KEYWORD) -> bytes:
    """Return the PNG or SVG with a JWS or an assertion's JSON baked in (Baking Specification).

    What was baked in under the same keyword before is replaced; everything else stays as it is.

    Raises `BakingError`: the picture is neither a sound PNG nor a safe SVG, or the text does not
    fit, or an SVG is to carry another keyword than ``openbadges``.
    """
    if media_type(image) == PNG:
        return png.bake(image, text, keyword=keyword)
    _check_svg_keyword(keyword)
    return svg.bake(image, text)


def unbake(image: bytes, keyword: str = KEYWORD) -> str:
    """Return what is baked into a PNG or SVG: a JWS, JSON or, in old badges, a URL.

    Raises `NotBakedError`: nothing is baked in. Raises `BakingError`: the picture is damaged,
    unsafe or holds two badges.
    """
    if media_type(image) == PNG:
        return png.unbake(image, keyword=keyword)
    _check_svg_keyword(keyword)
    return svg.unbake(image)


def _check_svg_keyword(keyword: str) -> None:
    if keyword != KEYWORD:
        raise BakingError(f"SVG pictures carry {KEYWORD!r} badges only, not {keyword!r}")


def _without_prolog(start: bytes) -> bytes:
    start = start.lstrip()
    while opened := next((pair for pair in _PROLOG if start.startswith(pair[0])), None):
        start = start.partition(opened[1])[2].lstrip()
    return start
