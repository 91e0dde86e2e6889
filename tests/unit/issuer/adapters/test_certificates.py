# SPDX-License-Identifier: AGPL-3.0-or-later
"""Certificates, as another program reads them."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pikepdf
import pymupdf_fonts
import pypdf
import pytest
from pikepdf import pdfa

from issuer.adapters import lettering
from issuer.adapters.certificates import ATTACHMENT, Certificate, draw
from issuer.adapters.pictures import draw as draw_picture
from issuer.adapters.pictures import read_picture
from tests.issuing import NOW, RED

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Certificate(
    language="en",
    eyebrow="Certificate",
    title="First Steps",
    lead="This badge was awarded to",
    person="Asha Raman",
    about="You did it.",
    facts=("Awarded on 1 March 2026 by Accolades",),
    sections=(("Why", "Ten tests."), ("What it takes", "Test ten times.")),
    check="Check it at",
    address="https://badges.example.org/assertions/0f6f0f0e-1111-4222-8333-444455556666",
    attached="The signed badge is attached to this file.",
    badge="aGVhZA.Ym9keQ.c2lnbg",
    made_at=NOW,
)
UNUSUAL = replace(
    PLAIN,
    title="Zażółć Ελλάδα Привет שלום नमस्ते สวัสดี 学习 🏅\x00\u202e\ufffe",
    person="محمد بن سلمان",
    about="한국어 ひらがな Հայերեն አማርኛ \u0301",
    sections=(("Why", "long " * 5000), ("What it takes", "x" * 20_000)),
    language="de",
)


@pytest.fixture(scope="module")
def picture() -> bytes:
    return draw_picture(read_picture(RED, "drawing.svg")).content


def fonts_of(pdf: pikepdf.Pdf) -> list[Any]:
    """Return the descriptors of all fonts of the first page."""
    fonts = pdf.pages[0].Resources.Font.values()
    return [font.DescendantFonts[0].FontDescriptor for font in fonts]


@pytest.mark.parametrize(
    "certificate",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(UNUSUAL, id="unusual", marks=pytest.mark.slow),
    ],
)
def test_a_certificate_is_pdf_a_with_its_fonts_and_the_signed_badge(
    picture: bytes, certificate: Certificate
) -> None:
    made = draw(certificate, picture, None)
    report = pdfa.validate_written(io.BytesIO(made), "3b")
    # What it does not know itself, an attachment among them, it tells as unsupported.
    assert [each for each in report.findings if each.kind == "violation"] == []
    with pikepdf.open(io.BytesIO(made)) as pdf:
        metadata = pdf.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        assert metadata["dc:title"]
        assert pdf.Root.Lang == certificate.language
        (intent,) = pdf.Root.OutputIntents
        assert (intent.S, intent.DestOutputProfile.N) == ("/GTS_PDFA1", 3)
        assert len(pdf.pages) == 1
        descriptors = fonts_of(pdf)
        assert len(descriptors) >= 2
        assert all("/FontFile2" in each or "/FontFile3" in each for each in descriptors)
        (associated,) = pdf.Root.AF
        assert associated.AFRelationship == "/Source"
        assert bytes(pdf.attachments[ATTACHMENT].get_file().read_bytes()) == (
            certificate.badge.encode()
        )
        assert pdf.attachments[ATTACHMENT].get_file().mime_type == "application/jose"


@pytest.mark.slow
def test_the_same_certificate_has_the_same_bytes(picture: bytes) -> None:
    assert draw(PLAIN, picture, None) == draw(PLAIN, picture, None)


def test_no_letter_is_an_empty_box() -> None:
    available = lettering.fonts(None)
    cases = {
        "Привет שלום عالم नमस्ते ไทย": "Привет שלום عالم नमस्ते ไทย",
        "学习": "XueXi",
        "한국어": "hangugeo",
        "🏅": "medal",
        "a\u202eb\x00c\ud800d\u200b": "abcd",
        "tab\tand\nline": "tab and line",
    }
    for given, expected in cases.items():
        written = lettering.writable(given, available)
        assert written.lower().replace("sports ", "") == expected.lower(), given
        assert all(
            letter == " " or any(font.writes(letter) for font in available) for letter in written
        )


@pytest.mark.slow
def test_an_operator_adds_fonts_and_a_broken_one_stops_nothing(
    tmp_path: Path, picture: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert lettering.writable("\U0001d11e", lettering.fonts(None)) != "\U0001d11e"
    (tmp_path / "music.otf").write_bytes(pymupdf_fonts.myfont("music"))
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "notes.txt").write_text("not looked at")
    available = lettering.fonts(tmp_path)
    assert lettering.writable("\U0001d11e", available) == "\U0001d11e"
    assert "broken.ttf is no font" in caplog.text
    assert "notes.txt" not in caplog.text
    made = draw(replace(PLAIN, about="\U0001d11e"), picture, tmp_path)
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert len(fonts_of(pdf)) == 3
    assert lettering.fonts(tmp_path / "missing") == lettering.fonts(None)


def test_what_follows_a_line_of_signs_can_be_read(picture: bytes) -> None:
    """Signs are of another font; the lines after them were written with its letters."""
    said = replace(PLAIN, about="👍", sections=(("Why", "👍 " * 60 + "Ten tests."),))
    text = pypdf.PdfReader(io.BytesIO(draw(said, picture, None))).pages[0].extract_text()
    for part in (said.person, *said.facts, "Why", "Ten tests.", said.check, said.address):
        assert part in text


def test_marks_are_not_piled_up_over_the_page() -> None:
    available = lettering.fonts(None)
    piled = lettering.writable("Ze" + "\u0301\u0323" * 30 + "n", available)
    assert [unicodedata.category(letter)[0] for letter in piled] == [*"LL", *"MMMM", "L"]
    usual = unicodedata.normalize("NFC", "שָׁלוֹם नमस्ते")
    assert lettering.writable(usual, available) == usual
