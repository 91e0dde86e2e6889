# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import BackpackConnection, EmailIdentity, OutboxMessage
from issuer.services import emails, persons
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Person

SECRET = "s" * 32
HOME = "asha@home.example.net"


@pytest.fixture
def asha(session: Session) -> Person:
    return persons.ensure(session, "asha", now=NOW)


def test_a_link_proves_the_address_that_it_was_sent_to(session: Session, asha: Person) -> None:
    identity = emails.add(session, asha, " Asha@Home.Example.NET ", now=NOW)
    assert (identity.address, identity.verified_at) == (HOME, None)
    token = emails.token_for(identity, SECRET, now=NOW)
    assert "home" not in token  # no address in an address
    proven = emails.confirm(session, asha, token, SECRET, now=NOW + timedelta(hours=23))
    assert proven.verified_at == NOW + timedelta(hours=23)
    emails.choose(session, asha, identity.id)
    assert persons.default_address(session, asha, "example.org") is identity


def test_adding_an_address_twice_is_adding_it_once(session: Session, asha: Person) -> None:
    first = emails.add(session, asha, HOME, now=NOW)
    assert emails.add(session, asha, HOME.upper(), now=NOW).id == first.id
    assert [each.address for each in emails.listed(session, asha)] == [HOME]


@pytest.mark.parametrize("case", ["old", "cut", "other-secret", "other-person", "removed", "junk"])
def test_every_other_link_is_refused(session: Session, asha: Person, case: str) -> None:
    identity = emails.add(session, asha, HOME, now=NOW)
    secret = "other" * 8 if case == "other-secret" else SECRET
    token = emails.token_for(identity, secret, now=NOW)
    now, who = NOW, asha
    if case == "old":
        now += emails.LINK_LASTS
    elif case == "cut":
        token = token[:-2]
    elif case == "junk":
        token = "W10.x"  # noqa: S105 (not even a token)
    elif case == "other-person":
        who = persons.ensure(session, "boris", now=NOW)
        emails.add(session, who, HOME, now=NOW)
    elif case == "removed":
        emails.remove(session, asha, identity.id)
        emails.add(session, asha, "other@example.net", now=NOW)
    with pytest.raises(InvalidInputError, match="link: is too old"):
        emails.confirm(session, who, token, SECRET, now=now)
    proven = select(EmailIdentity).where(EmailIdentity.verified_at.is_not(None))
    assert session.scalars(proven).all() == []


def test_an_address_belongs_to_whoever_proved_it_first(session: Session, asha: Person) -> None:
    boris = persons.ensure(session, "boris", now=NOW)
    for who in (asha, boris):
        emails.add(session, who, HOME, now=NOW)
    mine, his = (emails.listed(session, who)[0] for who in (asha, boris))
    emails.confirm(session, asha, emails.token_for(mine, SECRET, now=NOW), SECRET, now=NOW)
    token = emails.token_for(his, SECRET, now=NOW)
    with pytest.raises(ConflictError, match="another account proved it"):
        emails.confirm(session, boris, token, SECRET, now=NOW)
    session.expire_all()
    assert (mine.verified_at, his.verified_at) == (NOW, None)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "asha",
        "a@b",
        "a b@example.net",
        "<a@example.net>",
        "a@example.net\nBcc: x@y.example",
        "a,b@example.net",
        "ä@example.net",
        "a@-example.net",
        f"{'x' * 65}@example.net",
    ],
)
def test_what_is_no_address_is_refused(session: Session, asha: Person, address: str) -> None:
    with pytest.raises(InvalidInputError, match="must be like"):
        emails.add(session, asha, address, now=NOW)


def test_nobody_collects_addresses(session: Session, asha: Person) -> None:
    for number in range(emails.MAX_ADDRESSES):
        emails.add(session, asha, f"a{number}@example.net", now=NOW)
    emails.add(session, asha, "a0@example.net", now=NOW)  # it is there already
    with pytest.raises(InvalidInputError, match="are enough"):
        emails.add(session, asha, "more@example.net", now=NOW)


def test_only_ones_own_proven_address_can_be_chosen_or_removed(
    session: Session, asha: Person
) -> None:
    boris = persons.ensure(session, "boris", now=NOW)
    his = emails.add(session, boris, "boris@example.net", now=NOW)
    mine = emails.add(session, asha, HOME, now=NOW)
    for act in (emails.choose, emails.remove):
        with pytest.raises(NotFoundError):
            act(session, asha, his.id)
    with pytest.raises(InvalidInputError, match="not proven"):
        emails.choose(session, asha, mine.id)
    assert emails.listed(session, boris) == [his]


def test_a_removed_address_leaves_its_backpack_without_one(session: Session, asha: Person) -> None:
    identity = emails.add(session, asha, HOME, now=NOW)
    backpack = BackpackConnection(
        person_id=asha.id,
        protocol="badgr",
        base_url="https://backpack.example",
        email_identity_id=identity.id,
        created_at=NOW,
    )
    session.add(backpack)
    session.flush()
    emails.remove(session, asha, identity.id)
    session.refresh(backpack)
    assert backpack.email_identity_id is None


def test_choosing_none_goes_back_to_the_address_of_the_account(
    session: Session, asha: Person
) -> None:
    identity = emails.add(session, asha, HOME, now=NOW)
    identity.verified_at = NOW
    session.flush()
    emails.choose(session, asha, identity.id)
    emails.choose(session, asha, None)
    session.expire_all()
    assert persons.default_address(session, asha, "example.org") == "asha@example.org"


def test_the_letter_holds_the_link_and_waits_in_the_outbox(session: Session, asha: Person) -> None:
    identity = emails.add(session, asha, HOME, now=NOW)
    emails.send_link(session, identity, "https://badges.example/x?token=t", "Accolades", now=NOW)
    letter = session.scalars(select(OutboxMessage)).one()
    assert (letter.kind, letter.body["to"]) == ("e-mail", HOME)
    assert letter.body["subject"] == "Accolades: confirm your address"
    assert "https://badges.example/x?token=t" in letter.body["text"]
    assert "asha" in letter.body["text"]


@pytest.mark.parametrize(
    ("chosen", "asked", "subject"),
    [
        ("de", "es", "Accolades: bestätige deine Adresse"),
        (None, "es", "Accolades: confirma tu dirección"),
        ("es", None, "Accolades: confirma tu dirección"),
        ("xx", None, "Accolades: confirm your address"),
    ],
)
def test_the_letter_speaks_the_chosen_language_or_that_of_the_page(
    session: Session, asha: Person, chosen: str | None, asked: str | None, subject: str
) -> None:
    asha.locale = chosen
    identity = emails.add(session, asha, HOME, now=NOW)
    emails.send_link(session, identity, "https://b.example", "Accolades", now=NOW, language=asked)
    letter = session.scalars(select(OutboxMessage)).one()
    assert letter.body["subject"] == subject
    assert ("Hello" in letter.body["text"]) == (subject == "Accolades: confirm your address")
    assert "\n\nhttps://b.example\n\n" in letter.body["text"]
