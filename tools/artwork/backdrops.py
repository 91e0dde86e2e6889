# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lies on the enamel behind an emblem: quiet, two tones of the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.artwork.nodes import Art, node
from tools.artwork.palette import CREAM, INK, SKY
from tools.artwork.pen import Point, around, disc, dots, joined, path, star, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.artwork.palette import Enamel

    #: Gets the enamel and the middle of the emblem.
    Backdrop = Callable[[Enamel, Point], Art]

FAR = 190.0  # beyond every silhouette


def plain(_enamel: Enamel, _middle: Point) -> Art:
    """Return nothing: the enamel alone."""
    return ()


def halo(enamel: Enamel, middle: Point) -> Art:
    """Return a light disc behind the emblem."""
    return (disc(*middle, 84, enamel.light),)


def rings(enamel: Enamel, middle: Point) -> Art:
    """Return circles that spread from the emblem."""
    return tuple(
        node(
            "circle",
            cx=middle[0],
            cy=middle[1],
            r=r,
            fill="none",
            stroke=enamel.light,
            stroke_width=8,
        )
        for r in (58, 84, 110)
    )


def rays(enamel: Enamel, middle: Point) -> Art:
    """Return sun rays behind the emblem."""
    edge = around(32, FAR, -95.625, *middle)
    wedges = (joined([middle, edge[i], edge[i + 1]]) for i in range(0, 32, 2))
    return (path("".join(wedges), enamel.light),)


def ground(enamel: Enamel, middle: Point) -> Art:
    """Return a floor to stand on."""
    top = middle[1] + 50
    return (path(joined([(0, top), (256, top), (256, 256), (0, 256)]), enamel.deep),)


def hills(enamel: Enamel, middle: Point) -> Art:
    """Return two rolling hills."""
    y = middle[1]
    return (
        path(f"M0 {y + 34:g}Q60 {y - 6:g} 128 {y + 30:g}T256 {y + 10:g}V256H0Z", enamel.light),
        path(f"M0 {y + 56:g}Q80 {y + 22:g} 150 {y + 44:g}T256 {y + 40:g}V256H0Z", enamel.deep),
    )


def slant(enamel: Enamel, _middle: Point) -> Art:
    """Return a lighter upper half, cut from corner to corner."""
    return (path("M0 0H256L0 256Z", enamel.light),)


def stripes(enamel: Enamel, _middle: Point) -> Art:
    """Return diagonal stripes."""
    return (
        wire("".join(f"M{x} 276L{x + 296} -20" for x in range(-270, 250, 46)), enamel.light, 16),
    )


def night(enamel: Enamel, middle: Point) -> Art:
    """Return a sky full of stars."""
    x, y = middle
    small = ((-84, -20), (-34, -88), (40, -90), (90, 10), (66, 62), (-90, 40), (-62, -62), (14, 84))
    large = ((-86, 8), (88, -24), (-82, 50))
    return (
        dots(2.6, enamel.light, *((x + dx, y + dy) for dx, dy in small)),
        *(star(x + dx, y + dy, 7.5, CREAM, 4, 0.35) for dx, dy in large),
    )


def grid(enamel: Enamel, _middle: Point) -> Art:
    """Return the lines of squared paper."""
    lines = range(24, 256, 26)
    return (wire("".join(f"M{at} 0V256M0 {at}H256" for at in lines), enamel.light, 2.5),)


def spots(enamel: Enamel, _middle: Point) -> Art:
    """Return a pattern of dots."""
    places = [(x + (y // 24 % 2) * 14, y) for y in range(20, 250, 24) for x in range(16, 256, 28)]
    return (dots(4, enamel.light, *places),)


def waves(enamel: Enamel, middle: Point) -> Art:
    """Return lines of water."""
    rows = (middle[1] + step for step in range(-110, 111, 44))
    return (
        wire("".join(f"M-8 {row:g}" + "q17 -12 34 0t34 0" * 4 for row in rows), enamel.light, 6),
    )


def rivers(enamel: Enamel, middle: Point) -> Art:
    """Return two rivers that join."""
    x, y = middle
    d = "".join(
        f"M{x + side * 70:g} {y - 110:g}Q{x + side * 64:g} {y - 46:g} {x + side * 26:g} {y - 12:g}"
        f"Q{x:g} {y + 12:g} {x:g} {y + 56:g}V{y + 130:g}"
        for side in (-1, 1)
    )
    return (
        wire(d, enamel.deep, 54),
        wire(d, INK, 43),
        wire(d, SKY, 34),
        wire(
            f"M{x - 66:g} {y - 74:g}q4 18 14 34M{x + 66:g} {y - 70:g}q-4 16 -14 30"
            f"M{x - 8:g} {y + 72:g}v14M{x + 8:g} {y + 84:g}v12",
            "#d8f1fb",
            5,
        ),
    )
