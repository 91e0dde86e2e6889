# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.errors import ConflictError, GoneError, InvalidInputError
from issuer.models import EmailIdentity, OutboxMessage, Person
from issuer.services.logins import record_login

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.db import Base

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def claims(**changes: Any) -> dict[str, Any]:
    return {
        "iss": "https://id.example.org",
        "sub": "s-1",
        "nickname": "Ada",
        "name": "Ada Lovelace",
        "email": "Ada@Example.org",
        "email_verified": True,
        **changes,
    }


def count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_first_login_makes_the_person_and_announces_it(session: Session) -> None:
    person = record_login(session, claims(), now=NOW)

    assert (person.username, person.key, person.display_name) == ("Ada", "ada", "Ada Lovelace")
    assert person.subject == "https://id.example.org s-1"
    assert (person.email, person.created_at, person.last_login_at) == ("Ada@Example.org", NOW, NOW)
    message = session.scalars(select(OutboxMessage)).one()
    assert message.topic == "badges.person.login.first"
    assert message.body == {"user": {"username": "Ada", "badges_user_id": person.id}}
    assert (message.stream, message.created_at, message.sent_at) == ("ada", NOW, None)


def test_a_second_login_changes_only_what_is_new(session: Session) -> None:
    first = record_login(session, claims(), now=NOW)
    second = record_login(session, claims(name="A. Lovelace", email="new@example.org"), now=LATER)

    assert second.id == first.id
    assert (second.display_name, second.email) == ("Ada Lovelace", "new@example.org")
    assert (second.created_at, second.last_login_at) == (NOW, LATER)
    assert count(session, Person) == 1
    assert count(session, OutboxMessage) == 1


def test_what_the_provider_no_longer_says_is_kept(session: Session) -> None:
    record_login(session, claims(), now=NOW)
    person = record_login(session, claims(name=None, email=None), now=LATER)

    assert (person.display_name, person.email) == ("Ada Lovelace", "Ada@Example.org")


def test_an_account_that_rules_made_is_linked_whatever_its_case(session: Session) -> None:
    made = Person(username="ADA", created_at=NOW)
    session.add(made)
    session.flush()

    person = record_login(session, claims(nickname="aDa"), now=LATER)

    assert (person.id, person.username) == (made.id, "ADA")
    assert person.subject == "https://id.example.org s-1"
    assert count(session, OutboxMessage) == 1


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param({"sub": "s-2"}, id="same-name"),
        pytest.param({"sub": "s-2", "nickname": "ADA"}, id="other-case"),
        pytest.param({"iss": "https://other.example"}, id="same-sub-of-another-provider"),
    ],
)
def test_nobody_takes_over_the_account_of_another(
    session: Session, stranger: dict[str, str]
) -> None:
    """Attacks W5: nor by a nickname that differs in its case alone."""
    owner = record_login(session, claims(), now=NOW)

    with pytest.raises(ConflictError, match="belongs to another login"):
        record_login(session, claims(**stranger), now=LATER)

    session.refresh(owner)
    assert (owner.subject, owner.last_login_at) == ("https://id.example.org s-1", NOW)


def test_a_subject_stays_the_same_person_under_another_name(session: Session) -> None:
    first = record_login(session, claims(), now=NOW)
    renamed = record_login(session, claims(nickname="lovelace"), now=LATER)

    assert renamed.id == first.id
    assert count(session, Person) == 1


@pytest.mark.parametrize("subject", [None, "https://id.example.org s-1"])
def test_an_erased_person_stays_erased(session: Session, subject: str | None) -> None:
    erased = Person(username="ada", subject=subject, created_at=NOW, erased_at=NOW)
    session.add(erased)
    session.flush()

    with pytest.raises(GoneError, match="erased"):
        record_login(session, claims(), now=LATER)

    session.refresh(erased)
    assert (erased.subject, erased.last_login_at) == (subject, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"sub": None}, "who you are", id="no-sub"),
        pytest.param({"sub": ""}, "who you are", id="empty-sub"),
        pytest.param({"sub": 7}, "who you are", id="sub-is-a-number"),
        pytest.param({"sub": "x" * 256}, "who you are", id="endless-sub"),
        pytest.param({"iss": None}, "who you are", id="no-issuer"),
        pytest.param({"nickname": None}, "no user name", id="no-nickname"),
        pytest.param({"nickname": ["ada"]}, "no user name", id="nickname-is-a-list"),
        pytest.param({"nickname": "a\x00b"}, "no user name", id="nul"),
        pytest.param({"nickname": "a/../b"}, "not accepted", id="path"),
        pytest.param({"nickname": ".ada"}, "not accepted", id="leading-dot"),
        pytest.param({"nickname": "ada@example.org"}, "not accepted", id="address"),
        pytest.param({"nickname": "<script>"}, "not accepted", id="markup"),
        pytest.param({"nickname": "a" * 65}, "not accepted", id="endless-nickname"),
        pytest.param({"nickname": "аda"}, "not accepted", id="cyrillic"),  # noqa: RUF001 (the point)
    ],
)
def test_claims_without_a_usable_identity_are_refused(
    session: Session, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        record_login(session, claims(**changes), now=NOW)
    assert count(session, Person) == 0


def test_a_name_is_taken_over_as_its_owner_could_have_typed_it(session: Session) -> None:
    """Else they could never save their settings, which hold the name."""
    for number, (said, kept) in enumerate(
        (("x" * 150, "x" * 100), ("श्री\u200cमान", "श्री\u200cमान"), ("a\u202eb", ""), ("\u3164", ""))
    ):
        given = claims(sub=f"s-{number}", nickname=f"ada-{number}", name=said, email=None)
        assert record_login(session, given, now=NOW).display_name == kept


def test_the_preferred_username_serves_where_there_is_no_nickname(session: Session) -> None:
    said = claims(nickname=None, preferred_username="countess")
    assert record_login(session, said, now=NOW).username == "countess"


def test_a_proven_address_is_kept_once_and_in_lower_case(session: Session) -> None:
    person = record_login(session, claims(), now=NOW)
    record_login(session, claims(), now=LATER)

    identity = session.scalars(select(EmailIdentity)).one()
    assert (identity.person_id, identity.address) == (person.id, "ada@example.org")
    assert (identity.verified_at, identity.is_default) == (NOW, False)


@pytest.mark.parametrize("said", [False, None, "true", 1])
def test_an_address_is_proven_only_by_true(session: Session, said: object) -> None:
    record_login(session, claims(email_verified=said), now=NOW)
    assert count(session, EmailIdentity) == 0


@pytest.mark.parametrize("email", ["", "ada", "a b@example.org", "a@b@c", "a" * 65 + "@b.c", 5])
def test_what_is_no_address_is_not_kept(session: Session, email: object) -> None:
    person = record_login(session, claims(email=email), now=NOW)
    assert person.email is None
    assert count(session, EmailIdentity) == 0


def test_an_address_waiting_for_proof_is_proven_by_the_login(session: Session) -> None:
    person = record_login(session, claims(email_verified=False), now=NOW)
    session.add(EmailIdentity(person_id=person.id, address="ada@example.org", created_at=NOW))
    session.flush()

    record_login(session, claims(), now=LATER)

    assert session.scalars(select(EmailIdentity)).one().verified_at == LATER


def test_an_address_proven_by_another_stays_theirs_and_the_login_is_good(session: Session) -> None:
    owner = record_login(session, claims(), now=NOW)
    other = record_login(session, claims(sub="s-2", nickname="bob"), now=LATER)

    identity = session.scalars(select(EmailIdentity)).one()
    assert identity.person_id == owner.id
    assert other.last_login_at == LATER
    assert count(session, OutboxMessage) == 2
