# SPDX-License-Identifier: AGPL-3.0-or-later
"""The contact sheet: every picture large, and small on light and on dark."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import resvg_py
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS, GAP = 9, 12
LIGHT, DARK = "#ffffff", "#212529"


def render(drawing: str, side: int) -> Image.Image:
    """Return the picture of a drawing, transparent where nothing is drawn."""
    content = resvg_py.svg_to_bytes(svg_string=drawing, width=side, skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(content))).convert("RGBA")


def contact_sheet(drawings: Sequence[str], target: Path) -> None:
    """Write one PNG that shows ``drawings`` at 192 pixels, and at 64 on white and near black."""
    parts = (_panel(drawings, 192, LIGHT), _panel(drawings, 64, LIGHT), _panel(drawings, 64, DARK))
    size = (max(part.width for part in parts), sum(part.height for part in parts))
    sheet = Image.new("RGB", size, LIGHT)
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    sheet.save(target)


def _panel(drawings: Sequence[str], side: int, background: str) -> Image.Image:
    width = COLUMNS * (192 + GAP) + GAP
    columns = width // (side + GAP)
    rows = -(-len(drawings) // columns)
    panel = Image.new("RGB", (width, rows * (side + GAP) + GAP), background)
    for index, drawing in enumerate(drawings):
        row, column = divmod(index, columns)
        picture = render(drawing, side)
        place = (GAP + column * (side + GAP), GAP + row * (side + GAP))
        panel.paste(picture, place, picture)
    return panel
