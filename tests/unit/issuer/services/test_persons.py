# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import EmailIdentity, OldName, Person
from issuer.services import persons
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_a_person_is_made_once_whatever_the_case(session: Session) -> None:
    first = persons.ensure(session, "Asha", now=NOW)
    assert persons.ensure(session, "ASHA", now=NOW) is first
    assert persons.find(session, "asha") is first
    assert (first.username, first.key) == ("Asha", "asha")
    assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_a_former_name_still_finds_the_person(session: Session) -> None:
    person = persons.ensure(session, "asha", now=NOW)
    session.add(OldName(key="asha-old", person_id=person.id, changed_at=NOW))
    session.flush()
    assert persons.find(session, "Asha-Old") is person
    assert persons.ensure(session, "ASHA-old", now=NOW) is person


def test_who_is_not_here_is_named(session: Session) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        persons.find(session, "nobody")


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a/b", "../a", "a\0", "a@b", "<b>", "x" * 300, "\u0430sha", "a\n"]
)
def test_what_is_no_name_makes_nobody(session: Session, name: str) -> None:
    with pytest.raises(InvalidInputError, match="not a valid account name"):
        persons.ensure(session, name, now=NOW)
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_opting_out_is_known_without_case(session: Session) -> None:
    persons.ensure(session, "asha", now=NOW).opted_out = True
    persons.ensure(session, "boris", now=NOW)
    session.flush()
    names = ("ASHA", "boris", "nobody")
    assert [persons.has_opted_out(session, name) for name in names] == [True, False, False]


def test_opting_out_is_known_by_a_former_name(session: Session) -> None:
    person = persons.ensure(session, "asha", now=NOW)
    person.opted_out = True
    session.add(OldName(key="asha-old", person_id=person.id, changed_at=NOW))
    session.flush()
    assert persons.has_opted_out(session, "asha-old")


@pytest.mark.parametrize(
    ("verified", "chosen", "address"),
    [
        (True, True, "home@example.net"),
        (False, True, "asha@example.org"),
        (True, False, "asha@example.org"),
    ],
)
def test_the_public_address_is_the_proven_choice(
    session: Session, address: str, *, verified: bool, chosen: bool
) -> None:
    person = persons.ensure(session, "Asha", now=NOW)
    identity = EmailIdentity(
        person_id=person.id,
        address="home@example.net",
        verified_at=NOW if verified else None,
        is_default=chosen,
        created_at=NOW,
    )
    session.add(identity)
    session.flush()
    found = persons.default_address(session, person, "Example.org")
    assert (found.address if isinstance(found, EmailIdentity) else found) == address
