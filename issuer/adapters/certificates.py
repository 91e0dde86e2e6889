# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draws the certificate of a badge: PDF/A-3, with all it needs inside, and the signed badge too."""

from __future__ import annotations

import io
import logging
import struct
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape, quoteattr

import segno
from fpdf import FPDF
from fpdf.enums import DocumentCompliance, OutputIntentSubType, XPos, YPos
from fpdf.output import PDFICCProfile
from PIL import Image, ImageCms

from issuer.adapters import lettering
from openbadges.vocabulary import JOSE, JSON_LD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from issuer.adapters.lettering import Font

# It says of each table of a font that it leaves out.
logging.getLogger("fontTools.subset").setLevel(logging.ERROR)

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 22.0  # A4, in millimetres
ART, CODE = 62.0, 30.0
INK, MUTED, RIM = (22, 34, 63), (79, 93, 124), (60, 110, 180)
MAX_WORDS = 6000
MAX_LINE = 120  # letters that fit into a line, and some more
ATTACHMENT, UNSIGNED = "badge.jws", "badge.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """All that stands on a certificate."""

    language: str
    eyebrow: str
    title: str
    lead: str
    person: str
    about: str
    facts: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]  # heading and text
    check: str
    address: str
    attached: str
    badge: str  # signed, else as JSON
    made_at: datetime


def draw(certificate: Certificate, picture: bytes, font_folder: Path | None) -> bytes:
    """Return a certificate as PDF/A-3; ``picture`` is a PNG of our own.

    The same certificate always has the same bytes.
    """
    words = _Words(lettering.fonts(font_folder))
    with tempfile.TemporaryDirectory(prefix="accolades-fonts-") as folder:
        page = _Page(certificate, words, Path(folder))
        page.fill(picture)
        return page.finished()


@cache
def _colours() -> bytes:
    """Return what the colours mean: sRGB, without the moment at which it was written down."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(struct.pack(">6H", 2026, 1, 1, 0, 0, 0))
    return bytes(profile)


class _Words:
    """Texts as they can be written."""

    def __init__(self, available: Sequence[Font]) -> None:
        self.available = available

    def __call__(self, text: str) -> str:
        return lettering.writable(text[:MAX_WORDS], self.available)


class _Page:
    """One page, filled from the top."""

    def __init__(self, certificate: Certificate, words: _Words, folder: Path) -> None:
        self.certificate, self.words = certificate, words
        self.pdf = FPDF(enforce_compliance=DocumentCompliance.PDFA_3B)
        self.pdf.set_margins(MARGIN, 10, MARGIN)
        self.pdf.set_auto_page_break(auto=False)
        self.pdf.set_creation_date(certificate.made_at)
        self.pdf.set_lang(certificate.language)
        self._letter(folder)
        self.pdf.add_page()
        self.pdf.set_text_shaping(use_shaping_engine=True)
        self.pdf.add_output_intent(
            OutputIntentSubType.PDFA,
            "sRGB",
            "sRGB",
            "http://www.color.org",
            PDFICCProfile(_colours(), n=3, alternate="DeviceRGB"),
            "sRGB",
        )
        self.pdf.set_xmp_metadata(self._about())

    def _letter(self, folder: Path) -> None:
        """Take in the fonts that the texts need, and no others: each costs time."""
        said = self.certificate
        texts = [said.eyebrow.upper(), said.title, said.lead, said.person, said.about, said.check]
        texts += [said.attached, said.address, *said.facts, "…"]
        texts += [part for section in said.sections for part in section]
        written = [self.words(text) for text in texts]
        bold = lettering.shipped(lettering.BOLD)
        plain = lettering.needed(written, self.words.available)
        for font in (*plain, bold):
            path = folder / f"{font.name}.ttf"  # it takes nothing but files
            path.write_bytes(font.content)
            self.pdf.add_font(font.name, fname=path)
        self.plain, self.bold = plain[0].name, bold.name
        self.pdf.set_fallback_fonts([font.name for font in plain[1:]], exact_match=False)

    def fill(self, picture: bytes) -> None:
        """Write all that stands on it."""
        certificate = self.certificate
        self.pdf.set_fill_color(*RIM)
        self.pdf.rect(0, 0, WIDTH, 5, style="F")
        self.space(16)
        self.line(certificate.eyebrow.upper(), 11, MUTED)
        self.picture(picture)
        self.text(certificate.title, 25, INK, bold=True, most=3)
        self.line(certificate.lead, 11, MUTED)
        self.text(certificate.person, 19, INK, bold=True, most=2)
        self.text(certificate.about, 11, INK, most=3)
        for fact in certificate.facts:
            self.line(fact, 11, MUTED)
        for heading, text in certificate.sections:
            self.section(heading, text)
        self.foot()

    def _about(self) -> str:
        """Return the XMP; what fpdf2 itself writes says when it was written."""
        moment = quoteattr(self.certificate.made_at.isoformat(timespec="seconds"))
        title = escape(self.words(self.certificate.title))
        return (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
            ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
            ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><rdf:Description rdf:about=""'
            f' xmp:CreateDate={moment} xmp:ModifyDate={moment} xmp:CreatorTool="Accolades">'
            "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
            "</rdf:Description></rdf:RDF></x:xmpmeta>"
        )

    def space(self, height: float) -> None:
        """Leave something free."""
        self.pdf.set_y(self.pdf.get_y() + height)

    def line(self, text: str, size: float, colour: tuple[int, int, int]) -> None:
        """Write one line."""
        self.text(text, size, colour, most=1)

    def text(
        self,
        text: str,
        size: float,
        colour: tuple[int, int, int],
        *,
        bold: bool = False,
        most: int = 1,
    ) -> None:
        """Write a text in the middle, in so many lines at most."""
        self.pdf.set_font(self.bold if bold else self.plain, size=size)
        self.pdf.set_text_color(*colour)
        height = size * 0.5
        for line in self._lines(self.words(text), height, most):
            self.pdf.set_x(MARGIN)
            # A line that begins with another font leaves none set, and fpdf2 believes it did.
            self.pdf.current_font_is_set_on_page = False
            self.pdf.cell(
                WIDTH - 2 * MARGIN,
                height,
                line,
                align="C",
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )
        self.space(size * 0.16)

    def _lines(self, text: str, height: float, most: int) -> list[str]:
        if not text:
            return []
        # Breaking lines costs more the longer a text is, and how long it is, strangers choose.
        text = text[: MAX_LINE * most]
        found = self.pdf.multi_cell(
            WIDTH - 2 * MARGIN, height, text, align="C", dry_run=True, output="LINES"
        )
        lines = cast("list[str]", found)
        if len(lines) <= most:
            return lines
        return [*lines[: most - 1], f"{lines[most - 1].rstrip(' ,.;')} …"]

    def picture(self, content: bytes) -> None:
        """Show the picture of the badge."""
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            # What may be of another kind of colours, or have a profile of its own, is drawn anew.
            drawn = image.convert("RGBA")
            share = drawn.height / drawn.width
        top = self.pdf.get_y() + 4
        side = min(ART, ART / share)
        self.pdf.image(
            drawn, x=(WIDTH - side) / 2, y=top + (ART - side * share) / 2, w=side, h=side * share
        )
        self.pdf.set_y(top + ART + 6)

    def section(self, heading: str, text: str) -> None:
        """Write why somebody has the badge, as far as there is room."""
        room = int((HEIGHT - CODE - 24 - self.pdf.get_y() - 10) / 5.5)
        if text and room >= 1:
            self.space(4)
            self.text(heading, 11, MUTED, bold=True)
            self.text(text, 10.5, INK, most=min(room, 7))

    def foot(self) -> None:
        """Show where to check it: as an address, and as a code for cameras."""
        top = HEIGHT - CODE - 14
        self._code(MARGIN, top)
        self.pdf.set_xy(MARGIN + CODE + 6, top + 6)
        for text, colour in (
            (self.certificate.check, MUTED),
            (self.certificate.address, INK),
            (self.certificate.attached, MUTED),
        ):
            self.pdf.set_font(self.plain, size=9.5)
            self.pdf.set_text_color(*colour)
            self.pdf.set_x(MARGIN + CODE + 6)
            self.pdf.current_font_is_set_on_page = False
            self.pdf.multi_cell(
                WIDTH - 2 * MARGIN - CODE - 6,
                5,
                self.words(text),
                align="L",
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )

    def _code(self, left: float, top: float) -> None:
        code = segno.make(self.certificate.address, error="m", micro=False)
        rows = [list(row) for row in code.matrix]
        side = CODE / len(rows)
        self.pdf.set_fill_color(0, 0, 0)
        for y, row in enumerate(rows):
            for x, is_dark in enumerate(row):
                if is_dark:
                    # A little over the edge, so that no line of paper stays between two.
                    self.pdf.rect(
                        left + x * side, top + y * side, side * 1.02, side * 1.02, style="F"
                    )
        self.pdf.link(left, top, CODE, CODE, self.certificate.address)

    def finished(self) -> bytes:
        """Return the bytes, with the signed badge attached."""
        is_signed = not self.certificate.badge.startswith("{")
        self.pdf.embed_file(
            bytes=self.certificate.badge.encode(),
            basename=ATTACHMENT if is_signed else UNSIGNED,
            mime_type=JOSE if is_signed else JSON_LD,
            associated_file_relationship="Source",
            modification_date=self.certificate.made_at,
            desc=self.words(self.certificate.attached),
            compress=True,
        )
        made: Any = self.pdf.output()
        return bytes(made)
