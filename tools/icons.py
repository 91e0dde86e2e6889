# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draws the icons of the web application from its logo: ``python -m tools.icons``."""

from __future__ import annotations

import re
from pathlib import Path

import resvg_py

STATIC = Path(__file__).resolve().parent.parent / "issuer" / "static"
SIDES = (180, 192, 512)
#: Any shape that a system cuts out keeps the middle four fifths.
KEPT = 0.72


def icon() -> str:
    """Return the logo on a ground of its own, with room for what is cut off."""
    inner = re.sub(r"^<svg[^>]*>|</svg>$", "", (STATIC / "logo.svg").read_text("utf-8").strip())
    shift = 256 * (1 - KEPT) / 2
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
        f'<rect width="256" height="256" fill="#f7f9fd"/>'
        f'<g transform="translate({shift} {shift}) scale({KEPT})">{inner}</g></svg>'
    )


def main() -> None:
    """Write all icons."""
    drawing = icon()
    for side in SIDES:
        picture = resvg_py.svg_to_bytes(svg_string=drawing, width=side, height=side)
        (STATIC / f"icon-{side}.png").write_bytes(bytes(picture))


if __name__ == "__main__":
    main()
