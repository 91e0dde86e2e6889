# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from issuer.adapters.posters import SIZE, Poster, paint

ART = io.BytesIO()
Image.new("RGBA", (400, 400), "#cc0000").save(ART, "PNG")
POSTER = Poster(
    eyebrow="Awarded badge",
    title="First Steps",
    line="to Asha Raman",
    notes=("1 March 2026", "Issued by Accolades"),
    site="Accolades",
)


def painted(poster: Poster) -> Image.Image:
    image = Image.open(io.BytesIO(paint(poster, ART.getvalue())), formats=["PNG"])
    assert image.size == SIZE
    return image.convert("RGB")


@pytest.mark.slow
def test_every_word_is_on_the_picture() -> None:
    whole = painted(POSTER)
    for change in (
        {"eyebrow": "Badge"},
        {"title": "Last Steps"},
        {"line": ""},
        {"notes": ()},
        {"site": "Elsewhere"},
        {"stamp": "Revoked", "tone": "bad"},
    ):
        assert painted(replace(POSTER, **change)).tobytes() != whole.tobytes(), change


def test_what_no_longer_counts_has_lost_its_colour() -> None:
    middle = (272, 308)
    red, green, _ = painted(POSTER).getpixel(middle)
    assert red > green + 100
    grey = painted(replace(POSTER, stamp="Revoked", tone="bad")).getpixel(middle)
    assert max(grey) - min(grey) < 16


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none"),
        pytest.param("x" * 120, id="one word"),
        pytest.param("x" * 500, id="one long word", marks=pytest.mark.slow),
        pytest.param("word " * 200, id="many words", marks=pytest.mark.slow),
        pytest.param("\u0645\u0631\u062d\u0628\u0627", id="right to left"),
        pytest.param("a\u0301", id="combining"),
    ],
)
def test_any_text_fits_between_the_edges(text: str) -> None:
    image = painted(replace(POSTER, title=text, line=text, notes=(text,), site=text))
    edge = image.crop((SIZE[0] - 60, 0, SIZE[0], SIZE[1] - 20))
    assert edge.getcolors(1) is not None


def test_the_recipe_changes_with_the_words_and_the_art() -> None:
    recipes = {POSTER.recipe("a"), POSTER.recipe("b"), replace(POSTER, site="x").recipe("a")}
    assert len(recipes) == 3
    assert POSTER.recipe("a") == replace(POSTER).recipe("a")
