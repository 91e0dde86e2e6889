# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.adapters.pictures import read_picture
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Badge, BadgeEdition, Image, Milestone
from issuer.services import badges, issuers
from tests.issuing import BASE_URL, BLUE, NOW, RED, facts, give, make_badge, make_issuer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

LATER = NOW + timedelta(days=1)


def put(session: Session, site: Site, picture: bytes | None = RED, **changes: Any) -> bool:
    """Bring the badge up to date and tell whether anything changed."""
    issuer = make_issuer(session, site)
    drawing = read_picture(picture, "x") if picture else None
    return badges.put(session, issuer, facts(**changes), drawing, site.objects, now=LATER)[1]


def editions(session: Session) -> list[BadgeEdition]:
    return list(session.scalars(select(BadgeEdition).order_by(BadgeEdition.number)))


def test_a_badge_is_found_by_its_slug_and_by_its_old_id(session: Session, site: Site) -> None:
    badge = make_badge(session, site, legacy_id="first,-steps")
    assert badges.find(session, "first-steps") is badge
    assert badges.find(session, "first,-steps") is badge
    with pytest.raises(NotFoundError, match="'none'"):
        badges.find(session, "none")


def test_the_same_facts_change_nothing(session: Session, site: Site) -> None:
    badge = make_badge(session, site, tags=("b", "a", "a"), series=("row", "Row", 1))
    assert not put(session, site, tags=("a", "b"), series=("row", "Row", 1))
    assert badge.updated_at == NOW
    assert len(editions(session)) == 1


@pytest.mark.parametrize(
    "change",
    [{"name": "First Steps", "description": "Other."}, {"points": 5}, {"tags": ("new",)}],
    ids=str,
)
def test_a_change_is_seen(session: Session, site: Site, change: dict[str, Any]) -> None:
    badge = make_badge(session, site)
    assert put(session, site, **change)
    assert badge.updated_at == LATER


def test_a_badge_that_nobody_has_keeps_one_edition(session: Session, site: Site) -> None:
    make_badge(session, site)
    put(session, site, description="Other.")
    (edition,) = editions(session)
    assert edition.document_id == f"{BASE_URL}/badges/first-steps"
    assert json.loads(edition.document)["description"] == "Other."


def test_what_somebody_has_stays_and_a_new_edition_is_made(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    give(session, badge, "asha")
    before = editions(session)[0].document
    put(session, site, BLUE, description="Other.")
    first, second = editions(session)
    assert first.document == before
    assert (first.png_id, first.svg_id) != (second.png_id, second.svg_id)
    document = json.loads(second.document)
    assert document["id"] == f"{BASE_URL}/badges/first-steps/editions/2"
    assert document["version"] == "2"
    assert badges.current_edition(session, badge) is second
    assert badge.version == 2


def test_a_new_picture_alone_is_a_new_edition(session: Session, site: Site) -> None:
    give(session, make_badge(session, site), "asha")
    put(session, site, BLUE)
    assert len(editions(session)) == 2


def test_points_are_not_in_the_document_and_make_no_edition(session: Session, site: Site) -> None:
    give(session, make_badge(session, site), "asha")
    assert put(session, site, points=5)
    assert len(editions(session)) == 1


def test_a_new_key_makes_a_new_edition_at_the_next_change(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    give(session, badge, "asha")
    issuers.add_epoch(session, badge.issuer, site.keys, now=LATER)
    assert put(session, site)
    assert json.loads(editions(session)[1].document)["issuer"].endswith("/epochs/2")


def test_an_award_names_the_edition_it_was_issued_under(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    first = give(session, badge, "asha").award.assertions[0]
    put(session, site, description="Other.")
    second = give(session, badge, "boris").award.assertions[0]
    assert json.loads(first.document)["badge"] == f"{BASE_URL}/badges/first-steps"
    assert json.loads(second.document)["badge"] == f"{BASE_URL}/badges/first-steps/editions/2"


def test_a_badge_without_a_picture_cannot_be_awarded(session: Session, site: Site) -> None:
    put(session, site, None)
    badge = badges.find(session, "first-steps")
    with pytest.raises(InvalidInputError, match="has no picture yet"):
        badges.current_edition(session, badge)


def test_the_same_picture_is_kept_once(session: Session, site: Site) -> None:
    make_badge(session, site)
    make_badge(session, site, "Second")
    assert session.scalar(select(func.count()).select_from(Image)) == 2  # the drawing, the PNG


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x" * 201},
        {"description": ""},
        {"description": " \n"},
        {"description": "x" * 10_001},
        {"criteria_text": "x" * 10_001},
        {"slug": ""},
        {"slug": "A"},
        {"slug": "a_b"},
        {"slug": "-a"},
        {"slug": "a--b"},
        {"slug": "a\n"},
        {"slug": "../a"},
    ],
    ids=lambda change: repr(change)[:40],
)
def test_facts_that_are_no_badge_are_refused(
    session: Session, site: Site, change: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError, match="badge"):
        put(session, site, **change)
    assert session.scalar(select(func.count()).select_from(Badge)) == 0


def test_a_slug_belongs_to_one_badge(session: Session, site: Site) -> None:
    make_badge(session, site)
    with pytest.raises(ConflictError, match="belongs to another"):
        put(session, site, legacy_id="another")


def test_a_level_belongs_to_one_badge(session: Session, site: Site) -> None:
    make_badge(session, site, series=("row", "Row", 1))
    with pytest.raises(ConflictError, match="level 1 of series 'row' belongs to 'first-steps'"):
        make_badge(session, site, "Second", series=("row", "Row", 1))


def test_a_badge_leaves_its_series(session: Session, site: Site) -> None:
    make_badge(session, site, series=("row", "Row", 1))
    assert put(session, site)
    assert session.scalar(select(func.count()).select_from(Milestone)) == 0


def test_a_retired_badge_stays_retired(session: Session, site: Site) -> None:
    make_badge(session, site).retired_at = NOW
    session.flush()
    put(session, site)
    assert badges.find(session, "first-steps").retired_at == NOW
