# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists as people hand them in: pasted names, and tables in files of any program."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from issuer.errors import InvalidInputError
from issuer.services.badges import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_BYTES = 2 << 20
MAX_ROWS = 10_000
MAX_COLUMNS = 30
MAX_CELL = 10_000
MAX_NAME = 300

#: What a column may hold, and how people head it, without case; an underscore is a space.
HEADS: Mapping[str, frozenset[str]] = {
    "user": frozenset(
        {"user", "username", "user name", "name", "nick", "nickname", "account", "fas", "person"}
        | {"recipient", "email", "e-mail", "email address"}
    ),
    "badge": frozenset({"badge", "badge id", "badge name", "slug", "badge slug"}),
    "evidence": frozenset({"evidence", "link", "links", "url", "evidence url"}),
    "narrative": frozenset({"narrative", "why", "reason", "comment", "note", "text"}),
    "date": frozenset(
        {"date", "issued", "issued on", "issued at", "awarded", "awarded on", "awarded at"}
        | {"day", "when"}
    ),
}
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
_BETWEEN = re.compile(r"[\s,;]+")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
#: How the files of office programs begin: a ZIP, or a document of the old ones.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: By such a line Excel is told what stands between the cells.
_SAID = re.compile(r'"?sep=([,;\t])"?\r?\n', re.IGNORECASE)
#: What is copied along with a name and has no width.
_NARROW = "\u200b\u2060\ufeff"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file with the numbers of their lines, and how it was read."""

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str
    separator: str  # a name of `SEPARATORS`
    text: str

    @property
    def width(self) -> int:
        """How many columns the widest row has."""
        return max(len(cells) for _, cells in self.rows)


def names(text: str) -> list[str]:
    """Return the names of a pasted list: one a line, or with commas, semicolons, spaces between.

    Raises `InvalidInputError` for too many, or what cannot be seen.
    """
    _check(text)
    found = [name for part in _BETWEEN.split(text) if (name := part.strip(_NARROW).lstrip("@"))]
    if len(found) > MAX_ROWS:
        raise InvalidInputError(
            "list: has %(number)s names: %(limit)s at once are enough",
            number=len(found),
            limit=MAX_ROWS,
        )
    if longest := next((name for name in found if len(name) > MAX_NAME), ""):
        raise InvalidInputError("list: %(name)r… is too long for a name", name=longest[:40])
    return found


def read(content: bytes) -> Sheet:
    """Read a table from a file; raise `InvalidInputError` for what is none, or too large."""
    if len(content) > MAX_BYTES:
        raise InvalidInputError("file: larger than %(limit)s MB: split it", limit=MAX_BYTES >> 20)
    text, encoding = _decoded(content)
    return parse(text, encoding)


def parse(text: str, encoding: str = "utf-8") -> Sheet:
    """Read a table from a text; raises as `read`."""
    _check(text)
    said = _SAID.match(text)
    separator = said[1] if said else _separator(text)
    rows: list[tuple[int, tuple[str, ...]]] = []
    source = io.StringIO(text, newline="")
    source.seek(said.end() if said else 0)
    reader = csv.reader(source, delimiter=separator, strict=True, skipinitialspace=True)
    first = 2 if said else 1
    line = first
    try:
        for cells in reader:
            stripped = tuple(cell.strip().strip(_NARROW) for cell in cells)
            if any(stripped):
                rows.append((line, stripped))
            line = reader.line_num + first
            _check_row(rows, line)
    except csv.Error as error:
        raise InvalidInputError(
            "file: line %(line)s: cannot be read: %(reason)s: is a quotation mark left open?",
            line=line,
            reason=error,
        ) from error
    if not rows:
        raise InvalidInputError("file: holds no row")
    return Sheet(tuple(rows), encoding, SEPARATORS[separator], text)


def guess(cells: Sequence[str]) -> dict[str, int]:
    """Return which column holds what, as far as a head says it; empty where it is no head."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        for kind, heads in HEADS.items():
            if cell.lower().replace("_", " ").strip() in heads:
                found.setdefault(kind, place)
    return found if "user" in found else {}


def _check_row(rows: Sequence[tuple[int, tuple[str, ...]]], line: int) -> None:
    if len(rows) > MAX_ROWS + 1:  # and a head
        raise InvalidInputError("file: has more than %(limit)s rows: split it", limit=MAX_ROWS)
    if not rows:
        return
    if len(rows[-1][1]) > MAX_COLUMNS:
        raise InvalidInputError(
            "file: line %(line)s: has more than %(limit)s columns", line=line - 1, limit=MAX_COLUMNS
        )
    if any(len(cell) > MAX_CELL for cell in rows[-1][1]):
        raise InvalidInputError(
            "file: line %(line)s: a cell has more than %(limit)s characters",
            line=line - 1,
            limit=MAX_CELL,
        )


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a file, and in which letters Excel, LibreOffice or an editor wrote it."""
    if content.startswith(_WORKBOOKS):
        raise InvalidInputError("file: is a workbook: save its sheet as CSV in UTF-8")
    if content.startswith(_WIDE):
        try:
            return content.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise InvalidInputError("file: is in UTF-16: save it as CSV in UTF-8") from error
    try:
        if content.startswith(b"\xef\xbb\xbf"):
            return content.decode("utf-8-sig"), "utf-8 with BOM"
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    try:
        windows = content.decode("cp1252")  # latin-1, with quotation marks and more for C1 controls
    except UnicodeDecodeError:
        return text, "latin-1"
    return windows, "latin-1" if windows == text else "windows-1252"


def _check(text: str) -> None:
    if unseen := UNSEEN.search(text):
        line = text.count("\n", 0, unseen.start()) + 1
        raise InvalidInputError(
            "list: line %(line)s: holds %(letter)a, which cannot be seen: is it a text?",
            line=line,
            letter=unseen[0],
        )


def _separator(text: str) -> str:
    """Return what stands between the cells of most of the first rows, outside of quotation marks.

    Of two that do, the one that is rarer in sentences.
    """
    head = re.sub(r'"[^"]*"', "", "\n".join(text.splitlines()[:20])).splitlines()
    rows = {mark: sum(mark in line for line in head) for mark in reversed(SEPARATORS)}
    return max(rows, key=rows.__getitem__) if any(rows.values()) else ","
