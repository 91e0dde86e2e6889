# SPDX-License-Identifier: AGPL-3.0-or-later
"""Things that several emblems show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.palette import (
    CREAM,
    INK,
    LEAF,
    STEEL,
    SUN,
    TAN,
    WHITE,
    WOOD,
    mix,
)
from tools.artwork.pen import box, cord, disc, dots, flat, oval, path, shade, star, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art


def parcel(width: float = 80, tape: str = CREAM) -> Art:
    """Return a package, seen from the front, its middle at the origin."""
    half, lid = width / 2, width * 0.2
    top = -half * 0.8
    return (
        box(-half, top, width, width * 0.8, TAN),
        flat(box(-half * 0.2, top, half * 0.4, width * 0.8, tape, corner=0)),
        shade(f"M-{half:g} {top + lid:g}H{half:g}v{lid * 0.7:g}H-{half:g}Z"),
        box(-half - 3, top - 2, width + 6, lid, "#f0c48b", corner=3),
        flat(box(-half * 0.2, top, half * 0.4, lid - 4, tape, corner=0)),
    )


def magnifier(ring: str = SUN) -> Art:
    """Return a magnifying glass; its lens has the middle at the origin, its handle points down."""
    return (
        box(-6, 28, 12, 16, STEEL, corner=2),
        box(-9, 40, 18, 42, WOOD, corner=8),
        shade("M1 42H9V76Q7 80 1 80Z"),
        disc(0, 0, 35, ring),
        disc(0, 0, 25, "#d8f1fb"),
        wire("M-14 -8A17 17 0 0 1 -3 -17", WHITE, 5),
    )


def bubble(fill: str, width: float = 60, height: float = 44, tail: float = -1) -> Art:
    """Return a speech bubble around the origin; its tail points down to one side."""
    w, h = width / 2, height / 2
    r = min(h, 16)
    side, low = width - 2 * r, height - 2 * r
    left, right = sorted((tail * w * 0.5, tail * (w * 0.5 - 16)))
    corners = (f"q{r:g} 0 {r:g} {r:g}", f"q0 {r:g} {-r:g} {r:g}")
    d = (
        f"M{-w + r:g} {-h:g}h{side:g}{corners[0]}v{low:g}{corners[1]}"
        f"H{right:g}L{tail * (w * 0.5 + 6):g} {h + 15:g}L{left:g} {h:g}H{-w + r:g}"
        f"q{-r:g} 0 {-r:g} {-r:g}v{-low:g}q0 {-r:g} {r:g} {-r:g}Z"
    )
    return (path(d, fill),)


def beetle(shell: str) -> Art:
    """Return a beetle from above, about 44 wide and 52 high."""
    return (
        wire("M-15 -4L-26 -12M-16 8H-29M-15 18L-25 27M15 -4L26 -12M16 8H29M15 18L25 27"),
        wire("M-5 -20Q-8 -28 -15 -29M5 -20Q8 -28 15 -29", width=4),
        disc(0, -14, 10, INK),
        oval(0, 8, 18, 20, shell),
        shade("M0 -12A18 20 0 0 1 0 28Q10 8 0 -12Z"),
        wire("M0 -10V27", width=4),
        dots(3.6, INK, (-9, 2), (9, 2), (-8, 15), (8, 15)),
    )


def book(left: str = CREAM, right: str = CREAM) -> Art:
    """Return an open book; its spine is at the origin, it is about 112 wide."""
    return (
        path("M-56 -6H56V30Q28 26 0 34Q-28 26 -56 30Z", "#8c4a2f"),
        path("M0 2Q-24 -14 -50 -10V22Q-24 18 0 30Z", left),
        path("M0 2Q24 -14 50 -10V22Q24 18 0 30Z", right),
        shade("M0 2Q10 -5 18 -7V21Q9 24 0 30Z"),
        wire(
            "M-40 0Q-26 0 -14 6M-40 10Q-26 10 -14 16M40 0Q30 0 26 3M40 10Q30 10 26 13", "#b9a27e", 4
        ),
    )


def cookie() -> Art:
    """Return a cookie of radius 26 at the origin."""
    return (
        disc(0, 0, 26, "#e0a258"),
        shade("M18 -18A26 26 0 0 1 -18 18A32 32 0 0 0 18 -18Z"),
        dots(4.6, "#6d3b22", (-10, -10), (7, -13), (-1, 2), (-13, 8), (12, 5), (4, 15)),
    )


def leaf_pair(size: float = 1) -> Art:
    """Return two leaves that grow from the origin, to the left and to the right."""
    s = size
    return (
        path(
            f"M0 0Q{-4 * s:g} {-26 * s:g} {-32 * s:g} {-24 * s:g}Q{-28 * s:g} {2 * s:g} 0 0Z", LEAF
        ),
        path(f"M0 0Q{4 * s:g} {-26 * s:g} {32 * s:g} {-24 * s:g}Q{28 * s:g} {2 * s:g} 0 0Z", LEAF),
        shade(f"M0 0Q{16 * s:g} {-8 * s:g} {32 * s:g} {-24 * s:g}Q{28 * s:g} {2 * s:g} 0 0Z"),
    )


def calendar(header: str) -> Art:
    """Return a calendar leaf without a date, 84 wide, its middle at the origin."""
    return (
        box(-42, -38, 84, 80, CREAM, corner=8),
        path("M-42 -14V-30Q-42 -38 -34 -38H34Q42 -38 42 -30V-14Z", header),
        wire("M-20 -46V-30M20 -46V-30", width=9),
        wire("M-20 -46V-32M20 -46V-32", STEEL, 3),
    )


def frog(body: str = LEAF) -> Art:
    """Return a leaping frog, looking to the right, about 116 wide."""
    belly = mix(body, WHITE, 0.6)
    return (
        *cord("M-24 6L-50 -6L-40 20L-62 28L-66 22", body, 8),
        *cord("M14 8L38 24L52 18", body, 8),
        path(
            "M-36 4Q-34 -26 0 -32Q10 -46 28 -44Q54 -42 60 -22Q62 -4 40 0Q20 22 -12 20"
            "Q-36 20 -36 4Z",
            body,
        ),
        flat(
            path("M57 -14Q52 -2 38 -3Q18 18 -12 17.5Q-24 17 -30 11Q0 14 16 -4Q34 -8 57 -14Z", belly)
        ),
        path(
            "M-36 4Q-34 -26 0 -32Q10 -46 28 -44Q54 -42 60 -22Q62 -4 40 0Q20 22 -12 20"
            "Q-36 20 -36 4Z",
            "none",
        ),
        *cord("M-22 8Q-30 20 -20 28L-38 40L-54 40", body, 9),
        *cord("M6 12L18 34L34 34", body, 8),
        disc(24, -44, 10, WHITE),
        dots(5, INK, (27, -44)),
        wire("M36 -16Q46 -14 54 -20", width=4),
    )


def glint(x: float, y: float, size: float = 9) -> Art:
    """Return a small sparkle."""
    return (flat(star(x, y, size, CREAM, 4, 0.3)),)


def smile(x: float, y: float, size: float = 1, colour: str = INK) -> Art:
    """Return two eyes and a smiling mouth."""
    eye, mouth = 8 * size, 7 * size
    return (
        dots(3.2 * size, colour, (x - eye, y - 4 * size), (x + eye, y - 4 * size)),
        wire(
            f"M{x - mouth:g} {y + 4 * size:g}q{mouth:g} {mouth:g} {2 * mouth:g} 0", colour, 4 * size
        ),
    )
