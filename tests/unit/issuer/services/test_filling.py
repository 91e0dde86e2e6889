# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Assertion, Award, Badge, BadgeTotal, Person, RankHistogram, Total
from issuer.services import documents, filling, recounting, schema
from issuer.services.filling import Size
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.models import IdentityObject
from openbadges.verification import verify
from tests.issuing import NOW, give, make_badge, make_issuer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

SIZE = Size(people=60, badges=12, awards=400, seed=7)  # each badge is drawn, large


def _fill(session: Session, site: Site, size: Size = SIZE) -> None:
    filling.fill(
        session,
        make_issuer(session, site),
        site.objects,
        size,
        email_domain="example.org",
        now=NOW,
        stage=lambda _title, _steps: lambda: None,
    )


def _rows(session: Session, model: Any, *columns: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in session.execute(select(*columns).select_from(model)))


@pytest.mark.slow
def test_a_filled_site_is_as_issuing_would_have_made_it(session: Session, site: Site) -> None:
    _fill(session, site)
    numbers = [
        session.scalar(select(func.count()).select_from(model)) for model in (Person, Badge, Award)
    ]
    assert numbers == [60, 12, 400]
    pairs = session.execute(select(Award.badge_id, Award.person_id)).all()
    assert len(set(pairs)) == 400
    moments = session.scalars(select(Award.issued_at).order_by(Award.id)).all()
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    # A document is the one that issuing makes, and it verifies.
    newest = select(Assertion).join(Award).where(Award.revoked_at.is_(None))
    assertion = session.scalars(newest.order_by(Assertion.id.desc()).limit(1)).one()
    award, edition = assertion.award, assertion.edition
    identity = IdentityObject(
        type="email", identity=assertion.identity_hash, hashed=True, salt=assertion.salt
    )
    made = documents.issued(
        site.settings.base_url,
        edition.document_id,
        assertion.uuid,
        identity,
        issued_at=award.issued_at,
        expires_at=None,
        evidence=(),
        narrative="",
    )
    assert (assertion.document_id, assertion.document) == (made.id, made.text)
    fetcher = OwnFetcher(
        lambda: nullcontext(session), site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    address = f"{award.person.username}@example.org"
    report = verify(made.id, fetcher=fetcher, now=NOW, recipients=[address])
    assert report.valid, report.sentence


def test_its_totals_are_those_of_its_awards(session: Session, site: Site) -> None:
    _fill(session, site)
    held = select(func.count()).select_from(Award).where(Award.revoked_at.is_(None))
    assert session.scalar(select(func.sum(BadgeTotal.awards))) == session.scalar(held)
    kept = _rows(session, Total, Total.person_id, Total.period, Total.starts_on, Total.badges)
    ranks = _rows(session, RankHistogram, *RankHistogram.__table__.columns)
    recounting.recount(session)
    assert kept == _rows(
        session, Total, Total.person_id, Total.period, Total.starts_on, Total.badges
    )
    assert ranks == _rows(session, RankHistogram, *RankHistogram.__table__.columns)


@pytest.mark.slow
def test_the_tables_are_whole_again_and_awarding_goes_on(session: Session, site: Site) -> None:
    _fill(session, site)
    session.commit()
    assert schema.differences(site.database) == []
    outcome = give(session, make_badge(session, site), "newcomer")
    assert outcome.created
    assert not give(session, outcome.award.badge, "newcomer").created


def test_the_same_seed_makes_the_same_site(session: Session, site: Site) -> None:
    _fill(session, site, Size(people=9, badges=5, awards=20, seed=3))
    first = _rows(session, Award, Award.uuid, Award.person_id, Award.issued_at)
    names = _rows(session, Person, Person.username, Person.opted_out)
    session.rollback()
    _fill(session, site, Size(people=9, badges=5, awards=20, seed=3))
    assert names == _rows(session, Person, Person.username, Person.opted_out)
    again = _rows(session, Award, Award.uuid, Award.person_id, Award.issued_at)
    assert [row[0] for row in again] == [row[0] for row in first]


def test_a_site_with_awards_is_left_alone(session: Session, site: Site) -> None:
    give(session, make_badge(session, site), "asha")
    with pytest.raises(ConflictError, match="holds awards already"):
        _fill(session, site)


@pytest.mark.parametrize(
    "size",
    [
        Size(people=0, badges=1, awards=0),
        Size(people=1, badges=9000, awards=0),
        Size(people=2, badges=10, awards=17),
        Size(people=2_000_000, badges=1, awards=1),
        Size(people=1, badges=1, awards=-1),
    ],
)
def test_an_impossible_community_is_refused(size: Size) -> None:
    with pytest.raises(InvalidInputError, match="fill"):
        size.check()
