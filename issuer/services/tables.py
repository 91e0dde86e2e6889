# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables sorted by any column and paged by key: no page of one costs more than another."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_

from issuer.errors import InvalidInputError
from issuer.services.cards import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

PAGE = 50
MAX_CURSOR = 2000
#: How a moment is told from a text in a cursor.
MOMENT = "t"


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column a table is sorted, and in which direction."""

    column: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column

    @property
    def turned(self) -> Sort:
        """The same column the other way round."""
        return Sort(self.column, not self.descending)

    @classmethod
    def of(cls, text: str, columns: Mapping[str, object], usual: str) -> Sort:
        """Read ``name`` or ``-name``; what is no column is the usual one."""
        name = text.removeprefix("-")
        text = text if name in columns else usual
        return cls(text.removeprefix("-"), text.startswith("-"))


def page(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    columns: Mapping[str, ColumnElement[Any]],
    *,
    sort: Sort,
    key: ColumnElement[Any] | InstrumentedAttribute[Any],
    after: str = "",
    limit: int = PAGE,
) -> Listing[Row[Any]]:
    """Return the rows after the cursor, and the cursor of the next ones.

    ``columns`` are expressions that are never NULL; ``key`` makes the order one that no two rows
    share. Raises `InvalidInputError` for what is no cursor.
    """
    by = columns[sort.column]
    statement = statement.add_columns(by.label("_by"), key.label("_key"))
    if after:
        value, last = _place(after)
        beyond = (by < value, key < last) if sort.descending else (by > value, key > last)
        statement = statement.where(or_(beyond[0], and_(by == value, beyond[1])))
    order = (by.desc(), key.desc()) if sort.descending else (by, key)
    rows = session.execute(statement.order_by(*order).limit(limit + 1)).all()
    more = len(rows) > limit
    return Listing(tuple(rows[:limit]), _cursor(rows[limit - 1]) if more else "")


def _cursor(row: Row[Any]) -> str:
    value, key = tuple[Any, ...](row)[-2:]
    value = {MOMENT: value.isoformat()} if isinstance(value, datetime) else value
    text = json.dumps([value, key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[Any, Any]:
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        value, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if isinstance(value, dict):
            value = datetime.fromisoformat(value[MOMENT])
        if not isinstance(value, str | int | bool | datetime) or not isinstance(key, str | int):
            raise TypeError("not of a column")
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInputError(
            "place %(place)r: not one that a list names: start anew", place=cursor[:40]
        ) from error
    return value, key
