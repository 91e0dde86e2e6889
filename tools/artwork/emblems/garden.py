# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about the wiki, which is a garden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import leaf_pair
from tools.artwork.palette import (
    AMBER,
    BLUE,
    CORAL,
    CREAM,
    INK,
    LEAF,
    LILAC,
    ROSE,
    STEEL,
    SUN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import around, at, box, cord, disc, dots, flat, path, shade, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art

HEDGE = "#3f9a55"


def _page(width: float, height: float) -> Art:
    """Return a page with lines; the middle of its upper edge is the origin."""
    half = width / 2
    return (
        box(-half, 0, width, height, CREAM, corner=5),
        wire(
            "".join(f"M{-half + 12:g} {y:g}H{half - 12:g}" for y in (height * 0.45, height * 0.72)),
            "#b9a27e",
            5,
        ),
    )


def _can() -> Art:
    """Return a watering can that pours to the left."""
    handle = "M16 -18Q44 -22 40 4Q38 16 24 18"
    return (
        wire(handle, INK, 14),
        wire(handle, BLUE, 5),
        path("M-18 18L-44 -6L-36 -14L-18 0Z", BLUE),
        path("M-52 0L-34 -22L-28 -16L-44 6Z", STEEL),
        path("M-20 -18H20L24 24H-24Z", BLUE),
        shade("M8 -18H20L24 24H10Z"),
        box(-24, -24, 48, 10, STEEL, corner=4),
    )


def _drops(*points: tuple[float, float]) -> Art:
    return (flat(*(path(f"M{x:g} {y - 9:g}q14 18 0 18t0 -18Z", BLUE) for x, y in points)),)


def _flower(petals: str, eye: str = SUN) -> Art:
    return (
        *(disc(x, y, 10.5, petals) for x, y in around(6, 14)),
        flat(disc(0, 0, 15, petals)),
        disc(0, 0, 9, eye),
    )


def seedling() -> Art:
    """Return a page from which a seedling grows."""
    return (
        at(0, 10, *_page(86, 48)),
        path("M-32 12Q-26 -4 0 -4T32 12Z", "#7c4526"),
        wire("M0 0Q-3 -14 0 -26", INK, 13),
        wire("M0 0Q-3 -14 0 -26", LEAF, 5),
        at(0, -26, *leaf_pair(1.05)),
    )


def flower() -> Art:
    """Return a page with a flower under a watering can."""
    return (
        at(0, 30, *_page(96, 30)),
        wire("M-32 30V8", INK, 13),
        wire("M-32 30V8", LEAF, 5),
        at(-32, 28, *leaf_pair(0.62)),
        at(-36, 2, *_flower(ROSE)),
        at(28, -34, *_can(), scale=0.9, turn=-22),
        *_drops((-10, -12), (0, 6), (-4, 22)),
    )


def hedge() -> Art:
    """Return a trimmed hedge on a page, and shears."""
    return (
        wire("M-6 28V8", INK, 15),
        wire("M-6 28V8", WOOD, 6),
        at(0, 28, *_page(92, 32)),
        disc(-6, -2, 27, HEDGE),
        disc(-6, -36, 19, HEDGE),
        disc(-6, -62, 11, HEDGE),
        shade("M4 -28Q18 -22 21 -2Q20 20 -6 25Q12 6 4 -28Z"),
        dots(3.6, "#a9e39a", (-18, -8), (-8, 8), (4, -8), (-13, -40), (2, -32), (8, 8), (-22, 6)),
        at(42, -22, *_shears(), turn=24),
        at(-46, 12, *_flower(SUN, CORAL), scale=0.72),
    )


def _shears() -> Art:
    """Return open shears that point up; their pivot is the origin."""
    return (
        *cord("M2 4Q14 14 12 34", CORAL, 7),
        *cord("M-2 4Q-14 14 -12 34", CORAL, 7),
        path("M-6 6L4 -36Q12 -20 6 4Z", STEEL),
        path("M6 6L-4 -36Q-12 -20 -6 4Z", "#e6ecf3"),
        dots(3, INK, (0, 2)),
    )


def garden_gate() -> Art:
    """Return a garden with a gate under an arch of flowers."""
    arch = "M-40 54V-8A40 40 0 0 1 40 -8V54"
    return (
        box(-64, 14, 128, 42, HEDGE, corner=14),
        dots(4, "#9fdc8f", (-54, 26), (-56, 44), (54, 26), (56, 42)),
        path("M-36 54V-6A36 36 0 0 1 36 -6V54Z", "#cdeefb"),
        disc(14, -16, 9, SUN),
        path("M-34 30Q-10 12 8 24T34 22V54H-34Z", LEAF),
        path("M-8 54Q-10 38 0 26Q12 38 12 54Z", "#f3d89b"),
        wire(arch, INK, 20),
        wire(arch, HEDGE, 11),
        wire("M-28 56V34M-16 56V28M-28 44H-6M-6 56V26M28 56V34M16 56V28M28 44H6M6 56V26", INK, 9),
        wire(
            "M-28 56V34M-16 56V28M-28 44H-6M-6 56V26M28 56V34M16 56V28M28 44H6M6 56V26", WHITE, 3.4
        ),
        at(-40, 12, *_flower(ROSE), scale=0.56),
        at(40, 12, *_flower(LILAC), scale=0.56),
        at(-29, -36, *_flower(SUN, CORAL), scale=0.56),
        at(29, -36, *_flower(ROSE), scale=0.56),
        at(0, -49, *_flower(CREAM, AMBER), scale=0.62),
    )
