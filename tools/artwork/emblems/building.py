# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about building: packages, Copr, kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import glint, parcel
from tools.artwork.palette import (
    AMBER,
    BLUE,
    BRICK,
    CORAL,
    CREAM,
    INK,
    LEAF,
    LILAC,
    MINT,
    SLATE,
    STEEL,
    SUN,
    TAN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import at, box, disc, dots, flat, path, shade, shine, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art

PALE_BRICK = "#e98a6a"


def _block(x: float, y: float, width: float = 34, fill: str = BRICK) -> Art:
    return (
        box(x, y, width, 20, fill, corner=3),
        flat(box(x + 3, y + 3, width - 6, 4, "#f3a386", 2)),
    )


def _hammer() -> Art:
    """Return a hammer; its handle ends at the origin and it stands upright."""
    return (
        box(-6, -62, 12, 64, WOOD, corner=5),
        box(-26, -82, 52, 26, STEEL, corner=3),
        shade("M-26 -68H26V-56H-26Z"),
        box(-34, -86, 13, 34, SLATE, corner=4),
        box(21, -86, 13, 34, SLATE, corner=4),
    )


def one_brick() -> Art:
    """Return one brick and the hammer above it."""
    return (
        path("M-56 18L-42 4H44L54 18Z", PALE_BRICK),
        box(-56, 18, 110, 38, BRICK, corner=4),
        shade("M-56 42H54V56H-56Z"),
        dots(7, "#8e3526", (-30, 36), (-1, 36), (28, 36)),
        at(48, 4, *_hammer(), turn=-44),
        wire("M-42 -14L-52 -18M-38 -28L-46 -36", SUN, 6),
    )


def small_wall() -> Art:
    """Return a small wall with a trowel."""
    return (
        *_block(-56, 34, 36),
        *_block(-20, 34, 36),
        *_block(16, 34, 38),
        *_block(-56, 14, 18),
        *_block(-38, 14, 36),
        *_block(-2, 14, 36, PALE_BRICK),
        *_block(34, 14, 20),
        *_block(-56, -6, 36),
        *_block(-20, -6, 36),
        *_block(-56, -26, 18, PALE_BRICK),
        *_block(-38, -26, 30),
        at(
            28,
            -16,
            wire("M0 -6V-22", INK, 10),
            wire("M0 -6V-22", STEEL, 3),
            box(-8, -46, 16, 26, WOOD, corner=7),
            path("M-20 -8H20L0 34Z", STEEL),
            shade("M0 -8H20L0 34Z"),
            turn=24,
        ),
    )


def brick_tower() -> Art:
    """Return a tower of bricks with a flag."""
    return (
        wire("M0 -40V-66"),
        path("M0 -66L28 -58L0 -49Z", SUN),
        path("M-30 54L-24 -22H24L30 54Z", BRICK),
        path(
            "M-34 -20V-44H-20V-36H-8V-44H8V-36H20V-44H34V-20Q34 -14 28 -14H-28Q-34 -14 -34 -20Z",
            PALE_BRICK,
        ),
        wire("M-24 4H-8M8 4H25M-26 22H-4M12 22H27M-14 40H10", "#8e3526", 4),
        shade("M12 -12H24L30 54H14Z"),
        path("M-10 54V40A10 10 0 0 1 10 40V54Z", INK),
        path("M-7 10V-2A7 7 0 0 1 7 -2V10Z", SUN),
        wire("M-58 54H58", INK, 7),
    )


def skyline() -> Art:
    """Return a city of boxes under a crane."""
    return (
        wire("M-40 -58L-54 -46M-40 -58L10 -46", INK, 4),
        wire("M-40 54V-58M-54 -46H50", INK, 11),
        wire("M-40 54V-54M-50 -46H48", SUN, 3.6),
        wire("M38 -46V-26", INK, 4),
        at(38, -14, *parcel(24)),
        box(-58, -8, 30, 62, CORAL, corner=3),
        box(-30, -28, 30, 82, TAN, corner=3),
        box(0, 10, 28, 44, MINT, corner=3),
        box(26, 18, 32, 36, LILAC, corner=3),
        shade("M-36 -6H-30V52H-36ZM-8 -26H0V52H-8ZM20 12H28V52H20ZM50 20H58V52H50Z"),
        wire(
            "M-49 6H-40M-49 20H-40M-49 34H-40M-22 -14H-12M-22 2H-12M-22 18H-12M-22 34"
            "H-12M8 24H16M8 38H16M36 32H46",
            INK,
            6,
        ),
        wire("M-60 54H60", INK, 7),
    )


def plastered_brick() -> Art:
    """Return a cracked brick with a plaster."""
    return (
        path("M-58 -16L-44 -36H46L56 -16Z", PALE_BRICK),
        box(-58, -16, 114, 54, BRICK, corner=5),
        shade("M-58 20H56V38H-58Z"),
        flat(path("M-8 -38L-18 -18L2 -2L-12 16L0 40H14L6 16L22 -2L2 -18L12 -38Z", INK)),
        at(
            0,
            3,
            box(-42, -13, 84, 26, "#ffe0b0", corner=13),
            box(-15, -13, 30, 26, CREAM, corner=2),
            dots(2.8, "#c98d55", (-32, -4), (-24, 4), (32, 4), (24, -4), (-33, 5), (33, -5)),
            *_cross(),
            turn=-28,
        ),
    )


def _cross() -> Art:
    return (flat(path("M-4 -10H4V-4H10V4H4V10H-4V4H-10V-4H-4Z", CORAL)),)


def _steam(x: float, y: float) -> Art:
    d = f"M{x:g} {y:g}q-9 -8 0 -16t0 -16"
    return (wire(d, INK, 11), wire(d, CREAM, 5))


def _pot(fill: str) -> Art:
    """Return a pot 76 wide; the middle of its rim is the origin."""
    return (
        wire("M-38 16H-48M38 16H48", INK, 13),
        path("M-38 0V34Q-38 52 -18 52H18Q38 52 38 34V0Z", fill),
        shade("M16 4H38V34Q38 52 18 52H6Q18 44 16 4Z"),
        shine("M-30 10H-23V34Q-22 42 -18 46Q-30 44 -30 32Z"),
        box(-43, -6, 86, 13, STEEL, corner=6),
    )


def small_pot() -> Art:
    """Return a pot in which a package cooks."""
    return (
        at(-6, -8, *parcel(46), turn=-14),
        *_steam(40, -14),
        *_steam(-46, -12),
        at(0, 2, *_pot(CORAL)),
    )


def three_pots() -> Art:
    """Return a kitchen with three pots."""
    return (
        at(-5, -42, *parcel(24), turn=-10),
        *_steam(-40, -8),
        *_steam(40, -8),
        at(0, -34, *_pot(SUN), scale=0.62),
        at(-32, 8, *_pot(CORAL), scale=0.62),
        at(32, 8, *_pot(BLUE), scale=0.62),
        box(-62, 39, 124, 18, SLATE, corner=5),
        flat(
            *(
                disc(x, 48, 4, c)
                for x, c in ((-44, SUN), (-22, CREAM), (0, CREAM), (22, CREAM), (44, SUN))
            )
        ),
    )


def _tube(fill: str, level: float) -> Art:
    """Return a test tube 26 wide and 86 high; the middle of its rim is the origin."""
    return (
        path("M-13 0V70A13 13 0 0 0 13 70V0Z", "#e4f5fb"),
        path(f"M-13 {level:g}V70A13 13 0 0 0 13 70V{level:g}Z", fill),
        shine("M-8 8H-4V66H-8Z"),
        box(-18, -6, 36, 11, WHITE, corner=5),
    )


def _cob() -> Art:
    """Return a corn cob that stands on the origin."""
    rows = [(x, -12 - 10 * y) for y in range(5) for x in (-8, 0, 8)]
    return (
        path("M-15 0V-38Q-14 -60 0 -62Q14 -60 15 -38V0Z", SUN),
        dots(3.4, AMBER, *rows),
        path("M0 10Q-28 6 -24 -32Q-8 -22 0 10Z", LEAF),
        path("M0 10Q28 6 24 -32Q8 -22 0 10Z", LEAF),
    )


def one_tube() -> Art:
    """Return a kernel of corn in a test tube."""
    return (
        at(
            4,
            0,
            path("M-24 -50V34A24 24 0 0 0 24 34V-50Z", "#e4f5fb"),
            path("M-24 6V34A24 24 0 0 0 24 34V6Z", MINT),
            at(0, 32, *_cob(), scale=0.95),
            shine("M-18 -42H-12V30H-18Z"),
            box(-31, -60, 62, 15, WHITE, corner=7),
            turn=18,
        ),
        dots(5, MINT, (46, 20), (52, 2), (40, 40)),
        *glint(-46, -30, 9),
    )


def tube_rack() -> Art:
    """Return a rack with three tubes; one pops."""
    return (
        at(-36, -36, *_tube(CORAL, 26)),
        at(0, -36, *_tube(SUN, 14)),
        at(36, -36, *_tube(LILAC, 36)),
        path(
            "M-10 -44Q-22 -48 -16 -58Q-10 -66 -2 -60Q6 -68 14 -60Q22 -52 12 -44Q0 -38 -10 -44Z",
            CREAM,
        ),
        box(-60, 2, 120, 15, WOOD, corner=4),
        box(-60, 42, 120, 15, WOOD, corner=4),
        wire("M-54 17V42M54 17V42", INK, 12),
        wire("M-54 17V42M54 17V42", TAN, 3),
        dots(4, INK, (-36, 30), (0, 30), (36, 30)),
    )
