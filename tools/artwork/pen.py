# SPDX-License-Identifier: AGPL-3.0-or-later
"""The drawing vocabulary of the emblems. Origin in the middle, y downwards, a box of 60 each way.

Everything filled has the ink outline that its group sets; ``flat`` things have none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tools.artwork.nodes import Node, node, number
from tools.artwork.palette import INK, WHITE

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float]
OUTLINE = 4.5


def path(d: str, fill: str) -> Node:
    """Return a filled and outlined path."""
    return node("path", d=d, fill=fill)


def disc(x: float, y: float, radius: float, fill: str) -> Node:
    """Return a filled and outlined circle."""
    return node("circle", cx=x, cy=y, r=radius, fill=fill)


def oval(x: float, y: float, rx: float, ry: float, fill: str) -> Node:
    """Return a filled and outlined ellipse."""
    return node("ellipse", cx=x, cy=y, rx=rx, ry=ry, fill=fill)


def box(x: float, y: float, width: float, height: float, fill: str, corner: float = 4) -> Node:
    """Return a filled and outlined rectangle from its upper left corner."""
    return node("rect", x=x, y=y, width=width, height=height, rx=corner or None, fill=fill)


def flat(*nodes: Node, opacity: float | None = None) -> Node:
    """Return the same things without an outline."""
    faint = None if opacity is None else f"{opacity:.2f}".rstrip("0")
    return node("g", *nodes, stroke="none", opacity=faint)


def wire(d: str, colour: str = INK, width: float = OUTLINE) -> Node:
    """Return a bare line."""
    return node("path", d=d, fill="none", stroke=colour, stroke_width=width)


def cord(d: str, colour: str, width: float = 8) -> tuple[Node, Node]:
    """Return a line that has an outline itself."""
    return wire(d, INK, width + 2 * OUTLINE), wire(d, colour, width)


def dots(radius: float, fill: str, *points: Point) -> Node:
    """Return small circles without an outline, as one line of points."""
    d = "".join(f"M{number(x)} {number(y)}h.1" for x, y in points)
    return node(
        "path", d=d, fill="none", stroke=fill, stroke_width=2 * radius, stroke_linecap="round"
    )


def shade(d: str) -> Node:
    """Return the shadow side of something."""
    return flat(path(d, INK), opacity=0.18)


def shine(d: str) -> Node:
    """Return the bright side of something."""
    return flat(path(d, WHITE), opacity=0.5)


def at(x: float, y: float, *nodes: Node, scale: float = 1, turn: float = 0) -> Node:
    """Return things moved to a place, turned clockwise by degrees; outlines keep their width."""
    steps = [f"translate({number(x)} {number(y)})"] if x or y else []
    if turn:
        steps.append(f"rotate({number(turn)})")
    if scale != 1:
        steps.append(f"scale({scale:g})")
    width = OUTLINE / scale if scale != 1 else None
    return node("g", *nodes, transform=" ".join(steps) or None, stroke_width=width)


def joined(points: Sequence[Point]) -> str:
    """Return the closed path through points."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def around(
    count: int, radius: float, start: float = -90, x: float = 0, y: float = 0
) -> list[Point]:
    """Return points spread evenly on a circle, the first at ``start`` degrees."""
    angles = [math.radians(start + 360 * step / count) for step in range(count)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def star(x: float, y: float, radius: float, fill: str, points: int = 5, waist: float = 0.5) -> Node:
    """Return a star that stands on two of its points."""
    outer = around(points, radius, -90, x, y)
    inner = around(points, radius * waist, -90 + 180 / points, x, y)
    both = [point for pair in zip(outer, inner, strict=True) for point in pair]
    return path(joined(both), fill)


def heart(x: float, y: float, size: float, fill: str) -> Node:
    """Return a heart that is about two sizes wide."""
    half = size
    d = (
        f"M{number(x)} {number(y + half)}"
        f"C{number(x - 1.7 * half)} {number(y - 0.1 * half)} {number(x - 0.8 * half)} "
        f"{number(y - 1.3 * half)} {number(x)} {number(y - 0.5 * half)}"
        f"C{number(x + 0.8 * half)} {number(y - 1.3 * half)} {number(x + 1.7 * half)} "
        f"{number(y - 0.1 * half)} {number(x)} {number(y + half)}Z"
    )
    return path(d, fill)
