# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about people and what they do together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import calendar, glint, smile
from tools.artwork.palette import (
    AMBER,
    BLUE,
    CORAL,
    CREAM,
    INK,
    LEAF,
    LILAC,
    SKY,
    SLATE,
    STEEL,
    SUN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import (
    around,
    at,
    box,
    cord,
    disc,
    dots,
    flat,
    oval,
    path,
    shade,
    shine,
    star,
    wire,
)

if TYPE_CHECKING:
    from tools.artwork.nodes import Art

LIGHT = "#ffe9a8"


def open_door() -> Art:
    """Return an open door with a light behind it."""
    return (
        flat(path("M-30 54L-52 74H58L34 54Z", LIGHT), opacity=0.6),
        box(-38, -60, 76, 114, WOOD, corner=6),
        flat(path("M-28 -50H28V54H-28Z", LIGHT)),
        flat(disc(10, -8, 26, "#fff3d0"), disc(10, -8, 15, WHITE)),
        path("M-30 -52L-2 -38V66L-30 54Z", CORAL),
        shade("M-10 -42L-2 -38V66L-10 62Z"),
        wire("M-23 -30L-10 -24V4L-23 0Z", "#b93f37", 4),
        disc(-9, 18, 4, SUN),
        wire("M-54 54H-34M34 54H54", INK, 7),
    )


def name_tag() -> Art:
    """Return a name tag with a smile and a tick."""
    return (
        box(-17, -78, 34, 11, INK, corner=5.5),
        box(-62, -32, 124, 80, CREAM, corner=10),
        disc(-28, 8, 27, SUN),
        *smile(-28, 6, 1.45),
        wire("M14 -10H46M14 10H36", "#b9a27e", 8),
        disc(44, 38, 20, LEAF),
        wire("M34 38L42 46L54 31", WHITE, 7),
    )


def _person(fill: str, skin: str) -> Art:
    """Return a person without arms who stands on the origin."""
    return (
        path("M-15 0V-22Q-15 -38 0 -38T15 -22V0Z", fill),
        shade("M4 -37Q15 -34 15 -22V0H4Z"),
        disc(0, -48, 14, skin),
    )


def helping_hand() -> Art:
    """Return someone who helps another up a step."""
    return (
        path("M-58 56V40H-4V12H56V56Z", STEEL),
        flat(path("M-55.5 43H-4V49H-55.5ZM-1.5 15H53.5V22H-1.5Z", WHITE)),
        at(30, 12, *_person(CORAL, "#8f5a3a")),
        at(-36, 40, *_person(BLUE, "#ffd9a3"), turn=8),
        *cord("M-28 14Q-14 6 -2 0", BLUE, 8),
        *cord("M22 -12Q10 -10 -2 0", CORAL, 8),
        disc(-1, 0, 8, SUN),
        *glint(-14, -32, 10),
    )


def conductor() -> Art:
    """Return a conductor's baton before server racks."""
    racks = tuple(
        part
        for y in (-54, -22, 10)
        for part in (
            box(-56, y, 112, 28, SLATE, corner=6),
            wire(f"M10 {y + 14}H40", INK, 5),
            dots(5, LEAF, (-42, y + 14)),
            dots(5, SUN, (-26, y + 14)),
            dots(5, CORAL, (-10, y + 14)),
        )
    )
    return (
        *racks,
        wire("M-30 38H-30M30 38V50", INK, 5),
        wire("M44 56L-18 -24", INK, 15),
        wire("M44 56L-18 -24", CREAM, 6),
        at(42, 52, oval(0, 0, 16, 11, WOOD), turn=52),
    )


def painted_screen() -> Art:
    """Return a screen on which a landscape is painted."""
    return (
        path("M-12 34H12L18 54H-18Z", STEEL),
        box(-28, 50, 56, 10, STEEL, corner=5),
        box(-62, -50, 124, 88, INK, corner=9),
        flat(
            box(-54, -42, 108, 72, "#bfe8fa", 3),
            disc(-28, -18, 12, SUN),
            path("M-54 30V8L-22 -12L4 14L22 -4L54 22V30Z", LILAC),
            path("M-54 30V18Q-20 4 10 20T54 18V30Z", LEAF),
        ),
        at(
            30,
            -22,
            wire("M0 8V20H18V40", INK, 12),
            wire("M0 8V20H18V40", STEEL, 4),
            box(12, 36, 12, 34, WOOD, corner=6),
            box(-30, -10, 60, 20, CORAL, corner=7),
            shine("M-22 -6H16V-1H-22Z"),
            turn=-20,
        ),
    )


def bell_calendar() -> Art:
    """Return a calendar leaf with a bell."""
    days = [(x, y) for y in (0, 16, 32) for x in (-28, -12, 4)]
    return (
        at(-6, -6, *calendar(BLUE), scale=1.15),
        dots(5, "#cbb994", *((x - 6, y - 8) for x, y in days)),
        dots(6.5, CORAL, (-18, 8)),
        disc(32, 54, 7, AMBER),
        path("M8 50Q16 42 16 26Q16 8 32 8T48 26Q48 42 56 50Z", SUN),
        shade("M36 9Q48 12 48 26Q48 42 56 50H42Q40 24 36 9Z"),
        disc(32, 5, 5, SUN),
        wire("M58 8Q64 14 65 24", CREAM, 5),
    )


def ballot_box() -> Art:
    """Return a ballot box with a rosette."""
    return (
        path("M-22 -22V-62H22V-22Z", CREAM),
        wire("M-10 -44L-3 -36L11 -52", "#2f9e6e", 6),
        path("M-52 -8L-40 -26H40L52 -8Z", "#cfd9e6"),
        wire("M-26 -17H26", INK, 7),
        box(-52, -8, 104, 66, WHITE, corner=5),
        shade("M26 -6H52V58H26Z"),
        path("M-14 28L-20 62L-4 52L6 62L8 28Z", "#c23b52"),
        *(disc(x, y, 8, CORAL) for x, y in around(9, 17, -90, -3, 20)),
        flat(disc(-3, 20, 18, CORAL)),
        disc(-3, 20, 12, SUN),
        flat(star(-3, 20.5, 8, WHITE)),
    )


def ticket() -> Art:
    """Return a ticket with its stub torn off."""
    return (
        at(
            -10,
            4,
            path(
                "M-52 -30H32L27 -20L32 -10L27 0L32 10L27 20L32 30H-52V10A10 10 0 0 0 -52 -10Z", SUN
            ),
            shade("M-52 18V10H30L27 20L32 30H-52Z"),
            wire("M-34 -30V30", AMBER, 4),
            star(0, 0, 18, CORAL),
            turn=-10,
        ),
        at(
            46,
            -8,
            path(
                "M-11 -30H16V-10A10 10 0 0 0 16 10V30H-11L-16 20L-11 10L-16 0L-11 -10L-16 -20Z", SUN
            ),
            wire("M2 -14V14", AMBER, 5),
            turn=14,
        ),
        wire("M18 -42L16 -52M30 -42L34 -52", CREAM, 6),
    )


def river_map() -> Art:
    """Return a folded map with a river and a pin."""
    return (
        path("M-60 -28L-22 -40L20 -26L60 -38V40L20 52L-22 38L-60 50Z", "#f6e3ae"),
        flat(path("M-22 -40L20 -26V52L-22 38Z", "#e5c986")),
        wire("M-54 36Q-34 30 -30 12T-4 -2T22 14T56 -14", INK, 13),
        wire("M-54 36Q-34 30 -30 12T-4 -2T22 14T56 -14", SKY, 7),
        wire("M-22 -40V38M20 -26V52", INK, 3),
        wire("M-48 -14L-38 -18M-50 -2L-42 -5", LEAF, 6),
        wire("M36 36L50 32M30 26H38", LEAF, 6),
        path("M4 18Q-18 -14 -18 -30A22 22 0 0 1 26 -30Q26 -14 4 18Z", CORAL),
        disc(4, -30, 9, WHITE),
    )
