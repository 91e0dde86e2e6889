# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems with animals, and one with a hammock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import calendar, frog
from tools.artwork.palette import (
    AMBER,
    BLUE,
    CORAL,
    CREAM,
    INK,
    LEAF,
    MINT,
    SLATE,
    STEEL,
    SUN,
    WHITE,
    WOOD,
)
from tools.artwork.pen import at, box, disc, dots, flat, path, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art

PLUMAGE = "#9a6b4f"


def owl() -> Art:
    """Return an owl before the moon."""
    return (
        disc(16, -18, 46, "#ffe9a8"),
        dots(6, "#efcf78", (46, -30), (36, 8), (50, -6)),
        path(
            "M-40 8Q-42 -28 -36 -44Q-22 -40 -10 -40H2Q14 -40 28 -44Q34 -28 32 8"
            "Q32 48 -4 50Q-40 48 -40 8Z",
            PLUMAGE,
        ),
        path("M-40 4Q-54 14 -44 42Q-30 40 -28 20Z", "#7c4f38"),
        path("M32 4Q46 14 36 42Q22 40 20 20Z", "#7c4f38"),
        path("M-22 20Q-4 4 14 20Q18 48 -4 50Q-26 48 -22 20Z", CREAM),
        wire("M-12 26l4 4l4 -4M-4 36l4 4l4 -4M-14 40l3 3", "#c79a6d", 4),
        disc(-20, -14, 17, CREAM),
        disc(12, -14, 17, CREAM),
        dots(8.5, INK, (-18, -13), (10, -13)),
        dots(3, WHITE, (-15.5, -16), (12.5, -16)),
        path("M-11 -6H3L-4 8Z", AMBER),
        wire("M-56 52H56", INK, 15),
        wire("M-56 52H56", WOOD, 6),
        wire("M-16 50V46M-8 50V46M2 50V46M10 50V46", AMBER, 6),
    )


def early_bird() -> Art:
    """Return a small bird that sings before the rising sun."""
    return (
        flat(path("M-72 26A72 72 0 0 1 72 26Z", "#ffd873")),
        path("M-50 26A50 50 0 0 1 50 26Z", SUN),
        wire("M-64 28H64", INK, 15),
        wire("M-64 28H64", WOOD, 6),
        path("M-40 -14L-62 -22Q-58 2 -34 8Z", "#3f77cf"),
        path("M-44 -8Q-38 26 -6 28Q28 28 30 -8Q40 -44 10 -46Q-10 -46 -12 -26Q-26 -4 -44 -8Z", BLUE),
        path("M-2 26Q28 24 29 -8Q24 -18 10 -14Q-4 -2 -8 24Z", CREAM),
        path("M-28 0Q-8 -8 4 4Q-2 18 -22 16Z", "#3f77cf"),
        path("M29 -32L50 -38L31 -20Z", AMBER),
        disc(14, -28, 6, WHITE),
        dots(3.6, INK, (15, -28)),
        wire("M-4 30V38M8 30V38", INK, 5),
        path("M-44 32Q-34 44 -20 38Q-30 26 -44 32Z", LEAF),
    )


def hammock() -> Art:
    """Return a hammock with a laptop between two palms."""
    return (
        wire("M-52 56Q-46 10 -52 -30M52 56Q46 10 52 -30", INK, 17),
        wire("M-52 56Q-46 10 -52 -30M52 56Q46 10 52 -30", WOOD, 8),
        *_palm(-52, -32, 1),
        *_palm(52, -32, -1),
        path("M-20 10L-26 -24Q-26 -30 -20 -30H20Q26 -30 26 -24L20 10Z", SLATE),
        flat(path("M-18 -23H18L15 6H-15Z", "#cdeefb")),
        wire("M-11 -15H1M-4 -8H9M-11 -1H-2", INK, 4),
        wire("M-46 -2L-36 8M46 -2L36 8", INK, 5),
        path("M-42 4Q0 22 42 4Q36 46 0 46Q-36 46 -42 4Z", CORAL),
        flat(
            path(
                "M-24 15Q-22 36 -10 44.5Q-2 46 -6 45Q-14 32 -14 16.5ZM24 15Q22 36 10 44.5"
                "Q2 46 6 45Q14 32 14 16.5Z",
                CREAM,
            )
        ),
        path("M-42 4Q0 22 42 4Q36 46 0 46Q-36 46 -42 4Z", "none"),
    )


def _palm(x: float, y: float, side: int) -> Art:
    return (
        at(
            x,
            y,
            path(f"M0 4Q{-14 * side} -20 {-22 * side} 12Q{-8 * side} 0 0 4Z", LEAF),
            path(f"M0 4Q{4 * side} -30 {32 * side} -22Q{14 * side} -14 0 4Z", LEAF),
            path(f"M0 4Q{22 * side} -14 {34 * side} 8Q{14 * side} -2 0 4Z", LEAF),
            path(f"M0 4Q{-20 * side} -26 {-14 * side} -32Q{4 * side} -24 0 4Z", LEAF),
        ),
    )


def _anvil() -> Art:
    """Return an anvil 56 wide that stands on the origin."""
    return (
        path(
            "M-28 -34H24Q30 -34 30 -28Q18 -26 12 -18Q10 -12 18 -8V0H-18V-8"
            "Q-10 -12 -12 -18Q-16 -22 -28 -24Z",
            SLATE,
        ),
        flat(box(-24, -31, 44, 4, STEEL, 2)),
    )


def hopping_frog() -> Art:
    """Return a frog that leaps between anvils."""
    return (
        wire("M-44 10Q-36 -50 10 -58", CREAM, 4),
        at(-34, 58, *_anvil(), scale=0.96),
        at(36, 58, *_anvil(), scale=0.96),
        at(4, -14, *frog(), scale=0.98, turn=-12),
    )


def leap_day() -> Art:
    """Return a frog that leaps over the calendar leaf of a 29 February."""
    return (
        at(0, 20, *calendar(CORAL), scale=0.94),
        wire("M-25 21Q-22 12 -14 12Q-4 12 -4 22Q-4 30 -26 46H-3", INK, 8),
        disc(17, 23, 10, "none"),
        wire("M27 23Q28 42 12 46M7 23A10 10 0 0 1 27 23A10 10 0 0 1 7 23", INK, 8),
        at(2, -28, *frog(MINT), scale=0.8, turn=-10),
    )
