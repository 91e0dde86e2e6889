# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pictures of the documentation: there, of the size of a window, and small."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tools import pictures

if TYPE_CHECKING:
    from collections.abc import Callable


SIZE = (256, 160)


@pytest.mark.parametrize("name", pictures.VIEWS)
def test_a_picture_is_a_small_png_of_the_expected_size(name: str) -> None:
    content = (pictures.FOLDER / f"{name}.png").read_bytes()
    assert len(content) <= pictures.LIMIT
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (pictures.WIDTH, pictures.HEIGHT))
        colours = image.convert("RGB").getcolors(pictures.WIDTH * pictures.HEIGHT)
    assert colours is not None
    assert len(colours) > 50  # not the blank page of a browser that was too quick


def test_a_small_picture_keeps_its_colours() -> None:
    image = Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    kept = Image.open(io.BytesIO(pictures.smaller(_png(image))))
    assert kept.mode == "RGB"
    assert kept.tobytes() == image.tobytes()


def test_a_large_picture_gets_a_palette(monkeypatch: pytest.MonkeyPatch) -> None:
    # Noise of one step costs much, and the many colours of the corner leave it no place.
    picture = _noise(lambda value: value & 1)
    picture.paste(_many_colours(32))
    monkeypatch.setattr(pictures, "LIMIT", len(_png(picture)) // 2)
    reduced = pictures.smaller(_png(picture))
    assert len(reduced) <= pictures.LIMIT
    assert Image.open(io.BytesIO(reduced)).mode == "P"


def test_a_picture_that_stays_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LIMIT", 1000)
    with pytest.raises(ValueError, match="more than 1000"):
        pictures.smaller(_png(_noise(lambda value: value & 7)))


def _noise(change: Callable[[int], int]) -> Image.Image:
    content = random.Random(1).randbytes(SIZE[0] * SIZE[1] * 3)  # noqa: S311 -- no secret
    return Image.frombytes("RGB", SIZE, content).point(change)


def _many_colours(size: int) -> Image.Image:
    step = 256 // size
    content = [(x * step, y * step, (x ^ y) * step) for y in range(size) for x in range(size)]
    return Image.frombytes("RGB", (size, size), bytes(part for pixel in content for part in pixel))


def _png(image: Image.Image) -> bytes:
    output = io.BytesIO()
    image.save(output, "PNG")
    return output.getvalue()
