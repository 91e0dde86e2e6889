# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import logging

import pytest

from issuer.adapters.drawings import clean, letters
from issuer.errors import InvalidInputError

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
W3C = (
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
)
DECLARED = '<?xml version="1.0" encoding="utf-8"?>\n<!-- Generator: a program -->\n'


def svg(inside: str = "<circle r='1'/>", before: str = "") -> bytes:
    return f"{before}{HEAD}{inside}</svg>".encode()


@pytest.mark.parametrize(
    "doctype", [pytest.param(W3C, id="1.1"), pytest.param("<!DOCTYPE svg>", id="bare")]
)
def test_a_doctype_that_only_names_the_standard_is_dropped(doctype: str) -> None:
    assert clean(svg(before=f"{DECLARED}{doctype}\n"), "a.svg") == svg(before=f"{DECLARED}\n")


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param('<!DOCTYPE svg [<!ENTITY a "b">]>', id="entity"),
        pytest.param(W3C[:-1] + ' [<!ENTITY a "b">]>', id="entity-behind-a-good-name"),
        pytest.param(W3C[:-1] + " []>", id="empty-internal-part"),
        pytest.param('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>', id="file"),
        pytest.param('<!DOCTYPE svg SYSTEM "https://evil.example/x.dtd">', id="elsewhere"),
        pytest.param(W3C.replace("www.w3.org/", "www.w3.org.evil.example/"), id="nearly-the-w3c"),
        pytest.param(W3C + W3C, id="two"),
        pytest.param("<!-- a -->" + "<!DOCTYPE html>", id="another-kind"),
    ],
)
def test_any_other_doctype_is_refused(doctype: str) -> None:
    with pytest.raises(InvalidInputError, match="neither PNG nor safe SVG"):
        clean(svg(before=doctype), "a.svg")


def test_bitmaps_that_lie_in_files_are_dropped_with_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = svg(
        '<g><image xlink:href="1952EBDB.png" width="1">\n</image><circle r="1"/>'
        '<image href="shadow 2.png"/></g>'
    )
    with caplog.at_level(logging.WARNING):
        assert clean(given, "a.svg") == svg('<g><circle r="1"/></g>')
    assert "a.svg: dropped 2 pictures" in caplog.text


def test_a_bitmap_inside_another_goes_with_it() -> None:
    assert clean(svg('<image href="a.png"><image href="b.png"/></image>'), "a.svg") == svg("")


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param('<image href="https://evil.example/a.png"/>', id="image-from-elsewhere"),
        pytest.param('<image href="//evil.example/a.png"/>', id="image-of-any-scheme"),
        pytest.param('<image href="../a.png"/>', id="image-of-a-folder"),
        pytest.param('<image href="data:image/svg+xml,&lt;svg/>"/>', id="image-of-data"),
        pytest.param("<image/>", id="image-of-nothing"),
        pytest.param('<image href="a.png"/><script/>', id="script-behind-a-bitmap"),
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param('<script xlink:href="a.js"/>', id="script-from-elsewhere"),
        pytest.param("<handler>alert(1)</handler>", id="handler-element"),
        pytest.param('<circle onload="alert(1)"/>', id="onload"),
        pytest.param('<set attributeName="onload" to="alert(1)"/>', id="set"),
        pytest.param('<animate attributeName="href" to="javascript:alert(1)"/>', id="animate"),
        pytest.param("<foreignObject/>", id="foreign-object"),
        pytest.param('<iframe xmlns="http://www.w3.org/1999/xhtml"/>', id="frame"),
        pytest.param('<a xlink:href="javascript:alert(1)"><circle/></a>', id="link"),
        pytest.param('<use href="other.svg#a"/>', id="use-of-a-file"),
        pytest.param('<use href="&#32;https://evil.example#a"/>', id="use-behind-a-blank"),
        pytest.param('<g xml:base="https://evil.example/"/>', id="base"),
        pytest.param("<style>@import 'https://evil.example/a.css'</style>", id="style-sheet"),
        pytest.param('<circle style="fill:url(https://evil.example/a)"/>', id="css-url"),
        pytest.param('<circle style="fill:url(#a) url(//evil.example/a)"/>', id="second-url"),
        pytest.param('<circle fill="url(\n//evil.example/a)"/>', id="url-on-a-new-line"),
        pytest.param('<circle cursor="url(a.cur)"/>', id="cursor"),
        pytest.param("<feImage href='#a'/>", id="filter-image"),
        pytest.param(
            "<openbadges:assertion xmlns:openbadges='http://openbadges.org'/>", id="badge"
        ),
    ],
)
def test_b5_what_draws_nothing_or_leaves_the_drawing_is_refused(inside: str) -> None:
    with pytest.raises(InvalidInputError, match="not allowed"):
        clean(svg(inside), "a.svg")


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param('<circle fill="url(#a)"/>', id="plain"),
        pytest.param("<circle fill='url(\"#a\")'/>", id="quoted"),
        pytest.param('<use xlink:href="#a"/>', id="use"),
        pytest.param("<text><tspan>IV</tspan></text>", id="text"),
    ],
)
def test_what_stays_inside_the_drawing_stays_as_it_is(inside: str) -> None:
    assert clean(svg(inside), "a.svg") == svg(inside)


def test_a_broken_drawing_with_a_bitmap_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="neither PNG nor safe SVG"):
        clean(svg('<image href="a.png"><g></image>'), "a.svg")


def test_a_drawing_that_cannot_be_baked_is_refused() -> None:
    drawing = svg("<title>\u00e9</title>", "<?xml version='1.0' encoding='iso-8859-1'?>")
    with pytest.raises(InvalidInputError, match="no badge can be baked"):
        clean(drawing, "a.svg")


def test_only_what_is_written_counts_as_letters() -> None:
    assert (
        letters(svg("<title>none</title><text>a<tspan>b</tspan>c</text><text>d</text>")) == "abcd"
    )
    assert letters(svg()) == ""
