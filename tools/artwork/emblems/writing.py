# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emblems about writing: blogs and documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.emblems.parts import book
from tools.artwork.palette import (
    CORAL,
    CREAM,
    INK,
    LILAC,
    MINT,
    ROSE,
    SKY,
    SLATE,
    STEEL,
    SUN,
    WHITE,
)
from tools.artwork.pen import at, box, cord, disc, dots, flat, path, shade, shine, wire

if TYPE_CHECKING:
    from tools.artwork.nodes import Art

PAPER_LIGHT = "#ffe9a8"


def _nib() -> Art:
    """Return a fountain pen that points down to the origin."""
    return (
        box(-11, -74, 22, 34, CORAL, corner=7),
        flat(box(-11, -52, 22, 6, SUN, 0)),
        box(-11, -74, 22, 34, "none", corner=7),
        path("M-13 -40H13L11 -26L0 0L-11 -26Z", SUN),
        shade("M0 -40H13L11 -26L0 0Z"),
        wire("M0 -4V-20", width=3.6),
        disc(0, -22, 3, INK),
    )


def _planet(fill: str, band: str) -> Art:
    return (
        disc(0, 0, 32, fill),
        flat(
            path("M-29.5 -8Q0 4 29.5 -8A30 30 0 0 1 29.5 6Q0 18 -29.5 6Z", band),
        ),
        shade("M20 -25A32 32 0 0 1 -20 25A40 40 0 0 0 20 -25Z"),
        disc(0, 0, 32, "none"),
    )


def _orbit(rx: float, ry: float, colour: str, *, front: bool) -> Art:
    sweep = 0 if front else 1
    d = f"M{-rx:g} 0A{rx:g} {ry:g} 0 0 {sweep} {rx:g} 0"
    return wire(d, INK, 14), wire(d, colour, 5)


def _world(fill: str, band: str, *orbits: tuple[float, float, str]) -> Art:
    return (
        *(part for o in orbits for part in _orbit(*o, front=False)),
        *_planet(fill, band),
        *(part for o in orbits for part in _orbit(*o, front=True)),
    )


def one_ring() -> Art:
    """Return a pen that circles a planet with one ring."""
    return (
        at(-4, 8, *_world(SKY, "#5fb3de", (54, 15, CREAM)), turn=-18),
        at(20, 22, *_nib(), turn=34),
    )


def two_rings() -> Art:
    """Return a pen and a planet with two rings."""
    return (
        at(0, 6, *_orbit(56, 18, SUN, front=False), turn=38),
        at(0, 6, *_orbit(56, 18, CREAM, front=False), turn=-38),
        at(0, 6, *_planet(MINT, "#62c39a")),
        at(0, 6, *_orbit(56, 18, SUN, front=True), turn=38),
        at(0, 6, *_orbit(56, 18, CREAM, front=True), turn=-38),
        at(8, -2, *_nib(), scale=0.9, turn=12),
    )


def moon_and_rings() -> Art:
    """Return a pen, a planet with rings and its moon."""
    return (
        at(-2, 12, *_world(ROSE, "#d9648c", (60, 20, LILAC), (46, 12, CREAM)), turn=-14),
        at(18, 20, *_nib(), scale=0.92, turn=30),
        disc(-38, -34, 15, PAPER_LIGHT),
        dots(3.4, "#e0b95a", (-42, -38), (-33, -31), (-42, -28)),
    )


def lamp() -> Art:
    """Return an open book under a lit lamp."""
    return (
        flat(path("M-12 -34L-46 26H46L36 -18Z", PAPER_LIGHT), opacity=0.5),
        at(0, 28, *book()),
        *cord("M-50 26V-26Q-50 -54 -22 -54H2", STEEL, 6),
        disc(14, -24, 10, PAPER_LIGHT),
        path("M-20 -24Q-20 -60 14 -60T48 -24Z", CORAL),
        shade("M26 -56Q48 -50 48 -24H30Q36 -44 26 -56Z"),
        shine("M-10 -32Q-6 -50 6 -52V-46Q-2 -44 -3 -32Z"),
    )


def lighthouse() -> Art:
    """Return a lighthouse that stands on an open book."""
    return (
        flat(path("M0 -41L-54 -56V-26ZM0 -41L54 -56V-26Z", PAPER_LIGHT), opacity=0.85),
        at(0, 34, *book()),
        path("M-20 38L-13 -26H13L20 38Z", WHITE),
        flat(path("M-14.8 -10L-16.6 8H16.600L14.8 -10ZM-18.4 24L-20 38H20L18.4 24Z", CORAL)),
        shade("M4 -26H13L20 38H8Z"),
        path("M-20 38L-13 -26H13L20 38Z", "none"),
        box(-19, -32, 38, 9, SLATE, corner=3),
        box(-10, -50, 20, 18, SUN, corner=2),
        path("M-15 -50Q0 -74 15 -50Z", CORAL),
    )
