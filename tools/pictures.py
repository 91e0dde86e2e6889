# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes the pictures of docs/pictures from a demo, and tells whether they still show the site.

``python -m tools.pictures`` takes them anew, ``--check`` compares. No two demos are alike to the
pixel: their days, codes and addresses differ. What is compared is what one sees from far away.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import sync_playwright

from tests.demo import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 800
COLOURS = 256
ROUNDS = 2  # of improving the palette
LIMIT = 200_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: What is left of a picture when it is compared, and how far it may be from the page on average
#: (of 255): other pages are five and more away, the same page is none.
FAR_AWAY = (48, 30)
TOLERANCE = 3.0


@dataclass(frozen=True, slots=True)
class View:
    """What a picture shows: a page, somebody who is signed in, what is opened, where it begins."""

    path: str
    username: str = ""
    opened: str = ""  # of these elements the first is clicked
    top: str = ""  # the first of these elements is at the upper edge


VIEWS = {
    "person": View("/people/asha"),
    "my-badges": View("/my/badges", "asha"),
    "other-forms": View("/my/badges", "asha", opened=".take-badge summary", top=".take-badge"),
    "addresses": View("/settings", "asha", top="#emails"),
    "wallet": View("/my/badges", "asha", opened="button:has-text('Put into a wallet')"),
    "connect": View("/my/backpacks/new", "asha"),
}


def take(chromium: Browser, base_url: str, view: View) -> bytes:
    """Return a picture of a page: a PNG of 1280 by 800."""
    context = chromium.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        locale="en-GB",
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if view.username:
        page.goto(f"{base_url}/login")
        page.click(f"button:has-text('{view.username}')")
        page.wait_for_url(f"{base_url}/**")
    page.goto(base_url + view.path, wait_until="networkidle")
    if view.opened:
        page.locator(view.opened).first.click()
        page.wait_for_load_state("networkidle")
    if view.top:
        _begin_at(page, view.top)
    shot = page.screenshot(animations="disabled")
    context.close()
    return smaller(shot)


def _begin_at(page: Page, selector: str) -> None:
    page.locator(selector).first.evaluate(
        "element => window.scrollTo(0, element.getBoundingClientRect().top + scrollY - 16)"
    )
    page.wait_for_load_state("networkidle")  # pictures that were out of sight


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


def distance(one: bytes, other: bytes) -> float:
    """Return how far two pictures are from each other, seen from far away: 0 to 255."""
    seen = [
        Image.open(io.BytesIO(each)).convert("RGB").resize(FAR_AWAY, Image.Resampling.BOX)
        for each in (one, other)
    ]
    means: list[float] = ImageStat.Stat(ImageChops.difference(*seen)).mean
    return sum(means) / len(means)


def problems(chromium: Browser, base_url: str) -> Iterator[str]:
    """Yield what is wrong with the folder of pictures, a line each."""
    kept = {path.stem: path for path in FOLDER.glob("*.png")}
    for name in sorted(VIEWS.keys() | kept.keys()):
        if name not in VIEWS:
            yield f"{name}.png: nothing is known of it: remove it"
        elif name not in kept:
            yield f"{name}.png: is missing: run python -m tools.pictures"
        elif distance(kept[name].read_bytes(), take(chromium, base_url, VIEWS[name])) > TOLERANCE:
            yield f"{name}.png: the page looks different now: run python -m tools.pictures"


def main(arguments: list[str] | None = None) -> int:
    """Take all pictures, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(arguments).check
    program = shutil.which("chromium") or "/usr/bin/chromium"
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "home") as demo,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        if check:
            found = list(problems(chromium, demo.base_url))
            print(*found, sep="\n", file=sys.stderr)
            return 1 if found else 0
        for name, view in VIEWS.items():
            (FOLDER / f"{name}.png").write_bytes(take(chromium, demo.base_url, view))
    return 0


if __name__ == "__main__":
    sys.exit(main())
