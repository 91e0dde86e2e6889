# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about testing updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import glint, magnifier, parcel
from tools.artwork.palette import (
    CORAL,
    CREAM,
    INK,
    LILAC,
    SKY,
    SLATE,
    STEEL,
    SUN,
    TAN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import at, box, disc, dots, flat, oval, path, shade, shine, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art


def lone_glass() -> Art:
    """Return a magnifying glass that has found a small package."""
    return (
        at(-14, -16, *magnifier(), scale=1.2, turn=-42),
        at(-15, -14, *parcel(26), scale=1),
        *glint(42, -34, 11),
        *glint(-50, 40, 8),
    )


def crash_helmet() -> Art:
    """Return the helmet of a crash test pilot."""
    return (
        path(
            "M-56 16C-60 -34 -32 -56 4 -56C40 -56 56 -32 56 2V34Q56 46 42 46H-28Q-54 46 -56 16Z",
            SUN,
        ),
        shade("M-55 20Q-52 46 -28 46H42Q56 46 56 34V24Q10 44 -55 20Z"),
        path("M56 -8Q55 -18 51 -22H18Q0 -22 0 -4V8Q0 24 18 24H56Z", "#d8f1fb"),
        flat(path("M56 4H2V8Q2 22 18 22H54Z", SKY)),
        wire("M16 -10H36", WHITE, 6),
        path("M56 -8Q55 -18 51 -22H18Q0 -22 0 -4V8Q0 24 18 24H56Z", "none"),
        wire("M14 36H38", INK, 6),
        disc(-28, -8, 19, WHITE),
        flat(path("M-28 -8V-27A19 19 0 0 0 -47 -8ZM-28 -8V11A19 19 0 0 0 -9 -8Z", INK)),
        wire("M-14 -46Q2 -51 18 -47", "#ffe7a6", 5),
    )


def steady_hand() -> Art:
    """Return a gloved hand that holds a magnifying glass."""
    return (
        path("M-22 64L-18 40H22L28 64Z", CORAL),
        at(2, -24, *magnifier(), scale=1.08),
        wire("M-12 -24L-2 -13L16 -35", "#2f9e6e", 8),
        path("M-20 24Q-28 34 -20 46Q0 56 24 46Q30 38 26 18Z", CREAM),
        box(-16, 12, 42, 13, CREAM, corner=6.5),
        box(-14, 24, 42, 13, CREAM, corner=6.5),
        box(-12, 36, 38, 12, CREAM, corner=6),
        path("M-24 28Q-26 12 -14 6Q-4 4 -4 12Q-14 18 -10 32Z", CREAM),
    )


def hound() -> Art:
    """Return a hound that looks through a glass."""
    return (
        path("M-30 -34Q-62 -38 -58 6Q-56 30 -42 30Q-32 26 -30 0Z", "#7c4526"),
        path("M30 -34Q62 -38 58 6Q56 30 42 30Q32 26 30 0Z", "#7c4526"),
        path(
            "M-36 -12C-38 -46 -20 -54 0 -54S38 -46 36 -12C34 16 28 50 0 52C-28 50 -34 16 -36 -12Z",
            TAN,
        ),
        path(
            "M0 -54C8 -30 10 -14 16 4Q26 20 20 36Q14 52 0 52Q-14 52 -20 36Q-26 20 -16 4"
            "C-10 -14 -8 -30 0 -54Z",
            CREAM,
        ),
        disc(-18, -14, 8, WHITE),
        dots(4.6, INK, (-16, -13)),
        path("M-13 12Q0 4 13 12Q12 26 0 28Q-12 26 -13 12Z", INK),
        flat(oval(-4, 14, 4, 2.4, WHITE)),
        wire("M0 28V36Q-8 46 -16 38M0 36Q8 46 16 38", width=4),
        disc(20, -13, 21, SUN),
        disc(20, -13, 13.5, "#d8f1fb"),
        dots(7, INK, (20, -13)),
        dots(2.6, WHITE, (22.5, -16)),
        wire("M35 2L50 22", WOOD, 9),
    )


def castle_gate() -> Art:
    """Return a castle whose gate is shut for bad updates."""
    return (
        wire("M0 -32V-62"),
        path("M0 -62L26 -54L0 -45Z", CORAL),
        path("M-26 52V-34h9v9h11v-9h12v9h11v-9h9V52Z", STEEL),
        path("M-58 52V-48h9v9h8v-9h8v9h9V52Z", "#e6ecf3"),
        path("M24 52V-39h9v-9h8v9h8v-9h9V52Z", "#e6ecf3"),
        shade("M-32 -37H-24V50H-32ZM48 -37H56V50H48ZM-24 -22H24V-13H-24Z"),
        path("M-19 52V16A19 19 0 0 1 19 16V52Z", INK),
        wire("M-9 4V50M0 2V50M9 4V50M-16 18H16M-16 34H16", SUN, 3.4),
        wire("M-42 -18V-8M42 -18V-8M-42 14V24M42 14V24", INK, 7),
    )


def pipeline() -> Art:
    """Return boxes that travel through a scanner."""
    return (
        at(-46, 10, *parcel(32)),
        at(46, 10, *parcel(32, SUN)),
        box(-29, -54, 58, 80, LILAC, corner=12),
        shade("M12 -52H27V24H12Z"),
        disc(0, -26, 19, SUN),
        disc(0, -26, 11, "#d8f1fb"),
        wire("M-5 -26L-1 -21L7 -31", "#2f9e6e", 4),
        path("M-16 26V4H16V26Z", INK),
        at(0, 15, *parcel(22, SUN), scale=1),
        box(-62, 25, 124, 22, SLATE, corner=11),
        flat(
            *(disc(x, 36, 6, STEEL) for x in (-48, -24, 0, 24, 48)),
        ),
    )


def crowned_box() -> Art:
    """Return a package with a crown above it."""
    return (
        at(0, 24, *parcel(78, CORAL)),
        box(-16, 14, 32, 26, CREAM, corner=4),
        wire("M-8 27L-2 33L9 20", "#2f9e6e", 6),
        path("M-38 -18L-44 -54L-20 -38L0 -62L20 -38L44 -54L38 -18Z", SUN),
        shade("M-39 -26H39L38 -18H-38Z"),
        dots(5, CORAL, (-22, -28), (22, -28)),
        dots(5.5, SKY, (0, -30)),
        disc(-44, -55, 5, CORAL),
        disc(44, -55, 5, CORAL),
        disc(0, -62, 6, SKY),
    )


def brake_lever() -> Art:
    """Return an emergency brake that someone pulls."""
    return (
        wire("M-4 -54A58 58 0 0 1 40 -22", CORAL, 7),
        path("M50 -28L44 -4L26 -20Z", CORAL),
        wire("M2 30L-30 -30", INK, 21),
        wire("M2 30L-30 -30", STEEL, 11),
        disc(-32, -34, 20, CORAL),
        shine("M-44 -38A14 14 0 0 1 -32 -48L-30 -42A10 10 0 0 0 -39 -36Z"),
        path("M-44 52V44A44 44 0 0 1 44 44V52Z", SLATE),
        shade("M22 52Q34 34 24 8Q44 20 44 44V52Z"),
        wire("M-24 32A27 27 0 0 1 24 32", INK, 9),
        disc(0, 34, 9, SUN),
        box(-56, 46, 112, 13, INK, corner=5),
        flat(
            box(-46, 50, 14, 5, SUN, 0),
            box(-18, 50, 14, 5, SUN, 0),
            box(10, 50, 14, 5, SUN, 0),
            box(36, 50, 12, 5, SUN, 0),
        ),
    )
