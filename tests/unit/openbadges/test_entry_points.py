# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever bytes come in: an answer or an error of ours, and what was baked comes out again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, bake, unbake
from tests.fuzz import fuzz_json, fuzz_jws, fuzz_png, fuzz_svg
from tests.tries import tries

if TYPE_CHECKING:
    from types import ModuleType

TARGETS = [fuzz_png, fuzz_svg, fuzz_jws, fuzz_json]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
KEYWORDS = st.sampled_from([KEYWORD, CREDENTIAL_KEYWORD])


@st.composite
def changed(draw: st.DrawFn, target: ModuleType) -> bytes:
    """Return one of the first examples of a target with some of its bytes replaced."""
    data = bytearray(draw(st.sampled_from(target.seeds())))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        data[start : start + length] = draw(
            st.sampled_from(target.WORDS) | st.binary(max_size=12) | st.text(max_size=3).map(_utf_8)
        )
    return bytes(data)


def _utf_8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def inputs(target: ModuleType) -> st.SearchStrategy[bytes]:
    return changed(target) | st.binary(max_size=200)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__.rpartition("_")[2])
def test_the_first_examples_hold(target: ModuleType) -> None:
    for seed in target.seeds():
        target.check(seed)


@settings(max_examples=tries(100), deadline=None)
@given(inputs(fuzz_png))
def test_any_bytes_as_a_png(data: bytes) -> None:
    fuzz_png.check(data)


@settings(max_examples=tries(150), deadline=None)
@given(inputs(fuzz_svg))
def test_any_bytes_as_an_svg(data: bytes) -> None:
    fuzz_svg.check(data)


@settings(max_examples=tries(150), deadline=None)
@given(inputs(fuzz_jws))
def test_any_bytes_as_a_jws(data: bytes) -> None:
    fuzz_jws.check(data)


@settings(max_examples=tries(100), deadline=None)
@given(inputs(fuzz_json))
def test_any_bytes_as_json(data: bytes) -> None:
    fuzz_json.check(data)


@st.composite
def pictures(draw: st.DrawFn) -> bytes:
    """Return a PNG of any kind that Pillow writes, with or without notes in it."""
    mode = draw(st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]))
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    image = Image.new(mode, size)
    pixels = draw(st.binary(min_size=len(image.tobytes()), max_size=len(image.tobytes())))
    image = Image.frombytes(mode, size, pixels)
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    options: dict[str, Any] = draw(
        st.sampled_from([{}, {"dpi": (72, 72)}, {"compress_level": 0}, {"optimize": True}])
    )
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


@settings(max_examples=tries(200), deadline=None)
@given(pictures(), st.lists(st.tuples(KEYWORDS, TEXTS), min_size=1, max_size=4))
def test_b3_what_was_baked_comes_back_and_the_pixels_stay(
    picture: bytes, badges: list[tuple[str, str]]
) -> None:
    baked = picture
    for keyword, text in badges:
        baked = bake(baked, text, keyword=keyword)
    last = dict(badges)
    for keyword, text in last.items():
        assert unbake(baked, keyword, thorough=True) == text
        assert bake(baked, text, keyword=keyword).count(b"iTXt") == baked.count(b"iTXt")
    chunks = sum(len(bake(picture, text, keyword=key)) - len(picture) for key, text in last.items())
    assert len(baked) == len(picture) + chunks
    with Image.open(io.BytesIO(picture)) as before, Image.open(io.BytesIO(baked)) as after:
        assert (before.mode, before.size) == (after.mode, after.size)
        assert before.tobytes() == after.tobytes()
