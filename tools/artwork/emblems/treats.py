# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about cookies, and about badges themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import cookie
from tools.artwork.palette import (
    BLUE,
    CORAL,
    CREAM,
    INK,
    LEAF,
    LILAC,
    MINT,
    SKY,
    SUN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import at, box, disc, dots, flat, heart, path, shade, shine, star, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art


def open_hand() -> Art:
    """Return an open hand with a cookie."""
    return (
        at(4, -22, *cookie(), scale=1.25),
        wire("M-38 -38L-48 -46M-32 -54L-36 -66M44 -40L54 -48", CREAM, 6),
        path("M-64 24H-40V64H-64Z", CORAL),
        path(
            "M-44 28Q-20 10 -2 18L22 22Q32 26 26 34L50 16Q60 10 64 18Q66 24 60 30L30 54"
            "Q22 60 10 60H-44Z",
            CREAM,
        ),
        shade("M-44 46H8Q24 46 34 36L62 20Q66 24 60 30L30 54Q22 60 10 60H-44Z"),
        wire("M24 33Q14 38 2 36", width=4),
    )


JAR = "M-34 -34Q-46 -30 -46 -14V40Q-46 56 -30 56H30Q46 56 46 40V-14Q46 -30 34 -34Z"


def one_in_the_jar() -> Art:
    """Return a cookie jar with one cookie."""
    return (
        path(JAR, "#e4f5fb"),
        at(8, 30, *cookie(), scale=0.86),
        *_glass(),
        *_lid(CORAL),
    )


def full_jar() -> Art:
    """Return a cookie jar that is full to the lid."""
    places = ((-26, 34), (4, 36), (28, 28), (-30, 6), (-2, 10), (28, 0), (-14, -14), (14, -16))
    return (
        path(JAR, "#e4f5fb"),
        *(at(x, y, *cookie(), scale=0.66, turn=x * 5) for x, y in places),
        *_glass(),
        at(0, -44, *cookie(), scale=0.7),
        at(-4, -6, *_lid(SUN), turn=-14),
        at(0, 22, heart(0, 0, 13, CORAL)),
    )


def _glass() -> Art:
    return (
        shine("M-38 -16Q-37 -22 -30 -26H-25Q-31 -20 -31 -12V38Q-30 44 -27 47Q-38 46 -38 36Z"),
        path(JAR, "none"),
    )


def _lid(fill: str) -> Art:
    return (
        disc(0, -58, 7, fill),
        box(-38, -52, 76, 20, fill, corner=7),
        shade("M-38 -42H38V-39Q36 -32 30 -32H-30Q-36 -32 -38 -39Z"),
    )


def _token(x: float, y: float, fill: str) -> Art:
    return (disc(x, y, 14, fill), flat(star(x, y + 0.5, 8, WHITE)))


def album_page() -> Art:
    """Return an album page with five round badges."""
    return (
        box(-50, -56, 104, 116, "#8c4a2f", corner=8),
        box(-40, -60, 96, 112, CREAM, corner=6),
        wire("M-26 -56V48", "#d8c49c", 4),
        dots(5, INK, (-40, -36), (-40, -4), (-40, 28)),
        *_token(-6, -36, CORAL),
        *_token(34, -36, BLUE),
        *_token(14, -4, SUN),
        *_token(-6, 28, LEAF),
        *_token(34, 28, LILAC),
    )


def album_shelf() -> Art:
    """Return a shelf of albums."""
    return (
        box(-58, -56, 22, 92, CORAL, corner=4),
        box(-36, -44, 22, 80, SKY, corner=4),
        box(-14, -56, 26, 92, SUN, corner=4),
        at(
            30,
            -8,
            box(-11, -46, 22, 90, MINT, corner=4),
            flat(box(-11, -32, 22, 7, WHITE, 0)),
            flat(box(-11, 22, 22, 7, WHITE, 0)),
            turn=-12,
        ),
        flat(
            box(-55.5, -42, 17, 7, WHITE, 0),
            box(-55.5, 18, 17, 7, WHITE, 0),
            box(-33.5, -32, 17, 7, WHITE, 0),
            box(-33.5, 18, 17, 7, WHITE, 0),
            star(-1, -30, 9, CORAL),
            box(-11.5, 18, 21, 7, CORAL, 0),
        ),
        box(-64, 36, 128, 16, WOOD, corner=4),
        shade("M-64 44H64V48Q64 52 60 52H-60Q-64 52 -64 48Z"),
        *_token(52, 22, CORAL),
    )
