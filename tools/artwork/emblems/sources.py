# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about sources: commits, pull requests, issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import beetle
from tools.artwork.palette import (
    AMBER,
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
    WHITE,
    WOOD,
)
from tools.artwork.pen import (
    at,
    box,
    cord,
    disc,
    dots,
    flat,
    heart,
    path,
    shade,
    shine,
    star,
    wire,
)

if TYPE_CHECKING:
    from tools.artwork.nodes import Art


def _commit(x: float, y: float, fill: str, radius: float = 13) -> Art:
    return (
        disc(x, y, radius, fill),
        dots(radius * 0.36, WHITE, (x - radius * 0.25, y - radius * 0.3)),
    )


def one_commit() -> Art:
    """Return a line with one commit."""
    return (
        *cord("M0 60V-60", CREAM, 9),
        disc(0, 0, 30, SUN),
        disc(0, 0, 15, CREAM),
        wire("M-6 0L-1 5L7 -5", "#2f9e6e", 5),
    )


def one_branch() -> Art:
    """Return three commits and a branch."""
    return (
        *cord("M-22 58V-50", CREAM),
        *cord("M-22 32Q-20 6 8 2Q30 -2 30 -30", SKY),
        *_commit(-22, 36, SUN, 16),
        *_commit(-22, -40, SUN, 16),
        *_commit(30, -30, CORAL, 16),
    )


def branch_tree() -> Art:
    """Return a tree of branches."""
    return (
        *cord("M0 60V-40", WOOD, 12),
        *cord("M0 36Q-6 14 -26 10Q-44 4 -44 -14", WOOD),
        *cord("M0 24Q6 2 26 -2Q44 -6 44 -26", WOOD),
        *cord("M0 2Q-4 -20 -22 -26", WOOD),
        wire("M0 60V-40", WOOD, 12),
        *_commit(-44, -14, LEAF, 15),
        *_commit(44, -28, LEAF, 15),
        *_commit(-23, -38, MINT, 14),
        *_commit(20, -46, MINT, 13),
        *_commit(0, -50, SUN, 15),
        *_commit(30, 2, MINT, 10),
    )


def _small_tree(crown: str, dot: str) -> Art:
    return (
        *cord("M0 40V-16", WOOD, 7),
        *cord("M0 20Q-14 12 -15 -2", WOOD, 5),
        *cord("M0 12Q13 4 15 -10", WOOD, 5),
        wire("M0 40V-16", WOOD, 7),
        disc(-16, -4, 11, crown),
        disc(16, -12, 11, crown),
        disc(0, -26, 14, dot),
    )


def branch_forest() -> Art:
    """Return a forest of branching trees."""
    return (
        at(-22, -20, *_small_tree(MINT, SKY)),
        at(24, -24, *_small_tree(MINT, LILAC)),
        at(-40, 14, *_small_tree(LEAF, AMBER)),
        at(42, 12, *_small_tree(LEAF, CORAL)),
        at(0, 16, *_small_tree(LEAF, SUN)),
        path("M-62 58Q-30 44 0 50T62 56V62H-62Z", "#2f8a57"),
    )


def paper_boat() -> Art:
    """Return a paper boat where two rivers join."""
    return (
        path("M-4 18V-30L30 18Z", CORAL),
        path("M-10 18V-16L-32 18Z", CREAM),
        path("M-40 22H40L26 46H-26Z", WHITE),
        shade("M4 24H40L26 46H4Z"),
        at(-54, 2, *_bush()),
        at(56, 6, *_bush()),
        at(0, -60, *_bush()),
    )


def _bush() -> Art:
    return (
        wire("M0 6V18", INK, 8),
        path("M-12 10Q-18 -2 -8 -8Q0 -22 8 -8Q18 -2 12 10Z", "#2f8a57"),
    )


def patched_gift() -> Art:
    """Return a gift box with a patch sewn on it."""
    return (
        path(
            "M0 -28C-10 -62 -46 -58 -36 -38Q-30 -28 0 -28C10 -62 46 -58 36 -38Q30 -28 0 -28Z", SUN
        ),
        box(-44, -8, 88, 64, CORAL, corner=5),
        shade("M22 -4H44V56H22Z"),
        box(-52, -28, 104, 24, "#ff8a73", corner=5),
        flat(box(-8, -26, 16, 20, SUN, 0)),
        at(
            2,
            26,
            box(-25, -20, 50, 40, SKY, corner=6),
            flat(star(0, 1, 13, WHITE)),
            turn=-10,
        ),
        wire(
            "M-32 18l12 -2M-29 34l12 -2M34 18l-12 2M37 34l-12 2M-14 2l2 11M8 -2l2 11"
            "M-6 43l2 11M14 40l2 10",
            INK,
            4,
        ),
    )


def quilt() -> Art:
    """Return a quilt of many patches."""
    colours = (CORAL, SKY, SUN, MINT, CREAM, LILAC, SUN, ROSE, SKY)
    cells = [(-54 + 36 * column, -54 + 36 * row) for row in range(3) for column in range(3)]
    patches = tuple(
        box(x, y, 36, 36, colour, corner=2) for (x, y), colour in zip(cells, colours, strict=True)
    )
    return (
        box(-59, -59, 118, 118, "#8c4a8c", corner=12),
        *patches,
        wire("M-47 -47L-25 -25M-25 -47L-47 -25", WHITE, 4),
        dots(4, WHITE, (-9, -36), (9, -36), (0, -28), (0, -44)),
        wire("M25 -36H47M36 -47V-25", AMBER, 5),
        wire("M-47 0H-25M-47 9H-25M-47 -9H-25", "#2f8a57", 3.6),
        flat(heart(0, 0, 11, CORAL)),
        dots(3.4, WHITE, (28, -8), (44, -8), (36, 0), (28, 8), (44, 8)),
        dots(5, CORAL, (-36, 36)),
        wire("M-11 29Q0 43 11 29", WHITE, 4),
        wire("M25 47L47 25", WHITE, 4),
    )


def _binoculars() -> Art:
    """Return binoculars from the front, 100 wide; the middle of the lenses is the origin."""
    return (
        box(-12, -16, 24, 22, SLATE, corner=4),
        path("M-42 -30H-16L-6 6H-52Z", SLATE),
        path("M42 -30H16L6 6H52Z", SLATE),
        box(-44, -38, 30, 13, INK, corner=5),
        box(14, -38, 30, 13, INK, corner=5),
        disc(-28, 6, 24, STEEL),
        disc(28, 6, 24, STEEL),
        disc(-28, 6, 15.5, SKY),
        disc(28, 6, 15.5, SKY),
        wire("M-36 2A10 10 0 0 1 -29 -4M20 2A10 10 0 0 1 27 -4", WHITE, 4),
    )


def spotted_beetle() -> Art:
    """Return binoculars and the beetle that they found."""
    return (at(0, -24, *_binoculars(), scale=1.06), at(0, 32, *beetle(CORAL), scale=0.98))


def beetle_row() -> Art:
    """Return binoculars and a row of beetles."""
    return (
        at(0, -30, *_binoculars(), scale=0.86),
        at(-43, 24, *beetle(SUN), scale=0.72, turn=-12),
        at(43, 24, *beetle(MINT), scale=0.72, turn=12),
        at(0, 30, *beetle(CORAL), scale=0.8),
    )


def clipboard() -> Art:
    """Return a ladybird on a clipboard."""
    return (
        box(-44, -50, 88, 108, WOOD, corner=9),
        box(-34, -40, 68, 90, CREAM, corner=3),
        wire("M-22 38H22", "#b9a27e", 5),
        path("M-22 -40V-50Q-22 -56 -14 -56H-10Q-8 -66 0 -66T10 -56H14Q22 -56 22 -50V-40Z", STEEL),
        at(
            0,
            2,
            wire("M-5 -22Q-8 -30 -14 -31M5 -22Q8 -30 14 -31", width=4),
            disc(0, -16, 12, INK),
            disc(0, 6, 23, CORAL),
            wire("M0 -16V28", width=4.5),
            dots(4.6, INK, (-11, -2), (11, -2), (-12, 13), (12, 13)),
            shine("M-15 -6A17 17 0 0 1 -5 -13L-4 -8A12 12 0 0 0 -11 -3Z"),
            turn=14,
        ),
    )
