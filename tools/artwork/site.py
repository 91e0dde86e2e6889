# SPDX-License-Identifier: AGPL-3.0-or-later
"""The art of the site itself: the mark of Accolades, its small form, and two stand-ins."""

from __future__ import annotations

from tools.artwork import shapes
from tools.artwork.nodes import Art, Node, document, node
from tools.artwork.palette import CORAL, CREAM, LEAF, SUN, WHITE, mix
from tools.artwork.pen import around, at, disc, flat, path, shade, star, wire

# The mark stands on any ground, so its outlines are dark tones of what they enclose.
GOLD_EDGE, CORAL_EDGE, LEAF_EDGE = "#8a4f14", "#a8362f", "#23784a"
QUIET, QUIET_DEEP = "#dfe4ec", "#aab4c4"


def drawings() -> dict[str, str]:
    """Return each drawing by its file name."""
    return {
        "logo.svg": _drawn("Accolades", node("g", *_mark(), transform=_SMALLER)),
        "favicon.svg": _drawn("Accolades", node("g", *_tails(206), *_medal(), transform=_LARGER)),
        "placeholder-badge.svg": _drawn("A badge without a picture", *_blank_badge()),
        "avatar.svg": _drawn("A person without a picture", *_blank_person()),
    }


_SMALLER = "translate(12 16) scale(0.905)"
_LARGER = "translate(-38 -32) scale(1.3)"


def _mark() -> Art:
    return (*_branches(), *_tails(236), *_medal())


def _drawn(title: str, *nodes: Node) -> str:
    return document(
        title,
        node("g", *nodes, stroke_width=8, stroke_linejoin="round", stroke_linecap="round"),
    )


def _medal() -> Art:
    """Return the rosette: a scalloped gold disc with a star."""
    edge = around(12, 66, -90, 128, 106)
    medal = (
        path(shapes.bumps(edge, 0.56), SUN),
        flat(disc(128, 106, 50, "#e09a20")),
        flat(disc(128, 103, 49, mix(SUN, CREAM, 0.4))),
        star(128, 109, 36, CORAL, waist=0.5),
    )
    return (node("g", *medal, stroke=GOLD_EDGE),)


def _tails(end: float) -> Art:
    """Return the two ends of the ribbon under the rosette, down to ``end``."""
    left = f"M84 144L62 {end:g}L96 {end - 16:g}L118 {end + 8:g}L134 160Z"
    right = f"M172 144L194 {end:g}L160 {end - 16:g}L138 {end + 8:g}L122 160Z"
    tails = (path(left, CORAL), path(right, CORAL))
    return (
        node("g", *tails, stroke=CORAL_EDGE),
        shade("M85 148L80 172Q104 186 128 182Q152 186 176 172L171 148Z"),
    )


def _branches() -> Art:
    """Return the laurel on both sides."""
    left = node("g", *_branch(), stroke=LEAF_EDGE)
    return left, node("g", left, transform="translate(256 0) scale(-1 1)")


def _branch() -> Art:
    outer = path("M0 2C-20 -4 -24 -26 -14 -42C2 -34 12 -14 0 2Z", LEAF)
    inner = path("M0 2C14 -4 20 -18 14 -32C0 -28 -8 -12 0 2Z", mix(LEAF, CREAM, 0.35))
    places = around(36, 100, 90, 128, 112)
    steps = ((5, -50), (8, -18), (11, 12), (14, 44))
    return (
        wire("M62 190A100 100 0 0 1 52 46", LEAF_EDGE, 9),
        *(at(*places[step], outer, turn=turn) for step, turn in steps),
        *(at(*places[step], inner, turn=turn) for step, turn in steps),
    )


def _blank_badge() -> Art:
    """Return a shield in quiet tones, which says: nothing here yet."""
    d = shapes.SHIELD.d
    return (
        node("path", d=d, fill=QUIET, stroke=QUIET_DEEP, stroke_width=10),
        node(
            "path",
            d=d,
            fill="none",
            stroke=WHITE,
            stroke_width=6,
            stroke_dasharray="2 14",
            transform="translate(17.9 16.9) scale(0.86)",
        ),
        flat(star(128, 128, 52, QUIET_DEEP)),
    )


def _blank_person() -> Art:
    """Return a head and shoulders in a circle."""
    return (
        flat(
            disc(128, 128, 120, QUIET),
            disc(128, 104, 44, QUIET_DEEP),
            path("M46 216C46 176 82 160 128 160S210 176 210 216A120 120 0 0 1 46 216Z", QUIET_DEEP),
        ),
    )
