# SPDX-License-Identifier: AGPL-3.0-or-later
"""What pages are made of: plain values, read whole before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from issuer.models import (
        Assertion,
        Award,
        Badge,
        BadgeEdition,
        Issuer,
        IssuerEpoch,
        SigningKey,
    )
    from issuer.services.documents import Told

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A part of a list, and where the next part begins; empty when there is none."""

    items: tuple[T, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class BadgeCard:
    """A badge in a list."""

    slug: str
    name: str
    description: str
    holders: int = 0
    version: int = 1
    svg_id: int | None = None  # there is a drawing


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person in a list."""

    username: str
    display_name: str
    has_portrait: bool = False

    @property
    def name(self) -> str:
        """How the person is called."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True)
class AwardCard:
    """An award in a list; ``uuid`` is that of its public assertion."""

    uuid: UUID
    issued_at: datetime
    badge: BadgeCard
    person: PersonCard
    why: str = ""  # where one reads of the contribution
    revoked_at: datetime | None = None
    reason: str = ""  # why it was revoked

    @property
    def changed_at(self) -> datetime:
        """When the last happened to it that is told."""
        return self.revoked_at or self.issued_at


@dataclass(frozen=True, slots=True)
class Step:
    """A badge of a series, and its place in it."""

    position: int
    badge: BadgeCard
    held: bool = False  # by whoever looks


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """A series with its steps."""

    slug: str
    name: str
    description: str
    steps: list[Step]

    @property
    def held(self) -> int:
        """How many of the steps whoever looks has."""
        return sum(step.held for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionPage:
    """An award as its holder shows it; ``person`` is missing when they may not be named."""

    assertion: Assertion
    award: Award
    badge: Badge
    issuer: Issuer
    edition: BadgeEdition  # under which it was issued
    profile: IssuerEpoch  # the issuer as it was then
    picture: str  # of that edition, by its SHA-256
    told: Told  # by what was issued
    person: PersonCard | None
    awarded_by: PersonCard | None = None  # who gave it by hand, unless they are hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerPage:
    """An issuer, its keys, and its newest badges."""

    issuer: Issuer
    badges: tuple[BadgeCard, ...]
    keys: tuple[SigningKey, ...]


@dataclass(frozen=True, slots=True)
class TagCard:
    """A tag, and how many badges have it."""

    name: str
    badges: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """How large the site is."""

    awards: int
    people: int
    lately: int  # awards of this month
