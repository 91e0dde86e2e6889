# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image

from issuer.adapters import drawings
from issuer.adapters.pictures import MAX_BYTES, PNG, SIDE, SVG, draw, read_picture, redraw
from issuer.errors import InvalidInputError
from openbadges.baking import bake, unbake
from tests.issuing import RED
from tests.shared import shared_path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XHTML = 'xmlns:h="http://www.w3.org/1999/xhtml"'
#: Draws what it is given in a process of its own: the renderer may take its process with it.
DRAW = """\
import sys
from issuer.adapters.pictures import draw, read_picture
from issuer.errors import InvalidInputError
try:
    draw(read_picture(sys.stdin.buffer.read(), "drawing.svg"))
except InvalidInputError:
    print("refused")
else:
    print("drawn")
"""


def svg(inside: str = "", attributes: str = 'viewBox="0 0 8 8"') -> bytes:
    """Return a drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f"{attributes}>{inside}</svg>"
    ).encode()


def png(width: int, height: int, rows: bytes | None = None, after: bytes = b"") -> bytes:
    """Return a PNG with that head, whatever its rows hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"\0" * (1 + 3 * width) * height if rows is None else rows
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return SIGNATURE + body + after


def test_a_png_is_known_by_its_bytes() -> None:
    picture = read_picture(png(3, 7), "upload")
    assert (picture.media_type, picture.width, picture.height) == (PNG, 3, 7)
    assert draw(picture) is picture


def test_a_drawing_is_known_by_its_bytes_and_drawn_as_png() -> None:
    drawing = read_picture(RED, "upload.txt")
    assert (drawing.media_type, drawing.width, drawing.height) == (SVG, None, None)
    drawn = draw(drawing)
    assert (drawn.media_type, drawn.width, drawn.height) == (PNG, SIDE, SIDE)
    with Image.open(io.BytesIO(drawn.content)) as image:
        assert image.convert("RGB").getpixel((SIDE // 2, SIDE // 2)) == (0xCC, 0, 0)


def test_a_drawing_is_drawn_in_the_same_bytes_each_time() -> None:
    drawing = read_picture(RED, "red.svg")
    assert draw(drawing).content == draw(drawing).content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\0" * 100, id="jpeg"),
        pytest.param(b"GIF89a", id="gif"),
        pytest.param(b"text", id="text"),
        pytest.param(b"<html/>", id="html"),
        pytest.param(b'<svg viewBox="0 0 8 8"/>', id="svg-without-its-namespace"),
        pytest.param(SIGNATURE, id="only-the-signature"),
        pytest.param(png(1, 1)[:-20], id="truncated-png"),
        pytest.param(png(0, 0), id="no-pixel"),
        pytest.param(png(1, 1)[:33] + png(1, 1)[-12:], id="no-rows"),
        pytest.param(png(20_000, 20_000, b""), id="20000x20000"),
        pytest.param(png(2**31 - 1, 2**31 - 1, b""), id="more-pixels-than-memory"),
        pytest.param(png(4097, 4096, b""), id="one-row-too-many"),
        pytest.param(png(1, 1) + b"\0" * MAX_BYTES, id="too-many-bytes"),
        pytest.param(svg("<!--" + "x" * drawings.MAX_BYTES + "-->"), id="too-long-svg"),
        pytest.param(b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg(), id="document-type"),
        pytest.param(svg("<script>alert(1)</script>"), id="script"),
        pytest.param(svg("<style>circle{}</style>"), id="style-sheet"),
        pytest.param(svg('<image href="#x"/>'), id="image"),
        pytest.param(svg("<foreignObject/>"), id="foreign-object"),
        pytest.param(svg('<a href="#x"/>'), id="link"),
        pytest.param(svg('<animate attributeName="href"/>'), id="animation"),
        pytest.param(svg('<circle onclick="alert(1)"/>'), id="handler"),
        pytest.param(svg('<circle ONLOAD="alert(1)"/>'), id="handler-in-capitals"),
        pytest.param(svg('<use href="https://example.org/x.svg#a"/>'), id="use-from-elsewhere"),
        pytest.param(svg('<use xlink:href="file:///etc/passwd"/>'), id="use-of-a-file"),
        pytest.param(svg('<circle fill="url(https://example.org/)"/>'), id="url"),
        pytest.param(svg('<circle fill="URL( https://example.org/)"/>'), id="url-in-capitals"),
        pytest.param(svg("<circle fill=\"url('https://example.org/')\"/>"), id="url-in-quotes"),
        pytest.param(svg('<circle style="fill:url(//example.org/)"/>'), id="url-in-style"),
    ],
)
def test_what_is_no_safe_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"^upload: "):
        read_picture(content, "upload")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(png(1, 1), "upload.svg", id="png-as-svg"),
        pytest.param(RED, "upload.png", id="svg-as-png"),
        pytest.param(RED, "UPLOAD.PNG", id="svg-as-png-in-capitals"),
    ],
)
def test_a_name_that_says_the_other_kind_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(InvalidInputError, match="rename it"):
        read_picture(content, name)


def test_a_damaged_note_beside_the_pixels_is_refused() -> None:
    note = b"\0\0\0\3tEXta\0b" + b"\0\0\0\0"
    content = png(1, 1)
    with pytest.raises(InvalidInputError, match="checksum"):
        read_picture(content[:33] + note + content[33:], "upload.png")


@pytest.mark.slow
def test_real_drawings_are_taken_and_drawn() -> None:
    taken = 0
    for path in sorted(shared_path("data/art").glob("*.svg")):
        given = path.read_bytes()
        picture = read_picture(given, path.name)
        assert b"<!DOCTYPE" not in picture.content
        assert b".png" not in picture.content
        assert unbake(bake(picture.content, "a.b.c")) == "a.b.c"
        assert draw(picture).media_type == PNG
        taken += 1
    assert taken >= 8


def test_text_is_drawn() -> None:
    text = svg("<text y='7' font-family='Nobody has it' font-size='8'>A</text>")
    with Image.open(io.BytesIO(draw(read_picture(text, "text.svg")).content)) as image:
        assert image.getbbox() is not None
    with Image.open(io.BytesIO(draw(read_picture(svg(), "none.svg")).content)) as image:
        assert image.getbbox() is None


def test_letters_that_no_font_has_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="turn its text into paths"):
        read_picture(svg("<text>A \u65e5</text>"), "upload.svg")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(svg(f"<h:script {XHTML}>alert(1)</h:script>"), id="xhtml-script"),
        pytest.param(svg(f'<h:iframe {XHTML} src="https://example.org/"/>'), id="xhtml-frame"),
        pytest.param(
            b'<?xml-stylesheet href="https://example.org/x.css"?>' + svg(), id="style-sheet-outside"
        ),
        pytest.param(svg(r'<circle style="fill:u\72l(//example.org/)"/>'), id="escaped-url"),
        pytest.param(
            svg("<circle style=\"background:image-set('//example.org/' 1x)\"/>"), id="image-set"
        ),
    ],
)
def test_a_drawing_that_does_something_in_a_browser_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"upload\.svg"):
        read_picture(content, "upload.svg")


def test_a_drawing_in_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="encoding"):
        read_picture(b'<?xml version="1.0" encoding="klingon"?>' + svg(), "upload.svg")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_drawing_that_is_not_utf_8_is_refused(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + svg("<title>café</title>").decode()
    with pytest.raises(InvalidInputError):
        draw(read_picture(text.encode(encoding), "upload.svg"))


def test_a_png_with_something_behind_its_end_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="upload"):
        read_picture(png(1, 1, after=b"\xff\xd8\xff\xe0 or <script>"), "upload.png")


def test_a_png_without_its_rows_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="upload"):
        read_picture(png(64, 64, b"\0"), "upload.png")


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param('<g id="a"><use href="#a"/></g>', id="itself"),
        pytest.param(
            '<circle id="g0" r="1"/>'
            + "".join(
                f'<g id="g{n}">' + f'<use href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
            )
            + '<use href="#g8"/>',
            id="a-hundred-million-circles",
        ),
        pytest.param(
            '<pattern id="p0" width="1" height="1"><circle r="1"/></pattern>'
            + "".join(
                f'<pattern id="p{n}" width="1" height="1">'
                + f'<circle r="1" fill="url(#p{n - 1})"/>' * 10
                + "</pattern>"
                for n in range(1, 9)
            )
            + '<circle r="8" fill="url(#p8)"/>',
            id="patterns-of-patterns",
        ),
        pytest.param(
            "".join(f'<g id="c{n}"><use href="#c{n + 1}"/></g>' for n in range(5000)),
            id="a-long-chain",
        ),
    ],
)
def test_drawings_that_grow_end_quickly(inside: str) -> None:
    assert _outcome(svg(inside)) in {"drawn", "refused"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(svg("<g>" * 1000 + "</g>" * 1000), id="deep"),
        pytest.param(svg(attributes='width="1" height="100000"'), id="tall"),
        pytest.param(svg(attributes='viewBox="0 0 1 100000"'), id="tall-view-box"),
        pytest.param(svg(attributes='width="1e-30" height="1e30"'), id="endless"),
    ],
)
def test_a_drawing_that_cannot_be_drawn_is_refused_and_ends_nothing(content: bytes) -> None:
    assert _outcome(content) == "refused"


def _outcome(content: bytes) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", DRAW], input=content, capture_output=True, timeout=60, check=False
    )
    return finished.stdout.decode().strip() or f"ended with {finished.returncode}"


@pytest.mark.parametrize(
    ("clear", "seen"),
    [(None, (0x40, 0x40, 0x40, 255)), (0x4035, (0x40,) * 3 + (255,)), (0x4034, (0x40,) * 3 + (0,))],
)
def test_greys_of_sixteen_bits_stay_what_they_are(
    clear: int | None, seen: tuple[int, int, int, int]
) -> None:
    """Pillow makes all of them white; one of them may be marked as not to be drawn."""
    rows = zlib.compress(2 * (b"\0" + 2 * b"\x40\x34"))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 0, 0, 0, 0)),
        *([(b"tRNS", struct.pack(">H", clear))] if clear is not None else []),
        (b"IDAT", rows),
        (b"IEND", b""),
    ]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    with Image.open(io.BytesIO(redraw(content, "grey.png"))) as drawn:
        assert drawn.getpixel((1, 1)) == seen
