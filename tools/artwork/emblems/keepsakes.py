# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems of what time gives, and people: rings, candles, rain, and things that one keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import glint, leaf_pair, parcel, smile
from tools.artwork.palette import (
    AMBER,
    BLUE,
    CORAL,
    CREAM,
    INK,
    LEAF,
    LILAC,
    MINT,
    ROSE,
    SKY,
    SLATE,
    STEEL,
    SUN,
    TAN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import (
    around,
    at,
    box,
    cord,
    disc,
    flat,
    heart,
    oval,
    path,
    shade,
    shine,
    star,
    wire,
)

if TYPE_CHECKING:
    from tools.artwork.nodes import Art

RING = "#c18a50"


def _slice(rings: int, radius: float) -> Art:
    """Return the end of a trunk with that many rings."""
    inner = radius - 7
    steps = [inner * step / rings for step in range(1, rings)]
    return (
        disc(0, 0, radius, WOOD),
        flat(disc(0, 0, inner, TAN)),
        *(
            wire(f"M0 {-r:g}A{r:g} {r:g} 0 1 1 -.1 {-r:g}", RING, min(4, inner / rings * 0.5))
            for r in steps
        ),
        flat(disc(0, 0, 3, RING)),
        shade(
            f"M{radius * 0.7:g} {-radius * 0.7:g}A{radius:g} {radius:g} 0 0 1 {-radius * 0.7:g} "
            f"{radius * 0.7:g}A{radius * 1.5:g} {radius * 1.5:g} 0 0 0 {radius * 0.7:g} "
            f"{-radius * 0.7:g}Z"
        ),
    )


def one_ring() -> Art:
    """Return a thin twig with one ring and two leaves."""
    return (at(0, -20, *leaf_pair(1.1)), at(0, 14, *_slice(1, 28)))


def two_rings() -> Art:
    """Return a branch with two rings and a leaf on each side."""
    return (at(-22, -16, *leaf_pair(0.8)), at(24, -20, *leaf_pair(0.7)), at(0, 12, *_slice(2, 36)))


def three_rings() -> Art:
    """Return a small trunk with three rings and a swing."""
    return (
        at(0, -14, *_slice(3, 42)),
        wire("M-20 22V54M20 22V54", CREAM, 5),
        box(-28, 50, 56, 10, AMBER, corner=3),
    )


def five_rings() -> Art:
    """Return a trunk with five rings and a bird on it."""
    return (
        at(0, 14, *_slice(5, 46)),
        path("M-20 -36Q-24 -58 -4 -60Q14 -60 16 -42L30 -36L14 -30Q0 -24 -20 -36Z", SKY),
        shade("M-14 -38Q0 -28 14 -32L30 -36L14 -30Q0 -24 -20 -36Z"),
        flat(disc(-10, -49, 3, INK)),
        path("M-21 -48L-32 -44L-20 -41Z", SUN),
    )


def seven_rings() -> Art:
    """Return a thick trunk with seven rings and a bench before it."""
    return (
        at(0, -10, *_slice(7, 50)),
        wire("M-32 46V60M32 46V60", INK, 7),
        box(-46, 34, 92, 13, CORAL, corner=4),
        shade("M-46 41H46V43Q46 47 42 47H-42Q-46 47 -46 43Z"),
    )


def ten_rings() -> Art:
    """Return a mighty trunk with ten rings and a crown of leaves."""
    crown = around(8, 46)
    return (
        *(disc(x, y, 17, LEAF) for x, y in crown),
        *_slice(10, 48),
    )


def _candle(x: float, y: float, fill: str, height: float = 22) -> Art:
    return (
        box(x - 5, y - height, 10, height, fill, corner=2),
        flat(path(f"M{x:g} {y - height - 18:g}q8 9 0 15q-8 -6 0 -15Z", SUN)),
    )


def _tier(y: float, width: float, height: float, fill: str) -> Art:
    half, part = width / 2, width / 6
    waves = "".join(f"q{-part / 2:g} {12:g} {-part:g} 0" for _ in range(6))
    return (
        box(-half, y, width, height, fill, corner=7),
        flat(path(f"M{-half + 2:g} {y + 3:g}H{half - 2:g}V{y + 11:g}{waves}Z", CREAM)),
        wire(f"M{-half + 7:g} {y:g}H{half - 7:g}", INK),
    )


def one_candle() -> Art:
    """Return a slice of cake with one candle."""
    return (
        *_candle(18, -2, CORAL, 30),
        path("M-48 18L36 -18Q48 -4 48 18Z", CREAM),
        box(-48, 18, 96, 34, ROSE, corner=3),
        flat(box(-45.5, 30, 91, 8, CREAM, 0)),
        shade("M20 18H48V52H20Z"),
    )


def five_candles() -> Art:
    """Return a cake with five candles."""
    colours = (CORAL, SKY, MINT, LILAC, AMBER)
    return (
        *(node for n, colour in enumerate(colours) for node in _candle(-36 + 18 * n, -6, colour)),
        *_tier(-6, 104, 50, ROSE),
        box(-62, 42, 124, 12, STEEL, corner=5),
    )


def ten_candles() -> Art:
    """Return a cake on two floors with ten candles."""
    upper = (CORAL, SKY, SUN, MINT, LILAC)
    lower = (AMBER, LILAC, CORAL, SKY)
    return (
        *(
            node
            for n, colour in enumerate(upper)
            for node in _candle(-26 + 13 * n, -30, colour, 14)
        ),
        *(
            node
            for x, colour in zip((-52, -41, 41, 52), lower, strict=True)
            for node in _candle(x, 12, colour, 16)
        ),
        *_tier(-30, 74, 42, "#c98ae0"),
        *_tier(10, 118, 38, ROSE),
        box(-64, 46, 128, 10, STEEL, corner=5),
    )


def _drop(x: float, y: float, size: float = 1, fill: str = SKY) -> Art:
    s = size
    return (
        path(
            f"M{x:g} {y - 22 * s:g}Q{x + 18 * s:g} {y:g} {x + 14 * s:g} {y + 10 * s:g}"
            f"A{15 * s:g} {15 * s:g} 0 0 1 {x - 14 * s:g} {y + 10 * s:g}"
            f"Q{x - 18 * s:g} {y:g} {x:g} {y - 22 * s:g}Z",
            fill,
        ),
        shine(
            f"M{x - 8 * s:g} {y + 8 * s:g}Q{x - 9 * s:g} {y:g} {x - 3 * s:g} {y - 8 * s:g}"
            f"Q{x - 4 * s:g} {y + 2 * s:g} {x - 3 * s:g} {y + 10 * s:g}Z"
        ),
    )


def three_drops() -> Art:
    """Return three drops that fall one after the other."""
    return (
        *_drop(-36, -26, 0.9),
        *_drop(0, 0, 1.05),
        *_drop(38, 28, 1.2),
    )


def umbrella() -> Art:
    """Return an umbrella in light rain."""
    return (
        *_drop(-46, -42, 0.5),
        *_drop(46, -46, 0.5),
        *_drop(-50, 32, 0.5),
        *_drop(50, 34, 0.5),
        wire("M0 -50V44Q0 58 14 58Q26 58 26 46", INK, 12),
        wire("M0 -50V44Q0 58 14 58Q26 58 26 46", WOOD, 5),
        path(
            "M-58 6Q-54 -46 0 -50Q54 -46 58 6Q44 -8 30 6Q15 -8 0 6Q-15 -8 -30 6Q-44 -8 -58 6Z",
            CORAL,
        ),
        shade("M0 -50Q54 -46 58 6Q44 -8 30 6Q28 -30 0 -50Z"),
        wire("M0 6Q-2 -28 0 -50M-30 6Q-24 -30 0 -50M30 6Q24 -30 0 -50"),
    )


def rain_barrel() -> Art:
    """Return a full barrel under a shower of drops."""
    return (
        *_drop(-34, -46, 0.6),
        *_drop(0, -52, 0.6),
        *_drop(34, -46, 0.6),
        path("M-42 -12Q-52 24 -38 60H38Q52 24 42 -12Z", WOOD),
        wire("M-16 -8Q-20 26 -14 58M16 -8Q20 26 14 58", "#7d4a28", 4),
        shade("M20 -12H42Q52 24 38 60H16Q28 24 20 -12Z"),
        *cord("M-46 10H46", STEEL, 5),
        *cord("M-44 44H44", STEEL, 5),
        oval(0, -12, 44, 12, BLUE),
        shine("M-30 -12Q-20 -20 0 -20Q-10 -14 -12 -8Q-26 -8 -30 -12Z"),
    )


def tray() -> Art:
    """Return a tray in which every place holds a badge."""
    colours = (CORAL, SUN, LEAF, SKY, LILAC, AMBER)
    places = [(x, y) for y in (-18, 20) for x in (-36, 0, 36)]
    return (
        box(-62, -46, 124, 94, WOOD, corner=9),
        flat(box(-55, -39, 110, 80, "#6f4124", corner=5)),
        *(
            node
            for (x, y), colour in zip(places, colours, strict=True)
            for node in (disc(x, y, 15, colour), flat(star(x, y + 0.5, 8, WHITE)))
        ),
    )


def hand_mirror() -> Art:
    """Return a hand mirror that shows a smile."""
    return (
        box(-9, 24, 18, 44, SUN, corner=8),
        shade("M1 30H9V60Q9 68 1 68Z"),
        oval(0, -16, 44, 48, SUN),
        oval(0, -16, 33, 37, "#d8f1fb"),
        shine("M-22 -12Q-24 -38 -2 -44Q-12 -30 -12 -8Z"),
        *smile(4, -12, 1.3),
    )


def portrait() -> Art:
    """Return a framed portrait of a smiling person."""
    return (
        wire("M-18 -50L0 -66L18 -50", INK, 5),
        box(-50, -52, 100, 112, SUN, corner=6),
        box(-38, -40, 76, 88, SKY, corner=3),
        path("M-32 48Q-30 20 0 20Q30 20 32 48Z", CORAL),
        disc(0, -4, 23, "#f3c9a0"),
        path("M-24 -6Q-26 -32 0 -32Q26 -32 24 -6Q14 -20 -6 -18Q-18 -16 -24 -6Z", "#6d3b22"),
        *smile(0, 2, 1),
    )


def anvil() -> Art:
    """Return an anvil with a badge on it and a hammer above."""
    return (
        at(
            20,
            -34,
            box(-5, -8, 10, 52, WOOD, corner=4),
            box(-22, -26, 44, 24, STEEL, corner=5),
            turn=52,
        ),
        disc(-12, -8, 17, SUN),
        flat(star(-12, -7.5, 9, WHITE)),
        path("M-60 10H52Q48 28 20 30V42H34V58H-34V42H-20V30Q-48 28 -60 10Z", SLATE),
        shade("M14 30H20V42H34V58H10Z"),
        shine("M-50 14H44V18H-46Z"),
        *glint(-40, -26, 10),
    )


def floppy() -> Art:
    """Return a floppy disk with a heart on its label."""
    return (
        path("M-52 -48Q-52 -54 -46 -54H38L54 -38V48Q54 54 48 54H-46Q-52 54 -52 48Z", BLUE),
        box(-26, -54, 48, 36, STEEL, corner=2),
        flat(box(4, -48, 11, 24, SLATE, 0)),
        box(-36, 0, 74, 54, CREAM, corner=3),
        wire("M-26 14H-4M-26 28H-4M-26 42H-4", "#b9a27e", 4),
        heart(18, 28, 12, CORAL),
    )


def locked_parcel() -> Art:
    """Return a parcel with a key."""
    return (
        at(0, -6, *parcel(96, ROSE)),
        at(
            18,
            30,
            disc(0, 0, 17, SUN),
            flat(disc(0, 0, 6, WOOD)),
            path("M14 -5H48V16H38V6H32V14H24V6H14Z", SUN),
            turn=-18,
        ),
    )


def shared_parcel() -> Art:
    """Return a small parcel that rests on a larger one, with a heart."""
    return (
        at(0, 24, *parcel(92)),
        at(0, -34, *parcel(54, MINT)),
        heart(0, 28, 13, CORAL),
    )
