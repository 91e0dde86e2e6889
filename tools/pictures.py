# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the pictures of the documentation from a running demo: ``python -m tools.pictures``."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.demo import running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.demo import Demo

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 800
COLOURS = 256
ROUNDS = 2  # of improving the palette
LIMIT = 200_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def addresses(demo: Demo) -> dict[str, str]:
    """Return which page of the demo each picture shows."""
    return {"home.png": f"{demo.base_url}/", "person.png": demo.person}


def photograph(pages: Mapping[str, str]) -> dict[str, bytes]:
    """Return a PNG of the upper part of each page."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    taken = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, address in pages.items():
            page.goto(address, wait_until="networkidle")
            taken[name] = page.screenshot()
        browser.close()
    return taken


def smaller(picture: bytes) -> bytes:
    """Return a PNG below the limit, with a palette if need be; else raise `ValueError`."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    whole = _png(image)
    if len(whole) <= LIMIT:
        return whole
    # Maximum coverage keeps the few colours of a small badge beside a large gradient.
    reduced = _png(
        image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=ROUNDS, dither=Image.Dither.NONE)
    )
    if len(reduced) > LIMIT:
        raise ValueError(f"a picture has {len(reduced)} bytes, more than {LIMIT}")
    return reduced


def _png(image: Image.Image) -> bytes:
    output = io.BytesIO()
    image.save(output, "PNG", optimize=True)
    return output.getvalue()


def main() -> int:
    """Start a demo, photograph its pages and write the pictures."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as demo:
        taken = photograph(addresses(demo))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in taken.items():
        (FOLDER / name).write_bytes(smaller(picture))
    return 0


if __name__ == "__main__":
    sys.exit(main())
