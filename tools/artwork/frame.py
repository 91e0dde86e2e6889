# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pin around an emblem: contour, rim in the metal of the level, enamel, light and ribbon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.artwork.backdrops import plain
from tools.artwork.nodes import Art, Node, document, node
from tools.artwork.palette import CREAM, INK, LEVELS, PEARL, WHITE, Enamel, mix
from tools.artwork.pen import OUTLINE, dots, flat, path, star

if TYPE_CHECKING:
    from tools.artwork.backdrops import Backdrop
    from tools.artwork.pen import Point
    from tools.artwork.shapes import Shape

# How far each layer reaches beyond the edge of the field.
CONTOUR, EDGE, METAL, GROOVE = 19.0, 15.5, 13.5, 4.0
ABOVE_RIBBON = 0.9  # how much smaller an emblem is that shares the field with a ribbon
CROWDED = 6  # so many levels need smaller stars


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One picture: everything that the table says about a badge."""

    slug: str
    title: str
    shape: Shape
    field: Enamel
    emblem: Art
    backdrop: Backdrop = plain
    level: int = 0  # 0: stands alone
    levels: int = 0

    @property
    def middle(self) -> Point:
        """Where the emblem sits: higher when there is a ribbon below it."""
        return self.shape.raised if self.level else self.shape.centre

    @property
    def metal(self) -> Enamel:
        """The enamel of the rim and the ribbon."""
        return LEVELS[self.level - 1] if self.level else PEARL


def draw(pin: Pin) -> str:
    """Return the whole picture as SVG."""
    body = node("g", *_rim(pin), *_field(pin), _emblem(pin), stroke_linejoin="round")
    return document(pin.title, _definitions(pin), body, *_ribbon(pin))


def _definitions(pin: Pin) -> Node:
    outline = node("path", d=pin.shape.d, id=f"{pin.slug}-shape")
    clip = node("clipPath", _shape(pin), id=f"{pin.slug}-field")
    metal = (("0", pin.metal.light), ("0.45", pin.metal.base), ("1", pin.metal.deep))
    enamel = (("0", mix(pin.field.base, WHITE, 0.1)), ("1", mix(pin.field.base, INK, 0.08)))
    return node(
        "defs", outline, clip, _fade(f"{pin.slug}-rim", metal), _fade(f"{pin.slug}-enamel", enamel)
    )


def _shape(pin: Pin, **attributes: float | str | None) -> Node:
    """Return the silhouette by reference: it is written once, which keeps files small."""
    return node("use", text="", href=f"#{pin.slug}-shape", **attributes)


def _fade(name: str, stops: tuple[tuple[str, str], ...]) -> Node:
    steps = (node("stop", offset=offset, stop_color=colour) for offset, colour in stops)
    return node(
        "linearGradient",
        *steps,
        id=name,
        gradientUnits="userSpaceOnUse",
        x1=60,
        y1=16,
        x2=196,
        y2=240,
    )


def _rim(pin: Pin) -> Art:
    metal = f"url(#{pin.slug}-rim)"
    return (
        _shape(pin, fill=INK, stroke=INK, stroke_width=2 * CONTOUR),
        _shape(pin, fill="none", stroke=pin.metal.light, stroke_width=2 * EDGE),
        _shape(pin, fill="none", stroke=metal, stroke_width=2 * METAL),
        _shape(pin, fill="none", stroke=INK, stroke_width=2 * GROOVE),
    )


def _field(pin: Pin) -> Art:
    inside = node(
        "g",
        flat(*pin.backdrop(pin.field, pin.middle)),
        _glow(pin, INK, "0.2", -4, -5),
        _glow(pin, WHITE, "0.3", 3, 4),
        clip_path=f"url(#{pin.slug}-field)",
    )
    return _shape(pin, fill=f"url(#{pin.slug}-enamel)"), inside


def _glow(pin: Pin, colour: str, opacity: str, x: float, y: float) -> Node:
    """Return a band along the edge, thicker on the side to which it is moved."""
    return _shape(
        pin,
        fill="none",
        stroke=colour,
        stroke_width=10,
        opacity=opacity,
        transform=f"translate({x:g} {y:g})",
    )


def _emblem(pin: Pin) -> Node:
    x, y = pin.middle
    scale = pin.shape.scale * (ABOVE_RIBBON if pin.level else 1)
    return node(
        "g",
        *pin.emblem,
        transform=f"translate({x:g} {y:g}) scale({scale:.3g})",
        stroke=INK,
        stroke_width=OUTLINE,
        stroke_linecap="round",
    )


def _ribbon(pin: Pin) -> Art:
    """Return the ribbon with a star for every level reached and a dot for every one to come."""
    if not pin.level:
        return ()
    cloth = mix(pin.metal.base, INK, 0.1)
    step = 24.0 if pin.levels < CROWDED else 19.0
    half = max(pin.levels * step / 2 + 8, 34)
    tail = f"M{-half + 8:g} -8H{-half - 20:g}L{-half - 11:g} 7L{-half - 20:g} 22H{-half:g}l14 -8Z"
    band = f"M{-half:g} -17H{half:g}V16H{-half:g}Z"
    first = -(pin.levels - 1) * step / 2
    reached = (star(first + at * step, 0.4, step / 2, CREAM, waist=0.5) for at in range(pin.level))
    coming = [(first + at * step, 0.0) for at in range(pin.level, pin.levels)]
    cut = mix(pin.metal.deep, INK, 0.8)
    return (
        node(
            "g",
            path(tail, pin.metal.deep),
            node("g", path(tail, pin.metal.deep), transform="scale(-1 1)"),
            path(band, cloth),
            flat(path(f"M{-half:g} -17H{half:g}V-11H{-half:g}Z", pin.metal.light)),
            node("path", d=band, fill="none"),
            node("g", *reached, stroke=cut, stroke_width=3),
            *((dots(3.6, cut, *coming),) if coming else ()),
            transform=f"translate(128 {pin.shape.ribbon:g})",
            stroke=INK,
            stroke_width=OUTLINE,
            stroke_linejoin="round",
        ),
    )
