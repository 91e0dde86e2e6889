# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about meeting and talking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import bubble, smile
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
    disc,
    dots,
    flat,
    heart,
    oval,
    path,
    shade,
    shine,
    wire,
)

if TYPE_CHECKING:
    from tools.artwork.nodes import Art


def _chair(fill: str) -> Art:
    """Return a chair from the front; the middle of its seat is the origin."""
    return (
        wire("M-19 6V34M19 6V34", INK, 13),
        wire("M-19 6V32M19 6V32", WOOD, 4),
        box(-22, -52, 44, 46, fill, corner=12),
        flat(box(-14, -43, 28, 8, WHITE, 4), opacity=0.5),
        box(-28, -8, 56, 18, fill, corner=8),
        shade("M-28 2H28V4Q26 10 20 10H-20Q-28 10 -28 2Z"),
    )


def one_chair() -> Art:
    """Return one chair and a speech bubble."""
    return (
        at(-14, 16, *_chair(CORAL), scale=1.12),
        at(34, -36, *bubble(CREAM, 50, 36)),
        dots(4, INK, (22, -36), (34, -36), (46, -36)),
    )


def three_chairs() -> Art:
    """Return three chairs behind a table."""
    return (
        at(-38, 8, *_chair(BLUE), scale=0.8),
        at(38, 8, *_chair(LEAF), scale=0.8),
        at(0, 4, *_chair(CORAL), scale=0.9),
        at(32, -48, *bubble(CREAM, 42, 28)),
        dots(3.2, INK, (22, -48), (32, -48), (42, -48)),
        wire("M-46 30V56M46 30V56", INK, 15),
        wire("M-46 30V54M46 30V54", WOOD, 6),
        box(-62, 12, 124, 26, TAN, corner=9),
        shade("M-62 26H62Q62 38 53 38H-53Q-62 38 -62 26Z"),
    )


def full_table() -> Art:
    """Return a round table from above, with every chair taken."""
    colours = (CORAL, SKY, SUN, MINT, LILAC, ROSE, AMBER, LEAF)
    seats = [
        at(x, y, path("M-14 6V-4A14 14 0 0 1 14 -4V6Z", colour), turn=index * 45)
        for index, ((x, y), colour) in enumerate(zip(around(8, 49), colours, strict=True))
    ]
    return (
        *seats,
        disc(0, 0, 41, TAN),
        flat(disc(0, 0, 31, "#eec592")),
        at(0, -1, *bubble(WHITE, 42, 28)),
        dots(3.4, INK, (-10, -1), (0, -1), (10, -1)),
    )


def coffee_table() -> Art:
    """Return a table with a coffee pot, under a clock."""
    return (
        disc(-30, -32, 27, CREAM),
        wire("M-30 -48V-32L-18 -26", INK, 6),
        dots(2.6, INK, (-30, -52), (-10, -32), (-30, -12), (-50, -32)),
        wire("M42 -8Q60 -8 54 12Q52 20 42 20", INK, 13),
        wire("M42 -8Q60 -8 54 12Q52 20 42 20", CORAL, 4),
        path("M10 -14L-8 -20Q-2 0 10 6Z", CORAL),
        path("M14 -26H40L48 28H6Z", CORAL),
        shade("M32 -26H40L48 28H32Z"),
        path("M12 -26Q14 -36 27 -36T42 -26Z", SUN),
        disc(27, -40, 5, SUN),
        box(-44, 8, 26, 22, SKY, corner=6),
        wire("M-18 14Q-9 14 -11 20T-18 24", width=5),
        wire("M-44 40V60M44 40V60", INK, 15),
        wire("M-44 40V58M44 40V58", WOOD, 6),
        box(-62, 28, 124, 18, TAN, corner=8),
        shade("M-62 38H62Q60 46 54 46H-54Q-60 46 -62 38Z"),
    )


def gavel() -> Art:
    """Return a gavel above its block."""
    return (
        at(
            -4,
            -16,
            box(-7, 10, 14, 66, WOOD, corner=6),
            box(-34, -20, 68, 34, "#c98450", corner=4),
            shade("M-34 2H34V14H-34Z"),
            box(-40, -24, 14, 42, SUN, corner=4),
            box(26, -24, 14, 42, SUN, corner=4),
            turn=-52,
        ),
        wire("M-54 20L-62 14M-46 6L-50 -4", CREAM, 6),
        box(-56, 36, 62, 12, "#c98450", corner=5),
        box(-62, 46, 74, 14, WOOD, corner=5),
    )


def _megaphone(fill: str = SUN) -> Art:
    """Return a megaphone that calls to the right; the middle of its mouth is the origin."""
    return (
        path("M-44 14L-38 38Q-36 44 -28 42Q-22 40 -24 34L-28 14Z", STEEL),
        path("M-54 -12L0 -32V32L-54 12Z", fill),
        shade("M-54 2L0 6V32L-54 12Z"),
        box(-62, -15, 18, 30, CORAL, corner=6),
        oval(0, 0, 9, 32, CREAM),
        flat(oval(1, 0, 4, 16, AMBER)),
    )


def one_bubble() -> Art:
    """Return a megaphone with one speech bubble."""
    return (
        at(-2, 14, *_megaphone(), scale=1.05, turn=-14),
        at(36, -30, *bubble(CREAM, 54, 40)),
        dots(4.4, INK, (23, -30), (36, -30), (49, -30)),
        wire("M20 14L34 10M18 30L32 34", CREAM, 6),
    )


def three_bubbles() -> Art:
    """Return a megaphone with three speech bubbles."""
    return (
        at(-14, 26, *_megaphone(), scale=0.82, turn=-24),
        at(-30, -38, *bubble(SKY, 52, 34)),
        dots(3.6, INK, (-42, -38), (-30, -38), (-18, -38)),
        at(34, -26, *bubble(CREAM, 48, 36)),
        wire("M22 -32H46M22 -21H38", INK, 4.5),
        at(38, 26, *bubble(MINT, 46, 32)),
        wire("M28 26L35 32L48 20", INK, 5),
    )


def bubble_crowd() -> Art:
    """Return a crowd of speech bubbles with faces."""
    return (
        at(-36, -40, *bubble(SKY, 46, 36)),
        *smile(-36, -41, 0.9),
        at(36, -42, *bubble(ROSE, 46, 34, 1)),
        *smile(36, -43, 0.9),
        at(-42, 6, *bubble(MINT, 42, 34)),
        *smile(-42, 5, 0.9),
        at(44, 4, *bubble(LILAC, 40, 34, 1)),
        *smile(44, 3, 0.9),
        at(0, -16, *bubble(CREAM, 56, 46)),
        *smile(0, -17, 1.3),
        at(18, 40, *_megaphone(), scale=0.72),
    )


def liked_bubble() -> Art:
    """Return a heart inside a speech bubble."""
    return (
        at(0, -12, *bubble(CREAM, 108, 82)),
        heart(0, -12, 27, CORAL),
        shine("M-22 -24Q-22 -32 -13 -32V-26Q-17 -26 -17 -21Z"),
    )
