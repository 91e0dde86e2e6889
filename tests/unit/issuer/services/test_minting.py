# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import (
    Assertion,
    BadgeEdition,
    EmailIdentity,
    IssuerEpoch,
    KeyState,
    SigningKey,
)
from issuer.services import (
    awards,
    badge_pages,
    credentials,
    emails,
    erasing,
    exporting,
    minting,
    persons,
    profiles,
    publishing,
    sample,
    trophies,
)
from issuer.services.publishing import RevokedError
from openbadges.identity import matches
from openbadges.keys import generate_rsa
from openbadges.models import IdentityObject
from openbadges.ob3 import statuses
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Person
    from issuer.site import Site

LATER = NOW + timedelta(days=30)
ADDRESS = "asha@example.net"


def proven(session: Session, person: Person, address: str) -> int:
    """Return an address as the settings keep it, proven."""
    identity = emails.add(session, person, address, now=NOW)
    identity.verified_at = NOW
    session.flush()
    return identity.id


def mint(session: Session, person: Person, number: int | None) -> list[Assertion]:
    rows = minting.for_address(
        session, person, exporting.of_person(session, person), number, now=LATER
    )
    return [session.get_one(Assertion, row) for row in rows]


def holder(session: Session, site: Site, *badges: str) -> Person:
    for name in badges or ("First Steps",):
        give(session, make_badge(session, site, name), "asha")
    return persons.find(session, "asha")


def test_each_address_has_an_assertion_of_its_own_for_ever(session: Session, site: Site) -> None:
    person = holder(session, site, "First Steps", "Second Steps")
    one, two = (proven(session, person, each) for each in (ADDRESS, "a@example.com"))
    public, first, second = (mint(session, person, each) for each in (None, one, two))
    assert [each.is_default for each in (*public, *first, *second)] == [True, True] + [False] * 4
    for name in ("uuid", "document_id", "salt", "identity_hash", "subject_uuid"):
        assert len({getattr(each, name) for each in (*public, *first, *second)}) == 6, name
    assert mint(session, person, one) == first
    assert mint(session, person, None) == public
    recipient = IdentityObject.from_dict(json.loads(first[0].document)["recipient"])
    assert recipient.hashed
    assert matches(recipient, "ASHA@Example.net")
    assert not matches(recipient, "a@example.com")
    document = json.loads(first[0].document)
    assert document["issuedOn"] == json.loads(public[0].document)["issuedOn"]
    assert document["badge"] == json.loads(public[0].document)["badge"]


def test_letters_of_an_address_may_be_large_or_small(session: Session, site: Site) -> None:
    """Badgr facts, 0.6: a hash of other letters is refused by every backpack."""
    person = holder(session, site)
    number = proven(session, person, ADDRESS)
    session.get_one(EmailIdentity, number).address = "Asha@Example.NET"
    (made,) = mint(session, person, number)
    recipient = IdentityObject.from_dict(json.loads(made.document)["recipient"])
    assert matches(recipient, ADDRESS).form == "as given"


def test_the_address_of_the_public_assertion_gets_no_second_one(
    session: Session, site: Site
) -> None:
    person = holder(session, site)
    number = proven(session, person, "ASHA@example.org")  # that of the account
    assert mint(session, person, number) == mint(session, person, None)


def test_an_address_that_was_removed_and_comes_back_keeps_its_assertion(
    session: Session, site: Site
) -> None:
    person = holder(session, site)
    (made,) = mint(session, person, proven(session, person, ADDRESS))
    document = made.document
    emails.remove(session, person, made.email_identity_id or 0)
    session.refresh(made)
    assert (made.email_identity_id, made.document) == (None, document)
    assert publishing.find_assertion(session, made.uuid) is made
    assert mint(session, person, proven(session, person, ADDRESS)) == [made]
    assert made.email_identity_id is not None


def test_only_proven_addresses_of_ones_own_are_taken(session: Session, site: Site) -> None:
    person = holder(session, site)
    give(session, make_badge(session, site), "boris")
    boris = persons.find(session, "boris")
    waiting = emails.add(session, person, "later@example.net", now=NOW).id
    theirs = proven(session, boris, "boris@example.net")
    with pytest.raises(InvalidInputError, match="not proven"):
        mint(session, person, waiting)
    with pytest.raises(NotFoundError, match="none of yours"):
        mint(session, person, theirs)
    own = exporting.of_person(session, person)
    with pytest.raises(NotFoundError, match="none of boris"):
        minting.for_address(session, boris, own, theirs, now=NOW)
    assert len(session.scalars(select(Assertion)).all()) == 2


def test_a_revocation_reaches_every_address_in_every_form(session: Session, site: Site) -> None:
    person = holder(session, site)
    made = [
        *mint(session, person, None),
        *mint(session, person, proven(session, person, ADDRESS)),
        *mint(session, person, proven(session, person, "a@example.com")),
    ]
    rows = [each.id for each in made]
    assert len(exporting.collect(session, rows, site.keys, now=NOW)) == 3
    number = made[0].status_list_id or 0
    awards.revoke(session, made[0].award, "a mistake", now=LATER)
    for each in made:
        with pytest.raises(RevokedError) as error:
            publishing.find_assertion(session, each.uuid)
        assert json.loads(error.value.stub)["id"] == each.document_id
    listed = json.loads(publishing.revocations(session, "accolades"))["revokedAssertions"]
    named = {entry if isinstance(entry, str) else entry["id"] for entry in listed}
    assert {each.document_id for each in made} <= named
    signed = json.loads(credentials.status_list(session, number, site.keys, now=LATER))
    bits = statuses.decode(signed["credentialSubject"]["encodedList"])
    assert all(statuses.is_set(bits, each.status_index or 0) for each in made)
    assert exporting.collect(session, rows, site.keys, now=LATER) == []
    assert mint(session, person, None) == []


def test_totals_and_lists_count_awards(session: Session, site: Site) -> None:
    person = holder(session, site)
    mint(session, person, proven(session, person, ADDRESS))
    assert len(exporting.listed(session, person, now=NOW).items) == 1
    assert profiles.profile(session, "asha").badges == 1
    assert len(trophies.in_time(session, person).items) == 1
    assert sample.showcase(session)[1] == mint(session, person, None)[0].document_id
    page = badge_pages.badge_page(session, "first-steps", now=NOW)
    assert len(page.awards.items) == 1


def test_what_was_made_out_verifies_after_its_holder_was_erased(
    session: Session, site: Site
) -> None:
    person = holder(session, site)
    (made,) = mint(session, person, proven(session, person, ADDRESS))
    assert made.uuid in erasing.erase(session, person, "anonymise", now=LATER)
    session.refresh(made)
    assert made.email_identity_id is None
    assert publishing.find_assertion(session, made.uuid).document == made.document


def test_a_key_that_signs_no_more_makes_nothing_new(session: Session, site: Site) -> None:
    person = holder(session, site)
    (public,) = mint(session, person, None)
    newer = next_epoch(session, public)
    (made,) = mint(session, person, proven(session, person, ADDRESS))
    assert (made.edition_id, made.key_id) == (newer.id, newer.epoch.key_id)
    assert json.loads(made.document)["badge"] == newer.document_id


def next_epoch(session: Session, public: Assertion) -> BadgeEdition:
    """Return a second edition of a badge, under a key that follows the one that it had."""
    old, badge = public.key, public.edition.badge
    old.state = KeyState.RETIRED
    session.flush()
    pem = generate_rsa("new").public.to_pem()
    facts = {"issuer": old.issuer, "created_at": LATER}
    key = SigningKey(
        kid="new", algorithm="RS256", public_pem=pem, document="{}", valid_from=LATER, **facts
    )
    epoch = IssuerEpoch(number=2, key=key, document_id="epoch", document="{}", **facts)
    old_edition = public.edition
    edition = BadgeEdition(
        badge=badge,
        number=2,
        epoch=epoch,
        png_id=old_edition.png_id,
        document_id="https://example.org/badges/first-steps/editions/2",
        document="{}",
        created_at=LATER,
    )
    session.add_all([key, epoch, edition])
    session.flush()
    return edition


def test_badges_are_listed_in_parts(session: Session, site: Site) -> None:
    names = [f"Badge {number}" for number in range(5)]
    person = holder(session, site, *names)
    first = exporting.listed(session, person, now=NOW, limit=3)
    rest = exporting.listed(session, person, now=NOW, after=first.after, limit=3)
    found = [each.badge.name for each in (*first.items, *rest.items)]
    assert (sorted(found), rest.after) == (names, "")
    with pytest.raises(InvalidInputError):
        exporting.listed(session, person, now=NOW, after="x")


def test_two_who_ask_at_once_get_the_same(site: Site) -> None:
    with site.database.writing() as session:
        person = holder(session, site, "First Steps", "Second Steps")
        number = proven(session, person, ADDRESS)
        held = exporting.of_person(session, person)

    def ask(_: int) -> list[int]:
        with site.database.writing() as own:
            mine = persons.find(own, "asha")
            return minting.for_address(own, mine, held, number, now=NOW)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert found == [found[0]] * 4
    with site.database.reading() as session:
        assert len(session.scalars(select(Assertion)).all()) == 4
