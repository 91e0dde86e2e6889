# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages show, in few statements; whoever opted out or was erased is in none of it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager

from issuer.errors import NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    BadgeTotal,
    Image,
    Issuer,
    KeyState,
    Milestone,
    Period,
    Person,
    RankHistogram,
    Series,
    SigningKey,
    Tag,
    badge_tags,
)
from issuer.services.cards import (
    AssertionPage,
    AwardCard,
    BadgeCard,
    BadgePage,
    IssuerPage,
    Listing,
    Numbers,
    PersonCard,
    Shelf,
    Step,
    TagCard,
)
from issuer.services.listing import award_cards, badge_cards, page_of_awards, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from sqlalchemy import ScalarSelect
    from sqlalchemy.orm import Session

MAX_QUERY = 100
SHELVES = 8
SHELF_LENGTH = 6


def latest_awards(session: Session, limit: int) -> tuple[AwardCard, ...]:
    """Return the newest awards of all."""
    return page_of_awards(session, award_cards(), "", limit).items


def newest_badges(
    session: Session, limit: int, issuer_id: int | None = None
) -> tuple[BadgeCard, ...]:
    """Return the newest badges that can still be earned, of one issuer or of all."""
    statement = badge_cards().order_by(Badge.created_at.desc(), Badge.id.desc()).limit(limit)
    if issuer_id is not None:
        statement = statement.where(Badge.issuer_id == issuer_id)
    return tuple(BadgeCard(*row) for row in session.execute(statement))


def badges_made(
    session: Session, first: date, last: date, limit: int = 12
) -> tuple[BadgeCard, ...]:
    """Return the newest badges that were made from the first day to the last."""
    begin = datetime.combine(first, time.min, tzinfo=UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, tzinfo=UTC)
    statement = badge_cards().where(Badge.created_at >= begin, Badge.created_at < end)
    newest = statement.order_by(Badge.created_at.desc(), Badge.id.desc()).limit(limit)
    return tuple(BadgeCard(*row) for row in session.execute(newest))


def popular_badges(session: Session, limit: int) -> tuple[BadgeCard, ...]:
    """Return the badges that most people hold."""
    holders = func.coalesce(BadgeTotal.holders, 0)
    statement = badge_cards().order_by(holders.desc(), Badge.slug).limit(limit)
    return tuple(BadgeCard(*row) for row in session.execute(statement))


def site_numbers(session: Session) -> Numbers:
    """Return how many badges, awards and holders there are, from the totals that are kept."""
    row = session.execute(
        select(
            select(func.count(Badge.id)).where(Badge.retired_at.is_(None)).scalar_subquery(),
            select(func.coalesce(func.sum(BadgeTotal.awards), 0)).scalar_subquery(),
            _people(),
        )
    ).one()
    return Numbers(*(int(number) for number in row))


def badge_page(session: Session, slug: str, *, after: str = "", limit: int = 30) -> BadgePage:
    """Return the badge with its holders after the cursor; raise `NotFoundError`."""
    row = session.execute(
        select(Badge, func.coalesce(BadgeTotal.holders, 0), _people())
        .join(Badge.issuer)
        .options(contains_eager(Badge.issuer))
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Badge.slug == plain(slug))
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"badge {slug!r}: there is none")
    badge = row[0]
    tags = select(Tag.name).join(badge_tags).where(badge_tags.c.badge_id == badge.id)
    series, steps = _series(session, badge.id)
    return BadgePage(
        badge=badge,
        holders=row[1],
        people=row[2],
        tags=tuple(session.scalars(tags.order_by(Tag.name))),
        series=series,
        steps=steps,
        awards=page_of_awards(
            session, award_cards().where(Award.badge_id == badge.id), after, limit
        ),
    )


def assertion_page(session: Session, uuid: UUID) -> AssertionPage:
    """Return what a share page shows; raise `NotFoundError`."""
    row = session.execute(
        select(Assertion, Award, Badge, Issuer, Person, BadgeEdition, Image.sha256)
        .join(Award, Assertion.award_id == Award.id)
        .join(BadgeEdition, Assertion.edition_id == BadgeEdition.id)
        .join(Image, BadgeEdition.png_id == Image.id)
        .join(Badge, Award.badge_id == Badge.id)
        .join(Issuer, Badge.issuer_id == Issuer.id)
        .join(Person, Award.person_id == Person.id)
        .where(Assertion.uuid == uuid)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"assertion {uuid}: there is none")
    assertion, award, badge, issuer, person, edition, picture = row
    hidden = person.opted_out or person.erased_at is not None
    return AssertionPage(
        assertion=assertion,
        award=award,
        badge=badge,
        issuer=issuer,
        edition=edition,
        picture=picture,
        person=None if hidden else PersonCard(person.username, person.display_name),
        has_portrait=not hidden and person.avatar_hash is not None,
    )


def issuer_page(session: Session, slug: str, *, limit: int = 12) -> IssuerPage:
    """Return an issuer with its newest badges and its keys; raise `NotFoundError`."""
    issuer = session.scalars(select(Issuer).filter_by(slug=plain(slug))).one_or_none()
    if issuer is None:
        raise NotFoundError(f"issuer {slug!r}: there is none")
    keys = (
        select(SigningKey)
        .filter_by(issuer_id=issuer.id)
        .order_by(SigningKey.state != KeyState.ACTIVE, SigningKey.id.desc())
        .limit(limit)
    )
    return IssuerPage(
        issuer=issuer,
        badges=newest_badges(session, limit, issuer.id),
        keys=tuple(session.scalars(keys)),
    )


def badges_list(
    session: Session, *, query: str = "", tag: str = "", after: str = "", limit: int = 48
) -> Listing[BadgeCard]:
    """Return badges by slug, so that the steps of a series stand together.

    ``query`` is looked for in names and descriptions, without regard to case.
    """
    statement = badge_cards().order_by(Badge.slug).limit(limit + 1)
    words = plain(query)[:MAX_QUERY].split()
    for word in words:
        statement = statement.where(
            or_(
                Badge.name.icontains(word, autoescape=True),
                Badge.description.icontains(word, autoescape=True),
            )
        )
    if tag:
        tagged = select(badge_tags.c.badge_id).join(Tag).where(Tag.name == plain(tag))
        statement = statement.where(Badge.id.in_(tagged))
    if after:
        statement = statement.where(Badge.slug > plain(after))
    cards = [BadgeCard(*row) for row in session.execute(statement)]
    more = len(cards) > limit
    return Listing(tuple(cards[:limit]), cards[limit - 1].slug if more else "")


def tags(session: Session) -> tuple[TagCard, ...]:
    """Return the tags of badges that can be earned, the most used first."""
    number = func.count(Badge.id)
    rows = session.execute(
        select(Tag.name, number)
        .join(badge_tags, badge_tags.c.tag_id == Tag.id)
        .join(Badge, Badge.id == badge_tags.c.badge_id)
        .where(Badge.retired_at.is_(None))
        .group_by(Tag.name)
        .order_by(number.desc(), Tag.name)
    )
    return tuple(TagCard(name, badges) for name, badges in rows)


def shelves(session: Session, shown: Sequence[TagCard]) -> tuple[Shelf, ...]:
    """Return for each of the first tags the badges that most people hold."""
    shown = shown[:SHELVES]
    cards = badge_cards().add_columns(Tag.name.label("tag"))
    cards = cards.join(badge_tags, badge_tags.c.badge_id == Badge.id).join(Tag)
    holders = func.coalesce(BadgeTotal.holders, 0)
    place = func.row_number().over(partition_by=Tag.id, order_by=(holders.desc(), Badge.slug))
    ranked = cards.where(Tag.name.in_([tag.name for tag in shown]))
    found = ranked.add_columns(place.label("place")).subquery()
    rows = session.execute(
        select(found).where(found.c.place <= SHELF_LENGTH).order_by(found.c.place)
    ).all()
    return tuple(
        Shelf(tag, tuple(BadgeCard(*row[:6]) for row in rows if row.tag == tag.name))
        for tag in shown
    )


def _people() -> ScalarSelect[Any]:
    """Select how many people hold a badge; the histogram has a row a total, not a person."""
    return (
        select(func.coalesce(func.sum(RankHistogram.people), 0))
        .where(
            RankHistogram.measure == "badges",
            RankHistogram.period == Period.ALL,
            RankHistogram.total > 0,
        )
        .scalar_subquery()
    )


def _series(session: Session, badge_id: int) -> tuple[str, tuple[Step, ...]]:
    """Return the name and the steps of the series that a badge belongs to; empty for none."""
    own = select(Milestone.series_id).where(Milestone.badge_id == badge_id).scalar_subquery()
    rows = session.execute(
        badge_cards()
        .add_columns(Milestone.position, Series.name)
        .join(Milestone, Milestone.badge_id == Badge.id)
        .join(Series, Milestone.series_id == Series.id)
        .where(Series.id == own)
        .order_by(Milestone.position)
    ).all()
    steps = tuple(Step(row.position, BadgeCard(*row[:6])) for row in rows)
    return (rows[0][7] if rows else "", steps)
