# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people decide about themselves: how they are shown, and whether at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.errors import GoneError, InvalidInputError, NotFoundError
from issuer.models import Award, Badge
from issuer.services import checking, emails, persons
from issuer.services.checking import MAX_NAME, UNSEEN
from issuer.services.findings import has_unseen, web_link
from issuer.words import Text, several

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

    from issuer.models import Person

MAX_BIO = 2000
MAX_WEBSITE = 300
MAX_PINNED = 6
MAX_HELD = 500
THEMES = ("", "light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a person wants to be shown, and to see the site."""

    display_name: str
    bio: str
    website: str
    locale: str
    theme: str


@dataclass(frozen=True, slots=True)
class Trophy:
    """A badge that a person holds; ``place`` is where it is pinned, 0 for nowhere."""

    id: int
    slug: str
    name: str
    version: int
    svg_id: int | None
    place: int = 0


def change_profile(
    session: Session, person: Person, profile: Profile, *, locales: Collection[str]
) -> None:
    """Change what a person says of themselves; raise `InvalidInputError` with every mistake."""
    name = checking.name_of(profile.display_name)
    bio = "\n".join(profile.bio.splitlines()).strip()
    website = profile.website.strip()
    mistakes = []
    if len(name) > MAX_NAME or has_unseen(name):
        mistakes.append(Text("name: at most %(limit)s characters that can be seen", limit=MAX_NAME))
    if len(bio) > MAX_BIO or UNSEEN.search(bio):
        mistakes.append(
            Text("about you: at most %(limit)s characters that can be seen", limit=MAX_BIO)
        )
    if website and (len(website) > MAX_WEBSITE or not web_link(website)):
        mistakes.append(Text("website: must be an address like https://example.org/"))
    if profile.theme not in THEMES or profile.locale not in {"", *locales}:
        mistakes.append(Text("theme, language: choose one of the list"))
    if mistakes:
        raise InvalidInputError(several(mistakes))
    person.display_name, person.bio, person.website = name, bio, website
    person.locale, person.theme = profile.locale or None, profile.theme or None
    session.flush()


def choose_portrait(session: Session, person: Person, number: int | None) -> str | None:
    """Show the Libravatar picture of a proven address, or none; return the hash of the address.

    Raises `NotFoundError` for an address of somebody else and `InvalidInputError` for one that is
    not proven: nobody borrows the face of another.
    """
    chosen = None
    if number is not None:
        identity = emails.find(session, person, number)
        if identity.verified_at is None:
            raise InvalidInputError("picture: the address is not proven yet")
        chosen = emails.portrait_hash(identity.address)
    person.avatar_hash = chosen
    session.flush()
    return chosen


def portrait_of(session: Session, username: str) -> str:
    """Return the hash under which the picture of somebody is kept; empty where they show none.

    Raises `NotFoundError` and `GoneError` as for the page of the person.
    """
    person = persons.find(session, username)
    if person.erased_at is not None:
        raise GoneError("person %(person)r: was removed", person=username)
    if person.opted_out:
        raise NotFoundError("person %(person)r: not known here", person=username)
    return person.avatar_hash or ""


def trophies(session: Session, person: Person) -> tuple[Trophy, ...]:
    """Return the badges that a person holds: the pinned ones in their order, then the newest."""
    newest = func.max(Award.issued_at)
    statement = (
        select(Badge.id, Badge.slug, Badge.name, Badge.version, Badge.svg_id)
        .join(Award, Award.badge_id == Badge.id)
        .where(Award.person_id == person.id, Award.revoked_at.is_(None))
        .group_by(Badge.id, Badge.slug, Badge.name, Badge.version, Badge.svg_id)
    )
    rows = session.execute(statement.order_by(newest.desc(), Badge.id).limit(MAX_HELD)).all()
    if missing := set(person.pinned) - {row.id for row in rows}:
        rows = [*session.execute(statement.where(Badge.id.in_(missing))).all(), *rows]
    held = {row.id: row for row in rows}
    pinned = [number for number in person.pinned if number in held]
    rest = [number for number in held if number not in pinned]
    return tuple(
        Trophy(*held[number], place=pinned.index(number) + 1 if number in pinned else 0)
        for number in (*pinned, *rest)
    )


def pin(session: Session, person: Person, places: Mapping[str, int]) -> None:
    """Pin held badges, named by slug, in the order of their places (0: not pinned).

    Raises `InvalidInputError` for badges that the person does not hold, and for too many.
    """
    held = {trophy.slug: trophy.id for trophy in trophies(session, person)}
    wanted = sorted((place, slug) for slug, place in places.items() if place > 0)
    if unknown := [slug for _, slug in wanted if slug not in held]:
        raise InvalidInputError("badge %(badge)r: is none of yours", badge=unknown[0][:80])
    if len(wanted) > MAX_PINNED:
        raise InvalidInputError("badges: at most %(limit)s can be pinned", limit=MAX_PINNED)
    person.pinned = [held[slug] for _, slug in wanted]
    session.flush()
