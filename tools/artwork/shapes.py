# SPDX-License-Identifier: AGPL-3.0-or-later
"""The silhouettes: each outlines an enamel field and says where emblem and ribbon go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.artwork.nodes import number
from tools.artwork.pen import Point, around

if TYPE_CHECKING:
    from collections.abc import Sequence

MIDDLE = 128.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The outline of a field, and the places in it; everything stays 20 away from the border."""

    d: str
    centre: Point = (128, 128)  # of the emblem of a badge that stands alone
    raised: Point = (128, 114)  # of the emblem above a ribbon
    scale: float = 1.32
    ribbon: float = 216  # the middle of the ribbon, downwards


def rounded(points: Sequence[Point], corner: float) -> str:
    """Return the closed path through ``points`` with its corners cut round."""
    parts = []
    for index, (x, y) in enumerate(points):
        before, after = points[index - 1], points[(index + 1) % len(points)]
        ax, ay = _towards((x, y), before, corner)
        bx, by = _towards((x, y), after, corner)
        parts.append(f"{number(ax)} {number(ay)}Q{number(x)} {number(y)} {number(bx)} {number(by)}")
    return "M" + "L".join(parts) + "Z"


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end)
    share = min(distance / length, 0.5)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def bumps(points: Sequence[Point], swell: float) -> str:
    """Return a closed path of outward arcs from point to point."""
    steps = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for index, (x, y) in enumerate([*points[1:], points[0]]):
        radius = number(math.dist(points[index], (x, y)) * swell)
        steps.append(f"A{radius} {radius} 0 0 1 {number(x)} {number(y)}")
    return "".join(steps) + "Z"


def _cog(teeth: int, outer: float, inner: float) -> list[Point]:
    step = 360 / teeth
    points: list[Point] = []
    for tooth in range(teeth):
        angle = -90 + tooth * step
        for offset, radius in ((-0.32, inner), (-0.2, outer), (0.2, outer), (0.32, inner)):
            points += around(1, radius, angle + offset * step, MIDDLE, MIDDLE)
    return points


def _spikes(count: int, outer: float, inner: float) -> list[Point]:
    tips = around(count, outer, -90, MIDDLE, MIDDLE)
    dents = around(count, inner, -90 + 180 / count, MIDDLE, MIDDLE)
    return [point for pair in zip(tips, dents, strict=True) for point in pair]


def _stamp(low: float, high: float, teeth: int) -> list[Point]:
    step = (high - low) / teeth
    run = [low + step * tooth for tooth in range(teeth)]
    back = [high - step * tooth for tooth in range(teeth)]
    return [
        *((x, low) for x in run),
        *((high, y) for y in run),
        *((x, high) for x in back),
        *((low, y) for y in back),
    ]


SHIELD = Shape(
    d="M128 22Q176 46 228 42V122C228 182 176 218 128 236C80 218 28 182 28 122V42Q80 46 128 22Z",
    centre=(128, 122),
    raised=(128, 116),
    ribbon=206,
)
HEXAGON = Shape(
    d=rounded(around(6, 112, -90, MIDDLE, MIDDLE), 20), raised=(128, 112), scale=1.25, ribbon=204
)
OCTAGON = Shape(d=rounded(around(8, 114, 22.5, MIDDLE, MIDDLE), 16))
DROP = Shape(
    d="M128 20C142 62 226 84 226 144A98 92 0 0 1 30 144C30 84 114 62 128 20Z",
    centre=(128, 146),
    raised=(128, 131),
    scale=1.24,
    ribbon=216,
)
SQUIRCLE = Shape(d="M128 24C214 24 232 42 232 128S214 232 128 232S24 214 24 128S42 24 128 24Z")
CIRCLE = Shape(d="M128 22A106 106 0 0 1 128 234A106 106 0 0 1 128 22Z")
ARCH = Shape(
    d="M32 118A96 96 0 0 1 224 118V216Q224 234 206 234H50Q32 234 32 216Z",
    centre=(128, 132),
    raised=(128, 116),
    ribbon=214,
)
BUBBLE = Shape(
    d="M72 26H184Q234 26 234 76V152Q234 202 184 202H124L78 231Q70 235 70 225V202Q22 200 22 152V76"
    "Q22 26 72 26Z",
    centre=(128, 114),
    raised=(128, 106),
    ribbon=200,
)
DIAMOND = Shape(
    d=rounded(around(4, 124, -90, MIDDLE, MIDDLE), 48), raised=(128, 112), scale=1.2, ribbon=204
)
STAMP = Shape(d=bumps(_stamp(30, 226, 6), 0.62))
GEAR = Shape(d=rounded(_cog(10, 107, 92), 6), scale=1.18, ribbon=212)
PENTAGON = Shape(
    d=rounded(around(5, 118, -90, MIDDLE, 137), 26),
    centre=(128, 138),
    raised=(128, 124),
    scale=1.22,
)
SCALLOP = Shape(d=bumps(around(14, 96, -90, MIDDLE, MIDDLE), 0.56), scale=1.22)
BURST = Shape(d=rounded(_spikes(16, 109, 93), 8), scale=1.2)
HEART = Shape(
    d="M128 232C70 190 20 150 20 92C20 26 98 8 128 58C158 8 236 26 236 92C236 150 186 190 128 232Z",
    centre=(128, 120),
)
PIN = Shape(
    d="M128 236C116 200 34 184 34 114A94 94 0 0 1 222 114C222 184 140 200 128 236Z",
    centre=(128, 114),
    scale=1.2,
)
TAG = Shape(
    d="M98 24H158Q168 24 168 34V50H214Q236 50 236 72V206Q236 228 214 228H42Q20 228 20 206V72"
    "Q20 50 42 50H88V34Q88 24 98 24Z",
    centre=(128, 142),
)
TICKET = Shape(
    d="M36 48H220Q236 48 236 64V104A24 24 0 0 0 236 152V192Q236 208 220 208H36Q20 208 20 192V152"
    "A24 24 0 0 0 20 104V64Q20 48 36 48Z",
    scale=1.4,
)
PENNANT = Shape(
    d=rounded([(36, 22), (220, 22), (220, 234), (128, 202), (36, 234)], 14), centre=(128, 114)
)
CREST = Shape(
    d="M70 24H186A40 40 0 0 0 226 64C214 96 226 110 226 140C226 196 168 208 128 236"
    "C88 208 30 196 30 140C30 110 42 96 30 64A40 40 0 0 0 70 24Z",
    centre=(128, 126),
)
CLOUD = Shape(
    d="M74 224A49 49 0 0 1 42 136A44 44 0 0 1 66 70A54 54 0 0 1 160 46A50 50 0 0 1 212 100"
    "A46 46 0 0 1 216 176A45 45 0 0 1 178 224Z",
    scale=1.14,
    centre=(128, 136),
)
