# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards of an invented community, with assertions as issuing makes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import Table, update

from issuer.models import Assertion, Award
from issuer.services import documents, gifts
from issuer.services.filling import inventions
from issuer.services.filling.bulk import CHUNK, BulkTable, moment
from issuer.services.filling.sizes import YEARS
from openbadges.models import IdentityObject
from openbadges.times import format_time

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.filling.sizes import Made, Size, Stage

REVOKED_PART = 0.002
REASON = "Counted twice."
BUS = "https://apps.example.org/messages/"
AWARD_COLUMNS = (
    "id",
    "uuid",
    "badge_id",
    "person_id",
    "occurrence",
    "issued_at",
    "evidence",
    "narrative",
    "source",
    "cause_id",
    "cause_url",
    "created_at",
)
ASSERTION_COLUMNS = (
    "id",
    "uuid",
    "award_id",
    "is_default",
    "identity_type",
    "salt",
    "identity_hash",
    "subject_uuid",
    "edition_id",
    "key_id",
    "document_id",
    "document",
    "created_at",
)


def make_awards(
    session: Session,
    made: Made,
    size: Size,
    rng: random.Random,
    email_domain: str,
    now: datetime,
    stage: Stage,
) -> None:
    """Write the awards that were decided, in the order of time."""
    tables = [
        BulkTable(session, cast("Table", Award.__table__), AWARD_COLUMNS),
        BulkTable(session, cast("Table", Assertion.__table__), ASSERTION_COLUMNS),
    ]
    ages = [person.age for person in made.people]
    decided = iter(inventions.awards(ages, made.ladders, size.awards, rng))
    forms = _forms(session, made.badges, now)
    writer = _Writer(made, forms, rng, email_domain, now, [table.next_id() for table in tables])
    writer.on_postgres = tables[0].on_postgres
    step = stage("Awards", -(-size.awards // CHUNK))
    while some := list(islice(decided, CHUNK)):
        rows = [writer.rows(award) for award in some]
        for table, part in zip(tables, zip(*rows, strict=True), strict=True):
            table.write(part)
        step()
    for table in tables:
        table.close()
    if writer.revoked:
        session.execute(
            update(Award),
            [{"id": row, "revoked_at": now, "revocation_reason": REASON} for row in writer.revoked],
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """The document of a badge's assertions with gaps, and what belongs to it."""

    edition_id: int
    key_id: int
    address: str  # of an assertion, but for its id
    pieces: tuple[str, ...]
    gaps: tuple[int, ...]  # which value stands in each gap

    def filled(self, values: Sequence[str]) -> str:
        """Return a document."""
        found = [self.pieces[0]]
        for gap, piece in zip(self.gaps, self.pieces[1:], strict=True):
            found += (values[gap], piece)
        return "".join(found)


def _forms(session: Session, rows: Sequence[int], now: datetime) -> list[_Form]:
    """Issue one document for each badge, and leave out what differs from award to award."""
    uuid, day = UUID(int=0), now.replace(year=1999, microsecond=0)
    marks = (str(uuid), "sha256$" + "1" * 64, "2" * 32, format_time(day))
    found = {}
    for start in range(0, len(rows), 500):
        found.update(gifts.find_badges(session, rows[start : start + 500]))
    forms = []
    for row in rows:
        badge = found[row]
        document = documents.issued(
            badge.base_url,
            badge.edition_document_id,
            uuid,
            IdentityObject(type="email", identity=marks[1], hashed=True, salt=marks[2]),
            issued_at=day,
            expires_at=None,
            evidence=(),
            narrative="",
        )
        pieces, gaps = _split(document.text, marks)
        address = document.id.removesuffix(str(uuid))
        forms.append(_Form(badge.edition_id, badge.key_id, address, pieces, gaps))
    return forms


def _split(document: str, marks: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    places = sorted(
        (place, number) for number, mark in enumerate(marks) for place in _places(document, mark)
    )
    pieces, end = [], 0
    for place, number in places:
        pieces.append(document[end:place])
        end = place + len(marks[number])
    return (*pieces, document[end:]), tuple(number for _, number in places)


def _places(document: str, mark: str) -> Iterator[int]:
    place = document.find(mark)
    while place >= 0:
        yield place
        place = document.find(mark, place + 1)


class _Writer:
    """Makes the rows of awards and of their assertions."""

    def __init__(
        self,
        made: Made,
        forms: Sequence[_Form],
        rng: random.Random,
        email_domain: str,
        now: datetime,
        first: Sequence[int],
    ) -> None:
        self._made, self._forms, self._rng, self._now = made, forms, rng, now
        self._addresses = [f"{person.username}@{email_domain}".lower() for person in made.people]
        self._next_award, self._next_assertion = first
        self.on_postgres = True
        self.revoked: list[int] = []

    def rows(self, award: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return the two rows of one award."""
        part, person, place = inventions.parts(award)
        rng, form = self._rng, self._forms[place]
        issued_at = (self._now - timedelta(days=365.25 * YEARS * (1 - part))).replace(microsecond=0)
        at = moment(issued_at, on_postgres=self.on_postgres)
        own, uuid, subject, message = (_uuid(rng) for _ in range(4))
        salt = f"{rng.getrandbits(128):032x}"
        digest = hashlib.sha256((self._addresses[person] + salt).encode()).hexdigest()
        identity = f"sha256${digest}"
        document = form.filled((uuid, identity, salt, format_time(issued_at)))
        row, assertion = self._next_award, self._next_assertion
        self._next_award, self._next_assertion = row + 1, assertion + 1
        if rng.random() < REVOKED_PART:
            self.revoked.append(row)
        first = (
            row,
            own,
            self._made.badges[place],
            self._made.first_person + person,
            "",
            at,
            "[]",
            "",
            "rule",
            message,
            BUS + message,
            at,
        )
        second = (
            assertion,
            uuid,
            row,
            True,
            "email",
            salt,
            identity,
            subject,
            form.edition_id,
            form.key_id,
            form.address + uuid,
            document,
            at,
        )
        return first, second


def _uuid(rng: random.Random) -> str:
    """Return a random UUID of version 4, as text."""
    digits = f"{rng.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
