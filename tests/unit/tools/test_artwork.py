# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pictures of the collection: complete, current, safe, small, and no two alike."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from defusedxml import ElementTree

from tools.artwork import build, table
from tools.artwork.__main__ import main
from tools.artwork.nodes import number
from tools.artwork.palette import LEVELS, PEARL
from tools.artwork.sheet import DARK, LIGHT, contact_sheet
from tools.artwork.sheet import render as draw

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from PIL.Image import Image

    Pixel = tuple[int, ...]

CHECKOUT = Path(__file__).resolve().parents[3]
ARTWORK = CHECKOUT / "rules" / "artwork"
CATALOG = CHECKOUT / "rules" / "catalog"
SVG = "{http://www.w3.org/2000/svg}"
MAX_BYTES = 8000
SMALL = 64
RIM = 19  # so many pixels of a large picture lie outside the field
ELEMENTS = frozenset(
    {"svg", "title", "defs", "g", "use", "clipPath", "linearGradient", "stop"}
    | {"path", "circle", "ellipse", "rect"}
)
ATTRIBUTES = frozenset(
    {"viewBox", "role", "id", "href", "clip-path", "transform", "opacity"}
    | {"d", "x", "y", "width", "height", "rx", "ry", "r", "cx", "cy", "x1", "y1", "x2", "y2"}
    | {"fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap", "stroke-dasharray"}
    | {"gradientUnits", "offset", "stop-color"}
)

render = cache(draw)  # many tests look at the same picture
DRAWINGS = build.collection()
FILES = build.drawings()
each_badge = pytest.mark.parametrize("slug", sorted(DRAWINGS))
each_file = pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: path.stem)


def test_the_committed_files_are_the_ones_the_generator_draws() -> None:
    assert len(FILES) > len(DRAWINGS) > 0
    assert build.differences(FILES) == []


def test_drawing_twice_gives_the_same_bytes() -> None:
    assert build.drawings() == FILES


def test_every_badge_of_the_catalog_has_its_picture_and_no_picture_lacks_a_badge() -> None:
    folders = (CATALOG, CATALOG.parent / "badges")
    slugs = {file.stem for folder in folders for file in folder.glob("*.yml")}
    assert slugs
    assert slugs == set(DRAWINGS) == {picture.stem for picture in ARTWORK.glob("*.svg")}


@each_file
def test_a_drawing_is_small_and_holds_only_what_draws(path: Path) -> None:
    content = FILES[path].encode()
    assert len(content) < MAX_BYTES
    elements = list(_parse(FILES[path]).iter())
    assert {element.tag.removeprefix(SVG) for element in elements} <= ELEMENTS
    assert {name for element in elements for name in element.attrib} <= ATTRIBUTES


@each_file
def test_a_drawing_has_a_name_and_refers_only_to_itself(path: Path) -> None:
    root = _parse(FILES[path])
    assert root.get("viewBox") == "0 0 256 256"
    assert root[0].tag == f"{SVG}title"
    assert (root[0].text or "").strip()
    named = {element.get("id") for element in root.iter() if element.get("id")}
    assert _references(root) <= named


@each_badge
def test_the_ids_of_a_drawing_start_with_its_slug(slug: str) -> None:
    named = [
        element.get("id", "") for element in _parse(DRAWINGS[slug]).iter() if element.get("id")
    ]
    assert len(named) == len(set(named)) > 0
    assert all(name.startswith(f"{slug}-") for name in named)


def test_no_id_occurs_twice_when_all_pictures_are_on_one_page() -> None:
    named = [
        element.get("id")
        for drawing in FILES.values()
        for element in _parse(drawing).iter()
        if element.get("id")
    ]
    assert len(named) == len(set(named))


@each_file
def test_a_small_picture_shows_clearly_distinct_colours(path: Path) -> None:
    picture = render(FILES[path], SMALL)
    assert picture.size == (SMALL, SMALL)
    seen = Counter(pixel for pixel in _pixels(picture) if pixel[3] == 255)
    assert seen.total() > SMALL * SMALL // 3
    brightness = [sum(pixel[:3]) / 3 for pixel, count in seen.items() if count >= 4]
    assert max(brightness) - min(brightness) > 40


@pytest.mark.slow
@each_badge
def test_a_picture_fills_its_square_and_is_not_cut_off(slug: str) -> None:
    alpha = render(DRAWINGS[slug], 256).getchannel("A")
    left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
    assert max(right - left, bottom - top) > 225
    strips = ((0, 0, 256, 1), (0, 255, 256, 256), (0, 0, 1, 256), (255, 0, 256, 256))
    assert [alpha.crop(strip).getextrema()[1] for strip in strips] == pytest.approx([0] * 4, abs=40)


@each_badge
@pytest.mark.parametrize("ground", [LIGHT, DARK], ids=["light", "dark"])
def test_the_rim_stands_out_from_the_page(slug: str, ground: str) -> None:
    row = _pixels(render(DRAWINGS[slug], 256).crop((0, 128, 256, 129)))
    rim = [pixel for pixel in row if pixel[3] == 255][:RIM]
    page = tuple(int(ground[i : i + 2], 16) for i in (1, 3, 5))
    # WCAG 2.1, 1.4.11: what one must see has a contrast of 3 to 1.
    assert sum(_contrast(pixel, page) >= 3 for pixel in rim) >= 3


def test_no_two_pictures_look_the_same() -> None:
    seen = {render(drawing, SMALL).tobytes() for drawing in DRAWINGS.values()}
    assert len(seen) == len(DRAWINGS)


def test_no_two_badges_share_an_emblem() -> None:
    emblems = [pin.emblem for pin in table.pins()]
    assert len(set(emblems)) == len(emblems)


def test_a_level_has_the_same_metal_in_every_series() -> None:
    for pin in table.pins():
        assert pin.metal == (LEVELS[pin.level - 1] if pin.level else PEARL)
        assert pin.level <= pin.levels <= len(LEVELS)
    assert len(set(LEVELS)) == len(LEVELS)


def test_every_series_has_a_silhouette_of_its_own() -> None:
    outlines = [family.shape.d for family in table.FAMILIES]
    assert len(set(outlines)) == len(outlines) >= 12


@pytest.mark.parametrize(
    ("value", "text"), [(0.04, "0"), (-0.04, "0"), (1.0, "1"), (-2.25, "-2.2"), (10, "10")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_differences_name_what_is_missing_changed_or_superfluous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "COLLECTION", tmp_path)
    wanted = {tmp_path / "kept.svg": "a", tmp_path / "changed.svg": "b", tmp_path / "gone.svg": "c"}
    (tmp_path / "kept.svg").write_text("a")
    (tmp_path / "changed.svg").write_text("x")
    (tmp_path / "stray.svg").write_text("y")
    lines = build.differences(wanted)
    assert [line.split(": ")[0].rsplit("/", 1)[-1] for line in lines] == [
        "changed.svg",
        "gone.svg",
        "stray.svg",
    ]
    build.write(wanted)
    assert build.differences(wanted) == []
    assert not (tmp_path / "stray.svg").exists()


def test_the_check_fails_when_a_picture_is_superfluous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"]) == 0
    monkeypatch.setattr(build, "COLLECTION", tmp_path)
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "stray.svg").write_text("<svg/>")
    assert main(["--check"]) == 1
    assert "stray.svg: not in the design table" in capsys.readouterr().err


def test_the_contact_sheet_shows_every_picture(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    contact_sheet(list(DRAWINGS.values())[:3], sheet)
    assert sheet.read_bytes().startswith(b"\x89PNG")


def _parse(drawing: str) -> Element:
    return ElementTree.fromstring(drawing, forbid_dtd=True)


def _references(root: Element) -> set[str]:
    values = [value for element in root.iter() for value in element.attrib.values()]
    inside = {value[5:-1] for value in values if value.startswith("url(")}
    return inside | {value[1:] for value in values if value.startswith("#") and not _colour(value)}


def _colour(value: str) -> bool:
    return len(value) == 7 and all(letter in "0123456789abcdef" for letter in value[1:])


def _pixels(picture: Image) -> list[Pixel]:
    flat = picture.tobytes()
    return [tuple(flat[at : at + 4]) for at in range(0, len(flat), 4)]


def _contrast(one: Pixel, other: Pixel) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(pixel: Pixel) -> float:
    shares = (channel / 255 for channel in pixel[:3])
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
