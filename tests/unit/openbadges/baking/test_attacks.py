# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks on a true badge: as it is it holds, and in no attacked picture it does."""

from __future__ import annotations

import zlib

import pytest

from openbadges.baking import bake, unbake
from openbadges.errors import BakingError
from openbadges.verification import Verdict
from tests.fuzz.world import judge, token
from tests.unit.openbadges.baking.test_png import PNG, chunk, itxt, with_chunks
from tests.unit.openbadges.baking.test_robustness import animated
from tests.unit.openbadges.baking.test_svg import LAUGHS, SVG, around

OTHER = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"


def true() -> bytes:
    return itxt(token().encode())


def element(text: str) -> str:
    return f'<openbadges:assertion verify="{text}"/>'


@pytest.mark.parametrize("image", [PNG, SVG], ids=["png", "svg"])
def test_the_badge_is_true(image: bytes) -> None:
    assert judge(bake(image, token())).verdict is Verdict.INVALID  # it belongs to somebody else
    assert judge(bake(image, token()), recipients=()).verdict is Verdict.VALID


@pytest.mark.parametrize("other", [OTHER, ""], ids=["another", "the-same"])
@pytest.mark.parametrize("first", [True, False], ids=["true-first", "true-last"])
def test_b1_two_badges_are_ambiguous(other: str, first: bool) -> None:
    texts = [token(), other or token()]
    texts = texts if first else texts[::-1]
    for image in (
        with_chunks(*(itxt(text.encode()) for text in texts)),
        around("".join(map(element, texts))),
    ):
        with pytest.raises(BakingError, match="ambiguous"):
            unbake(image)
        report = judge(image, recipients=())
        assert report.verdict is Verdict.INVALID
        assert "ambiguous" in report.sentence


def b2(case: str) -> bytes:
    bomb = itxt(zlib.compress(b"a" * 10_000_000), flag=b"\1")
    return {
        "compressed-bomb": with_chunks(bomb),
        "bad-crc": with_chunks(true()[:-1] + bytes([true()[-1] ^ 1])),
        "bad-crc-of-the-picture": with_chunks(true(), chunk(b"tIME", b"1234567")[:-1] + b"?"),
        "truncated": with_chunks(true())[:-1],
        "length-2-to-31": PNG[:33] + b"\x80\0\0\0" + true()[4:],
        "trailing-data": with_chunks(true()) + b"\0",
    }[case]


@pytest.mark.parametrize(
    "case",
    [
        *("compressed-bomb", "bad-crc", "bad-crc-of-the-picture", "truncated", "length-2-to-31"),
        "trailing-data",
    ],
)
def test_b2_a_broken_png_is_no_true_badge(case: str) -> None:
    assert judge(b2(case), recipients=()).verdict is Verdict.INVALID


def test_b2_an_animated_png_is_a_badge_as_any_other() -> None:
    assert judge(animated(true()), recipients=()).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param('<!DOCTYPE svg [<!ENTITY a "b">]>', id="entities"),
        pytest.param('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>', id="xxe"),
        pytest.param('<!DOCTYPE svg SYSTEM "https://evil.example/x.dtd">', id="external"),
        pytest.param(f'<!DOCTYPE svg [<!ENTITY a0 "ha">{LAUGHS}]>', id="billion-laughs"),
    ],
)
def test_b4_a_declaring_doctype_is_refused(doctype: str) -> None:
    image = doctype.encode() + around(element(token()))
    with pytest.raises(BakingError, match="DOCTYPE"):
        unbake(image)
    assert judge(image, recipients=()).verdict is Verdict.INVALID


def test_b4_100000_levels_are_refused() -> None:
    image = around(element(token()) + "<g>" * 100_000 + "</g>" * 100_000)
    assert judge(image, recipients=()).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(lambda: around(element(token()) * 2), id="twice"),
        pytest.param(
            lambda: around(element(token()), 'xmlns:openbadges="http://evil.example"'),
            id="wrong-namespace",
        ),
        pytest.param(
            lambda: around(
                element(token())
                + element(token()).replace("/>", ' xmlns:openbadges="http://evil.example"/>')
            ),
            id="right-and-wrong-namespace",
        ),
        pytest.param(lambda: around(f"<g>{element(token())}</g>"), id="wrong-place"),
    ],
)
def test_b6_an_element_that_is_not_the_one_is_refused(image: object) -> None:
    picture = image() if callable(image) else b""
    with pytest.raises(BakingError):
        unbake(picture)
    assert judge(picture, recipients=()).verdict is Verdict.INVALID
