# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
import dataclasses
import io
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from issuer.services.verifying import RememberingFetcher
from issuer.web.showing import picture_of, raw_documents
from openbadges.errors import FetchError
from openbadges.fetching import DocumentFetcher
from openbadges.verification import Report, verify
from tests.issuing import NOW, RED

URL = "https://a.example/picture"


def report(**changes: Any) -> Report:
    made = verify("nonsense", fetcher=DocumentFetcher({}), now=NOW)
    return dataclasses.replace(made, **changes)


def png(side: int = 500, mode: str = "RGBA", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", (side, side // 2), "red").convert(mode).save(written, "PNG", **options)
    return written.getvalue()


def test_what_was_fetched_is_at_hand() -> None:
    one = RememberingFetcher(
        DocumentFetcher({URL: {"text": "x"}, "https://a.example/gone": {"status": 410}})
    )
    assert one.fetch(URL).body == b"x"
    assert one.fetch("https://a.example/gone").status == 410
    with pytest.raises(FetchError):
        one.fetch("https://a.example/none")
    assert one.bodies == {URL: b"x"}


@pytest.mark.parametrize("image", [URL, {"id": URL}, {"id": URL, "caption": "x"}])
@pytest.mark.parametrize(
    "content",
    [RED, png(), *(png(mode=mode) for mode in ("1", "L", "LA", "P", "RGB", "I;16"))],
    ids=["svg", "rgba", "1", "l", "la", "p", "rgb", "16"],
)
def test_a_picture_is_drawn_anew(image: object, content: bytes) -> None:
    address = picture_of(report(badge={"image": image}), {URL: content})
    drawn = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(drawn)) as found:
        assert (found.format, max(found.size)) == ("PNG", 400)


def test_what_a_picture_carries_beside_its_pixels_is_left_out() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("openbadges", "<script>alert(1)</script>")
    address = picture_of(report(badge={"image": URL}), {URL: png(pnginfo=notes)})
    drawn = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    assert b"script" not in drawn
    assert b"openbadges" not in drawn


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{base64.b64encode(png()).decode()}",
        "data:image/svg+xml," + RED.decode().replace("#", "%23"),
    ],
    ids=["base64", "percent"],
)
def test_a_picture_inside_the_badge_is_shown(uri: str) -> None:
    assert picture_of(report(badge={"image": uri}), {}).startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        png()[:100],
        png() + b"<script>",
    ],
    ids=["empty", "nonsense", "script", "handler", "truncated", "polyglot"],
)
def test_a_picture_that_is_not_safe_is_not_shown(content: bytes) -> None:
    assert picture_of(report(badge={"image": URL}), {URL: content}) == ""


@pytest.mark.parametrize(
    "image", [None, 5, [], {}, {"id": 5}, "data:image/png;base64,!", "data:", "javascript:x", "x"]
)
def test_a_picture_that_is_none_is_not_shown(image: object) -> None:
    assert picture_of(report(badge={"image": image}), {}) == ""


def test_without_a_badge_there_is_no_picture() -> None:
    assert picture_of(report(), {}) == ""


def test_raw_documents_show_what_cannot_be_seen() -> None:
    document = {"id": "x", "name": "a\u202eb\u200bc\x07d\U000e0041", "other": "grün 🏅\nline"}
    ((kind, _, text),) = raw_documents(report(document=document, subject="Assertion"))
    assert kind == "Assertion"
    for shown in ("\\u202e", "\\u200b", "\\u0007", "\\udb40\\udc41", "grün 🏅", "\\nline"):
        assert shown in text
    assert text.replace("\n", "").isprintable()


def test_each_document_is_shown_once_and_not_without_end() -> None:
    badge = {"id": "b", "text": "x" * 300_000}
    shown = raw_documents(report(document=badge, badge=badge, issuer={}, subject="BadgeClass"))
    ((kind, identifier, text),) = shown
    assert (kind, identifier) == ("BadgeClass", "b")
    assert len(text) < 210_000
