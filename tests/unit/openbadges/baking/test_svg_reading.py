# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import gc
from contextlib import suppress

import pytest

from openbadges.baking.svg_reading import _Reader, read_svg, tag_end
from openbadges.errors import BakingError

NAMESPACES = b"xmlns='http://www.w3.org/2000/svg' xmlns:o='http://openbadges.org'"


def test_a_quoted_bracket_closes_no_tag() -> None:
    assert tag_end(b"  <a b='>\"' c=\">'\">text>", 2) == 19


@pytest.mark.parametrize("tag", [b"<a", b"<a b='>", b""])
def test_a_tag_that_does_not_end_is_refused(tag: bytes) -> None:
    with pytest.raises(BakingError, match="cut off"):
        tag_end(tag, 0)


def test_the_bytes_of_each_badge_are_found() -> None:
    first, second = b"<o:assertion verify='a/>'/>", b"<o:assertion>\xc3\xa9 &gt;</o:assertion >"
    image = b"<?xml version='1.0'?><svg " + NAMESPACES + b">" + first + b"-" + second + b"</svg>"
    found = read_svg(image)
    assert image[found.root_start :].startswith(b"<svg ")
    assert [image[item.start : item.end] for item in found.badges] == [first, second]
    assert [(item.verify, item.text) for item in found.badges] == [
        ("a/>", ""),
        ("", "\u00e9 >"),
    ]
    assert found.prefixes == {"o": "http://openbadges.org"}


@pytest.mark.parametrize("image", [b"<svg " + NAMESPACES + b"/>", b"<svg>"], ids=["good", "bad"])
def test_nothing_stays_in_memory_after_reading(image: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        with suppress(BakingError):
            read_svg(image)
        kept = [item for item in gc.get_objects() if isinstance(item, _Reader)]
    finally:
        gc.enable()
    assert kept == []
