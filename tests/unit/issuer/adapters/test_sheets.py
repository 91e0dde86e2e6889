# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
import zxingcpp
from PIL import Image

from issuer.adapters import codes, sheets
from issuer.adapters.sheets import Words

LINK = "https://badges.example.org/invitations/" + "abcdefg2" * 4
WORDS = Words(
    site="Accolades",
    title="Žluťoučký Läufer ¿Qué? Λόγος 北京",
    lead="For those who met.",
    steps=("Scan this code with your phone.", "Sign in and press the button."),
    address="Or open this address:",
    until="Until 3 Nov 2026, 14:05 UTC",
)
LONG = Words(
    site="S" * 90, title="W" * 300, lead="lead " * 300, steps=("step " * 90, "x " * 90), address="A"
)


@pytest.fixture(scope="module")
def art() -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", (64, 64), (200, 0, 0, 128)).save(written, "PNG")
    return written.getvalue()


def read(pdf: bytes) -> list[tuple[str, list[str]]]:
    """Return the text of each page, and what a phone reads from its codes."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return [
        (page.extract_text(), [text for each in page.images for text in scan(each.image)])
        for page in pages
    ]


def scan(picture: Any) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("RGB"))]


@pytest.mark.parametrize("paper", sheets.PAPERS)
def test_a_poster_says_what_to_do_and_its_code_is_the_link(art: bytes, paper: str) -> None:
    pdf = sheets.poster(WORDS, art, LINK, paper)
    ((text, codes_read),) = read(pdf)
    assert codes_read == [LINK]
    for words in (
        "Žluťoučký Läufer ¿Qué? Λόγος BeiJing",
        *WORDS.steps,
        WORDS.until,
        LINK,
        "Accolades",
    ):
        assert words in " ".join(text.split())
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    assert [round(float(side) * 25.4 / 72, 1) for side in page.mediabox[2:]] == list(
        sheets.PAPERS[paper]
    )
    assert len(page.images) == 2


def test_letters_are_embedded_and_those_no_font_has_are_written_in_latin(art: bytes) -> None:
    """No empty boxes: whatever a sheet says, its font has."""
    fonts = pypdf.PdfReader(io.BytesIO(sheets.poster(WORDS, art, LINK, "a4"))).pages[0][
        "/Resources"
    ]["/Font"]
    for font in fonts.values():
        (descendant,) = font["/DescendantFonts"]
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"]
    assert sheets.readable("日本 \u05d0\U0001f3c5\ue000 e\u0301") == "RiBen ':medal:? \u00e9"


def test_each_code_has_a_card_of_its_own(art: bytes) -> None:
    links = [f"{LINK[:-2]}{number:02}" for number in range(12)]
    (first, first_codes), (second, second_codes) = read(sheets.cards(WORDS, art, links, "letter"))
    assert first_codes + second_codes == links
    assert (first.count("Scan this"), second.count("Scan this")) == (10, 2)


def test_the_words_of_a_card_are_broken_into_lines_once(
    art: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five hundred cards say the same but for their link, and are drawn while somebody waits."""
    read_anew: list[str] = []

    def readable(text: str) -> str:
        read_anew.append(text)
        return text

    monkeypatch.setattr(sheets, "readable", readable)
    links = [f"{LINK[:-2]}{number:02}" for number in range(20)]
    sheets.cards(WORDS, art, links, "a4")
    constant = {WORDS.title, WORDS.steps[0], f"{WORDS.site}   {WORDS.until}"}
    assert sorted(read_anew[1:]) == sorted([*constant, *links])  # the first is that of the file


def test_words_without_end_do_not_leave_the_page(art: bytes) -> None:
    for pdf in (sheets.poster(LONG, art, LINK, "letter"), sheets.cards(LONG, art, [LINK], "a4")):
        ((text, codes_read),) = read(pdf)
        assert codes_read == [LINK]
        assert "…" in text


def test_a_code_to_download_is_the_link() -> None:
    with Image.open(io.BytesIO(codes.png(LINK))) as picture:
        assert scan(picture) == [LINK]
    assert codes.svg(LINK).startswith(b"<?xml")
