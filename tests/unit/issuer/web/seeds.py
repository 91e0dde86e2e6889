# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small site for the tests of pages: rows as services leave them, without keys to make."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    BadgeTotal,
    Image,
    Issuer,
    IssuerEpoch,
    Milestone,
    Period,
    Person,
    RankHistogram,
    Series,
    SigningKey,
    Source,
    Tag,
    Total,
)
from issuer.services import schema
from openbadges.times import format_time
from tests import prepared

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.db import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAMES = UUID("6f0ffb2a-6b7a-4f3b-9c51-0f8b6b1b4c5d")
BASE_URL = "http://127.0.0.1:8000"


@dataclass
class Seeds:
    """Adds rows in few words; ids and moments follow from the order."""

    session: Session
    issuer: Issuer = field(init=False)
    edition_of: dict[int, BadgeEdition] = field(default_factory=dict)
    awards: int = 0

    def __post_init__(self) -> None:
        self.issuer = Issuer(
            slug="accolades",
            name="The Issuer",
            url="https://issuer.example.org/",
            email="badges@example.org",
            base_url=BASE_URL,
            sentinels=["urn:uuid:a", "urn:uuid:b"],
            created_at=NOW,
        )
        self.key = SigningKey(
            kid="key-1",
            issuer=self.issuer,
            algorithm="RS256",
            public_pem="PEM",
            document="{}",
            valid_from=NOW,
            created_at=NOW,
        )
        self.session.add(self.key)
        self.session.flush()
        self.epoch = IssuerEpoch(
            issuer=self.issuer,
            number=1,
            key=self.key,
            document_id=f"{BASE_URL}/issuers/accolades",
            document=json.dumps({"name": self.issuer.name}),
            created_at=NOW,
        )
        self.image = Image(sha256="0" * 64, media_type="image/png", size=1, created_at=NOW)
        self.session.add_all([self.epoch, self.image])
        self.session.flush()

    def badge(
        self, slug: str, name: str = "", *, tags: tuple[Tag, ...] = (), **values: object
    ) -> Badge:
        """Add a badge that can be issued."""
        badge = Badge(
            **{
                "slug": slug,
                "legacy_id": slug,
                "name": name or f"The {slug}",
                "description": f"Given for {slug}",
                "issuer": self.issuer,
                "tags": list(tags),
                "png_id": self.image.id,
                "created_at": NOW,
                "updated_at": NOW,
                **values,
            }
        )
        self.session.add(badge)
        self.session.flush()
        self.edition_of[badge.id] = BadgeEdition(
            badge=badge,
            number=1,
            epoch=self.epoch,
            png=self.image,
            document_id=f"{BASE_URL}/badges/{slug}",
            document=_said_of(badge),
            created_at=NOW,
        )
        self.session.add(self.edition_of[badge.id])
        return badge

    def person(self, username: str, **values: object) -> Person:
        """Add a person."""
        person = Person(**{"username": username, "created_at": NOW, **values})
        self.session.add(person)
        self.session.flush()
        return person

    def award(self, badge: Badge, person: Person, **values: object) -> UUID:
        """Add an award, an hour after the one before; return the id of its assertion."""
        self.awards += 1
        uuid = uuid5(NAMES, str(self.awards))
        award = Award(
            **{
                "badge": badge,
                "person": person,
                "issued_at": NOW + timedelta(hours=self.awards),
                "source": Source.RULE,
                "created_at": NOW,
                **values,
            }
        )
        self.session.add(award)
        self.session.flush()
        self.session.add(
            Assertion(
                uuid=uuid,
                award=award,
                salt="salt",
                identity_hash="sha256$00",
                edition=self.edition_of[badge.id],
                key=self.key,
                document_id=f"{BASE_URL}/assertions/{uuid}",
                document=_said_of_award(award),
                created_at=NOW,
            )
        )
        self.session.flush()
        return uuid

    def series(self, name: str, *badges: Badge) -> None:
        """Let badges follow each other."""
        series = Series(slug=name.lower(), name=name, created_at=NOW)
        for position, badge in enumerate(badges, 1):
            self.session.add(Milestone(series=series, badge=badge, position=position))
        self.session.flush()

    def totals(self, held: dict[Badge, int], people: int) -> None:
        """Keep how many hold each badge, and how many people hold any."""
        for badge, number in held.items():
            self.session.merge(BadgeTotal(badge_id=badge.id, holders=number, awards=number))
        first = date.min
        for total, number in ((0, 50), (1, people)):
            self.session.add(
                RankHistogram(
                    measure="badges", period=Period.ALL, starts_on=first, total=total, people=number
                )
            )
        self.session.flush()

    def total(self, person: Person, badges: int, points: int) -> None:
        """Keep how many badges and points a person has."""
        self.session.add(
            Total(
                person_id=person.id,
                period=Period.ALL,
                starts_on=date.min,
                badges=badges,
                points=points,
            )
        )
        self.session.flush()


def make_tables(database: Database) -> None:
    """Make all tables at once."""
    prepared.make(database, schema.upgrade)


def _said_of(badge: Badge) -> str:
    """Return of a BadgeClass what pages read."""
    criteria = {"narrative": badge.criteria_text or badge.description}
    about = {"name": badge.name, "description": badge.description, "criteria": criteria}
    return json.dumps(about)


def _said_of_award(award: Award) -> str:
    """Return of an Assertion what pages read."""
    moments = {"issuedOn": award.issued_at, "expires": award.expires_at}
    return json.dumps({name: format_time(each) for name, each in moments.items() if each})
