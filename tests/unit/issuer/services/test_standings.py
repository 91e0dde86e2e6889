# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.models import Assertion, Award, Badge, EmailIdentity, OldName, Person
from issuer.services import collections, persons, processing
from openbadges.identity import hash_identity
from tests.issuing import NOW
from tests.unit.issuer.services.test_processing import EDIT, POLICY, awarded, feed, load, message

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def _rename(session: Session, old: str, new: str) -> Person:
    person = persons.ensure(session, new, now=NOW)
    session.add(OldName(key=old, person_id=person.id, changed_at=NOW))
    session.flush()
    return person


def test_a_former_name_stands_for_the_person(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    person = _rename(session, "asha", "asha-new")
    assert awarded(feed(session, message(1))) == [("badge-1", "asha-new")]
    assert feed(session, message(2)).dropped == [("asha", "has the badge")]
    assert session.scalars(select(Award.person_id)).all() == [person.id]


def test_whoever_has_a_name_now_comes_before_whoever_had_it(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    _rename(session, "asha", "asha-new")
    persons.ensure(session, "boris", now=NOW)
    session.add(Person(username="Asha", created_at=NOW))
    session.flush()
    assert awarded(feed(session, message(1))) == [("badge-1", "Asha")]


def test_two_names_of_one_person_get_one_badge_in_a_group(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    _rename(session, "asha", "asha-new")
    group = [(message(n, user=name), (name,)) for n, name in enumerate(("asha", "asha-new"))]
    ruleset = collections.active_rules(session)
    first, second = processing.process_batch(session, group, ruleset, POLICY, now=NOW)
    assert awarded(first) == [("badge-1", "asha-new")]
    assert second.dropped == [("asha-new", "has the badge")]


def test_the_assertion_is_for_the_address_that_the_person_chose(
    session: Session, site: Site
) -> None:
    load(session, site, EDIT)
    person = persons.ensure(session, "asha", now=NOW)
    chosen = {"verified_at": NOW, "is_default": True, "created_at": NOW}
    session.add(EmailIdentity(person_id=person.id, address="asha@home.example", **chosen))
    session.flush()
    feed(session, message(1))
    assertion = session.scalars(select(Assertion)).one()
    assert assertion.identity_hash == hash_identity("asha@home.example", assertion.salt)
    assert assertion.email_identity_id is not None


def test_a_retired_badge_is_out_of_reach_with_the_reason(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    session.scalars(select(Badge)).one().retired_at = NOW
    session.flush()
    assert feed(session, message(1)).dropped == [("asha", "the badge is retired")]
