# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from issuer.errors import ConflictError, InvalidInputError, NotFoundError, OptedOutError
from issuer.models import Assertion, Award, EmailIdentity, OutboxMessage
from issuer.services import awards, badges, persons
from openbadges.identity import matches
from openbadges.models import Assertion as AssertionDocument
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def _count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table))


def _announced(session: Session) -> int:
    return len(session.scalars(select(OutboxMessage).filter_by(topic="badges.badge.award")).all())


def _awards(session: Session) -> list[Award]:
    return list(session.scalars(select(Award)))


def test_an_award_is_one_row_one_assertion_and_one_announcement(
    session: Session, site: Site
) -> None:
    badge = make_badge(session, site)
    outcome = give(session, badge, "asha")
    assert outcome.created
    assert (_count(session, Award), _count(session, Assertion)) == (1, 1)
    announced = session.scalars(select(OutboxMessage).filter_by(topic="badges.badge.award")).one()
    assert announced.body["user"] == {
        "username": "asha",
        "badges_user_id": outcome.award.person_id,
    }
    assert announced.body["badge"]["badge_id"] == "first-steps"


def test_awarding_again_changes_nothing(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    first = give(session, badge, "asha")
    again = give(session, badge, "ASHA")
    assert not again.created
    assert again.award.id == first.award.id
    assert (_count(session, Award), _announced(session)) == (1, 1)


def test_a_revoked_badge_is_not_awarded_again_by_itself(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    first = give(session, badge, "asha")
    awards.revoke(session, first.award, "by mistake", now=NOW)
    assert not give(session, badge, "asha").created


def test_a_revoked_badge_is_awarded_again_on_somebodys_word(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    first = give(session, badge, "asha").award
    arguments = {"cause": awards.Cause(source="admin"), "email_domain": "example.org", "now": NOW}
    assert not awards.award_again(session, badge, first.person, **arguments).created
    for occurrence in ("again-1", "again-2"):
        (held,) = (each for each in _awards(session) if not each.is_revoked)
        awards.revoke(session, held, "by mistake", now=NOW)
        again = awards.award_again(session, badge, first.person, **arguments)
        assert (again.created, again.award.occurrence) == (True, occurrence)
    assert not awards.award_again(session, badge, first.person, **arguments).created
    assert _count(session, Award) == 3


def test_each_occurrence_of_a_repeatable_badge_is_an_award(session: Session, site: Site) -> None:
    badge = make_badge(session, site, repeatable=True)
    assert give(session, badge, "asha", occurrence="m1").created
    assert give(session, badge, "asha", occurrence="m2").created
    assert not give(session, badge, "asha", occurrence="m2").created


def test_the_recipient_is_hashed_with_a_salt_of_its_own(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    documents = [
        json.loads(give(session, badge, name).award.assertions[0].document)
        for name in ("asha", "Boris")
    ]
    assert "asha" not in json.dumps(documents[0])
    assert documents[0]["recipient"]["salt"] != documents[1]["recipient"]["salt"]
    recipient = AssertionDocument.from_dict(documents[1]).recipient
    assert matches(recipient, "boris@example.org")
    assert not matches(recipient, "asha@example.org")


def test_a_verified_address_of_choice_is_used(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    person = persons.ensure(session, "asha", now=NOW)
    session.add(
        EmailIdentity(
            person=person,
            address="asha@mail.example",
            verified_at=NOW,
            is_default=True,
            created_at=NOW,
        )
    )
    session.flush()
    document = json.loads(give(session, badge, "asha").award.assertions[0].document)
    assert matches(AssertionDocument.from_dict(document).recipient, "asha@mail.example")


def test_an_unverified_address_is_not_used(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    person = persons.ensure(session, "asha", now=NOW)
    session.add(
        EmailIdentity(person=person, address="a@b.example", is_default=True, created_at=NOW)
    )
    session.flush()
    document = json.loads(give(session, badge, "asha").award.assertions[0].document)
    assert matches(AssertionDocument.from_dict(document).recipient, "asha@example.org")


def test_an_award_is_never_dated_in_the_future(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    outcome = give(session, badge, "asha", issued_at=NOW + timedelta(days=1))
    assert outcome.award.issued_at == NOW


def test_a_badge_that_expires_says_when(session: Session, site: Site) -> None:
    badge = make_badge(session, site, expires_after=timedelta(days=365))
    assertion = give(session, badge, "asha").award.assertions[0]
    assert json.loads(assertion.document)["expires"] == "2027-03-01T12:00:00Z"


def test_somebody_who_opted_out_gets_nothing(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    persons.ensure(session, "asha", now=NOW).opted_out = True
    with pytest.raises(OptedOutError, match="asha"):
        give(session, badge, "asha")
    assert _count(session, Award) == 0


def test_a_retired_badge_is_not_awarded(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    badge.retired_at = NOW
    with pytest.raises(ConflictError, match="retired"):
        give(session, badge, "asha")


def test_a_badge_without_a_picture_cannot_be_awarded(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    edition = badges.current_edition(session, badge)
    session.delete(edition)
    session.flush()
    with pytest.raises(InvalidInputError, match="picture"), session.begin_nested():
        give(session, badge, "asha")
    assert _count(session, Award) == 0


@pytest.mark.parametrize("form", ["award", "assertion", "address", "json", "jws"])
def test_an_award_is_found_by_each_of_its_names(session: Session, site: Site, form: str) -> None:
    given = give(session, make_badge(session, site), "asha").award
    assertion = given.assertions[0]
    names = {
        "award": str(given.uuid),
        "assertion": str(assertion.uuid),
        "address": assertion.document_id,
        "json": f"{assertion.document_id}.json",
        "jws": f"{assertion.document_id}.jws",
    }
    assert awards.find(session, names[form]) is given


def test_an_unknown_award_is_not_found(session: Session) -> None:
    with pytest.raises(NotFoundError):
        awards.find(session, str(uuid4()))
    with pytest.raises(InvalidInputError, match="not an id"):
        awards.find(session, "first-steps")


def test_a_revocation_is_announced_once(session: Session, site: Site) -> None:
    given = give(session, make_badge(session, site), "asha").award
    assert awards.revoke(session, given, "by mistake", now=NOW)
    assert not awards.revoke(session, given, "again", now=NOW)
    assert given.revocation_reason == "by mistake"
    topics = session.scalars(select(OutboxMessage.topic).order_by(OutboxMessage.id)).all()
    assert topics == [
        "badges.badge.award",
        "badges.person.rank.advance",
        "badges.badge.revoke",
    ]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_a_revocation_needs_a_reason(session: Session, site: Site, reason: str) -> None:
    given = give(session, make_badge(session, site), "asha").award
    with pytest.raises(InvalidInputError, match="reason"):
        awards.revoke(session, given, reason, now=NOW)


def test_eight_threads_awarding_the_same_badge_make_one_award(site: Site) -> None:
    with site.database.writing() as session:
        slug = make_badge(session, site).slug
    barrier, created = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        with site.database.writing() as session:
            created.append(give(session, badges.find(session, slug), "asha").created)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with site.database.reading() as session:
        assert (_count(session, Award), _announced(session)) == (1, 1)
    assert sorted(created) == [False] * 7 + [True]
