# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from issuer.errors import InvalidInputError
from issuer.services import sheets


@pytest.mark.parametrize(
    ("content", "encoding", "separator", "rows"),
    [
        (b"asha,first\nboris,second\n", "utf-8", "comma", [(1, "asha"), (2, "boris")]),
        (b"asha;first\r\n\r\nboris;second", "utf-8", "semicolon", [(1, "asha"), (3, "boris")]),
        (b"asha\tfirst, or not\n", "utf-8", "tab", [(1, "asha")]),
        (b"asha\nboris\n", "utf-8", "comma", [(1, "asha"), (2, "boris")]),
        ("\ufeffin\u00eas,first".encode(), "utf-8 with BOM", "comma", [(1, "in\u00eas")]),
        ("in\u00eas,first".encode("latin-1"), "latin-1", "comma", [(1, "in\u00eas")]),
        ("asha,\u201cfirst\u201d \u20ac".encode("cp1252"), "windows-1252", "comma", [(1, "asha")]),
        ("asha\tfirst\r\nboris\tx".encode("utf-16"), "utf-16", "tab", [(1, "asha"), (2, "boris")]),
        (b"\xfe\xff" + "asha".encode("utf-16-be"), "utf-16", "comma", [(1, "asha")]),
        (b"sep=;\r\nasha;a, b, c\r\n", "utf-8", "semicolon", [(2, "asha")]),
        ("asha\u200b, first".encode(), "utf-8", "comma", [(1, "asha")]),
        (b'"a;sha",first\nboris,"two\nlines"\nkarl,x', "utf-8", "comma", None),
    ],
)
def test_a_table_is_read_however_a_program_wrote_it(
    content: bytes, encoding: str, separator: str, rows: list[tuple[int, str]] | None
) -> None:
    sheet = sheets.read(content)
    assert (sheet.encoding, sheet.separator) == (encoding, separator)
    found = [(number, cells[0]) for number, cells in sheet.rows]
    assert found == (rows or [(1, "a;sha"), (2, "boris"), (4, "karl")])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no row"),
        (b"\n , \n", "holds no row"),
        (b"x" * (sheets.MAX_BYTES + 1), "larger than 2 MB"),
        (b"a\n" * (sheets.MAX_ROWS + 2), "more than 10000 rows"),
        (b"a," * sheets.MAX_COLUMNS + b"a", "more than 30 columns"),
        (b"x" * (sheets.MAX_CELL + 1), "more than 10000 characters"),
        (b"\xff\xfea", "UTF-16"),
        ("asha".encode("utf-32"), "cannot be seen"),
        (b"PK\x03\x04\x14\0\x06\0", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0", "cannot be seen"),
        (b"asha\nbo\0ris", "line 2"),
        (b'asha,"left open\nboris,x\n', "quotation mark"),
    ],
    ids=[
        *("empty", "blank", "big", "long", "wide", "deep", "utf-16", "utf-32", "xlsx", "xls"),
        *("picture", "nul", "open"),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(content: bytes, said: str) -> None:
    """predecessors 1.1: /award_from_csv always answers 500 (it splits bytes)."""
    with pytest.raises(InvalidInputError, match=said):
        sheets.read(content)


def test_a_head_says_what_columns_hold() -> None:
    assert sheets.guess(["Date", "FAS", "Badge ID", "?"]) == {"date": 0, "user": 1, "badge": 2}
    assert sheets.guess(["asha", "first-steps"]) == {}
    assert sheets.guess(["user_name", "Badge_Name", "issued_at"]) == {
        "user": 0,
        "badge": 1,
        "date": 2,
    }


def test_a_comma_between_quotation_marks_is_a_part_of_the_text() -> None:
    (_, (_, (_, why))) = sheets.read(b'user, why\nasha, "for this, and that"\n').rows
    assert why == "for this, and that"


def test_names_are_pasted_with_anything_between() -> None:
    assert sheets.names(" asha\u200b, @boris;karl\n\nines\tx@y.z @ ") == [
        "asha",
        "boris",
        "karl",
        "ines",
        "x@y.z",
    ]
    for text in ("a " * (sheets.MAX_ROWS + 1), "a" * 301, "as\u202eha"):
        with pytest.raises(InvalidInputError, match="list"):
            sheets.names(text)
