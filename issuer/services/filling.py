# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fills an empty site with a believable community of any size: rows as services leave them.

Documents are those that issuing makes, byte for byte, so that every badge verifies.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import exists, insert, select, text, update

from issuer.adapters.pictures import draw, read_picture
from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Assertion, Award, Person, Team, TeamMember
from issuer.paths import bundled_rules
from issuer.services import badges, documents, gifts, inventions, recounting
from issuer.services.badges import Facts
from issuer.services.bulk import CHUNK, BulkTable, moment
from issuer.services.inventions import MAX_BADGES, MAX_PEOPLE
from openbadges.models import IdentityObject
from openbadges.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.models import Issuer

    #: Says what is done now and in how many steps; gives what is called once a step.
    Stage = Callable[[str, int], Callable[[], object]]

YEARS = 6
TEAMS = ("Quality", "Websites", "Design", "Docs", "Cloud", "Kernel", "Localisation", "Join")
TEAM_PART = 0.02  # of all people, in each team
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the community is."""

    people: int
    badges: int
    awards: int
    seed: int = 1

    def check(self) -> None:
        """Raise `InvalidInputError` for a community that cannot be."""
        if not (0 < self.people <= MAX_PEOPLE and 0 < self.badges <= MAX_BADGES):
            raise InvalidInputError(
                f"fill: 1 to {MAX_PEOPLE} people and 1 to {MAX_BADGES} badges can be made"
            )
        most = self.people * max(1, int(self.badges * inventions.MAX_SHARE))
        if not 0 <= self.awards <= most:
            raise InvalidInputError(
                f"fill: {self.people} people cannot have {self.awards} awards of {self.badges} "
                f"badges: {most} at most"
            )


@dataclass(frozen=True, slots=True)
class _Made:
    """What awards are made of."""

    first_person: int
    people: list[inventions.InventedPerson]
    badges: list[int]  # rows
    ladders: list[list[int]]  # places in `badges`


def fill(
    session: Session,
    issuer: Issuer,
    objects: ObjectFolder,
    size: Size,
    *,
    email_domain: str,
    now: datetime,
    stage: Stage,
) -> None:
    """Fill a site that has no awards yet.

    Raises `ConflictError` where there are awards, and `InvalidInputError` for an impossible size.
    """
    size.check()
    if session.scalar(select(exists().where(Award.id > 0))):
        raise ConflictError("fill: the site holds awards already: give it an empty database")
    rng = random.Random(size.seed)  # noqa: S311 (a community, not a secret)
    rows, ladders = _badges(session, issuer, objects, size, now, stage)
    first, people = _people(session, size, rng, now, stage)
    made = _Made(first, people, rows, ladders)
    _teams(session, made, rng, now)
    _awards(session, made, size, rng, email_domain, now, stage)
    recounting.recount(session, stage("Totals", recounting.STEPS))
    session.execute(text("ANALYZE"))


def _badges(
    session: Session,
    issuer: Issuer,
    objects: ObjectFolder,
    size: Size,
    now: datetime,
    stage: Stage,
) -> tuple[list[int], list[list[int]]]:
    """Make badges with the drawings of the bundled collection; return rows, and the ladders."""
    step = stage("Badges", size.badges)
    drawings = sorted((bundled_rules().parent / "artwork").glob("*.svg"))
    pictures: dict[int, tuple[int, int]] = {}
    rows: list[int] = []
    ladders: dict[str, list[int]] = {}
    for place, invented in enumerate(inventions.badges(size.badges)):
        series = invented.series
        facts = Facts(
            name=invented.name,
            slug=invented.slug,
            legacy_id=invented.slug,
            description=invented.description,
            tags=(invented.tag,),
            points=invented.points,
            series=series,
        )
        made_at = now - timedelta(days=365.25 * YEARS * (1 - place / size.badges))
        badge, _ = badges.put(session, issuer, facts, None, objects, now=made_at)
        number = place % len(drawings)
        if number not in pictures:
            drawing = read_picture(drawings[number].read_bytes(), drawings[number].name)
            pictures[number] = (
                badges.keep_image(session, draw(drawing), objects, now=now).id,
                badges.keep_image(session, drawing, objects, now=now).id,
            )
        badge.png_id, badge.svg_id = pictures[number]
        badges.put(session, issuer, facts, None, objects, now=made_at)  # now with its edition
        rows.append(badge.id)
        ladders.setdefault(series[0] if series else invented.slug, []).append(place)
        step()
    session.flush()
    session.expunge_all()
    return rows, list(ladders.values())


def _people(
    session: Session, size: Size, rng: random.Random, now: datetime, stage: Stage
) -> tuple[int, list[inventions.InventedPerson]]:
    """Make people; return the first row, and who they are."""
    table: Table = Person.__table__  # type: ignore[assignment]  # a table, as everywhere here
    first = BulkTable(session, table, ["id"]).next_id()
    people = list(inventions.people(size.people, rng))
    step = stage("People", -(-size.people // CHUNK))
    numbered = enumerate(people, first)
    while some := list(islice(numbered, CHUNK)):
        session.execute(
            insert(Person),
            [
                {
                    "id": row,
                    "username": person.username,
                    "key": person.username,
                    "display_name": person.display_name,
                    "opted_out": person.opted_out,
                    "created_at": now - timedelta(days=365.25 * YEARS * person.age),
                }
                for row, person in some
            ],
        )
        step()
    BulkTable(session, table, ["id"]).close()
    return first, people


def _teams(session: Session, made: _Made, rng: random.Random, now: datetime) -> None:
    number = max(1, int(len(made.people) * TEAM_PART))
    for name in TEAMS:
        team = Team(slug=name.lower(), name=name, created_at=now)
        session.add(team)
        session.flush()
        members = rng.sample(range(len(made.people)), number)
        session.execute(
            insert(TeamMember),
            [
                {"team_id": team.id, "person_id": made.first_person + place, "joined_at": now}
                for place in members
            ],
        )


def _awards(
    session: Session,
    made: _Made,
    size: Size,
    rng: random.Random,
    email_domain: str,
    now: datetime,
    stage: Stage,
) -> None:
    tables = [
        BulkTable(session, Award.__table__, AWARD_COLUMNS),  # type: ignore[arg-type]  # as above
        BulkTable(session, Assertion.__table__, ASSERTION_COLUMNS),  # type: ignore[arg-type]  # as above
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
        made: _Made,
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
