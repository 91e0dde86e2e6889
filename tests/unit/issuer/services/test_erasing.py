# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.errors import GoneError, InvalidInputError
from issuer.models import (
    ApiToken,
    Assertion,
    AuditEntry,
    Award,
    BackpackConnection,
    Counter,
    EmailIdentity,
    Endorsement,
    MessageUser,
    OutboxMessage,
    Person,
    RankHistogram,
    Total,
)
from issuer.services import (
    disclosing,
    emails,
    endorsements,
    erasing,
    logins,
    persons,
    publishing,
)
from issuer.services.awards import Cause
from tests.issuing import NOW, give, make_badge, make_issuer
from tests.unit.issuer.services.endorsing import ROOT

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

WHY = Cause(
    source="admin",
    narrative="Asha Raman mended it.",
    evidence=({"id": "https://evidence.example.org/asha"},),
)


@pytest.fixture
def asha(session: Session, site: Site) -> Person:
    """Return a person of whom everything is known."""
    give(session, make_badge(session, site), "asha", cause=WHY)
    person = persons.find(session, "asha")
    person.display_name, person.bio, person.email = "Asha Raman", "A secret.", "asha@login.example"
    person.subject, person.avatar_hash, person.pinned = "https://id s-1", "0" * 64, [1]
    person.last_login_at = NOW
    identity = emails.add(session, person, "asha@home.example", now=NOW)
    emails.send_link(session, identity, "https://link.example", "Accolades", now=NOW)
    session.add_all(
        [
            ApiToken(
                person_id=person.id,
                name="laptop",
                token_hash="hush",  # noqa: S106 (a test's own)
                created_at=NOW,
            ),
            BackpackConnection(
                person_id=person.id,
                protocol="badgr",
                base_url="https://backpack.example",
                email_identity_id=identity.id,
                tokens="hush-hush",
                created_at=NOW,
            ),
            Counter(key="c", filter="f", person_key="asha", facts={}, value=7, updated_at=NOW),
            AuditEntry(
                happened_at=NOW,
                actor_id=person.id,
                actor="asha",
                action="login",
                subject_type="person",
                subject_id="asha",
                origin="192.0.2.1",
            ),
        ]
    )
    session.flush()
    return person


def test_erasing_leaves_nothing_but_the_name(session: Session, asha: Person) -> None:
    document = session.scalars(select(Assertion.document)).one()
    uuids = erasing.erase(session, asha, "anonymise", now=NOW)
    session.expire_all()
    columns = {column.name for column in Person.__table__.columns if getattr(asha, column.name)}
    assert columns == {"id", "username", "key", "opted_out", "erased_at", "created_at"}
    for table in (EmailIdentity, ApiToken, BackpackConnection, Counter, MessageUser, Total):
        assert session.scalar(select(func.count()).select_from(table)) == 0, table
    award = session.scalars(select(Award)).one()
    assert (award.narrative, award.evidence, award.is_revoked) == ("", [], False)
    assert session.scalars(select(Assertion.document)).one() == document
    assert [publishing.find_assertion(session, uuid).document for uuid in uuids] == [document]
    people = session.scalars(select(RankHistogram.people)).all()
    assert set(people) == {0}
    letters = session.scalars(select(OutboxMessage).filter_by(kind="e-mail")).all()
    assert letters == []
    assert {(entry.actor, entry.origin) for entry in session.scalars(select(AuditEntry))} == {
        (erasing.SOMEBODY, "")
    }


def test_by_policy_the_badges_are_revoked(session: Session, asha: Person) -> None:
    (uuid,) = erasing.erase(session, asha, "revoke", now=NOW)
    with pytest.raises(publishing.RevokedError, match="had their account erased"):
        publishing.find_assertion(session, uuid)


def test_erasing_twice_is_erasing_once(session: Session, asha: Person) -> None:
    assert erasing.erase(session, asha, "anonymise", now=NOW)
    assert erasing.erase(session, asha, "anonymise", now=NOW) == []


def test_who_was_erased_is_gone_and_stays_so(session: Session, site: Site, asha: Person) -> None:
    erasing.erase(session, asha, "anonymise", now=NOW)
    assert persons.ensure(session, "ASHA", now=NOW) is asha
    claims = {"iss": "https://id", "sub": "s-1", "nickname": "asha"}
    with pytest.raises(GoneError):
        logins.record_login(session, claims, now=NOW)


def test_what_was_said_of_an_award_goes_with_its_holder(
    session: Session, site: Site, asha: Person
) -> None:
    own = select(Assertion).join(Assertion.award).filter_by(person_id=asha.id).limit(1)
    about = session.scalars(own).one().document_id
    issuer = make_issuer(session, site)
    words = "Asha mended it twice."
    endorsements.issue(session, ROOT, issuer, about, words, site.keys, now=NOW)
    told = json.loads("".join(disclosing.everything(session, asha, now=NOW)))
    assert [each["comment"] for each in told["endorsements"]] == [words]
    erasing.erase(session, asha, "anonymise", now=NOW)
    found = session.scalars(select(Endorsement)).one()
    assert words not in f"{found.comment}{found.document}{found.ob3}"
    assert found.revoked_at == NOW


def test_the_name_must_be_typed(session: Session, asha: Person) -> None:
    erasing.check_name(asha, " Asha ")
    for typed in ("", "yes", "boris"):
        with pytest.raises(InvalidInputError, match="type 'asha'"):
            erasing.check_name(asha, typed)


def copy(session: Session, person: Person) -> dict[str, Any]:
    read: dict[str, Any] = json.loads("".join(disclosing.everything(session, person, now=NOW)))
    return read


def test_a_copy_holds_everything_but_keys(session: Session, site: Site, asha: Person) -> None:
    give(session, make_badge(session, site), "boris")
    data = copy(session, asha)
    assert data["person"]["email"] == "asha@login.example"
    assert [each["address"] for each in data["addresses"]] == ["asha@home.example"]
    assert [each["narrative"] for each in data["awards"]] == [WHY.narrative]
    assert json.loads(data["assertions"][0]["document"])["type"] == "Assertion"
    assert [each["value"] for each in data["counters"]] == [7]
    assert [each["name"] for each in data["api_tokens"]] == ["laptop"]
    assert [each["action"] for each in data["audit_log"]] == ["login"]
    assert "https://link.example" in data["letters"][0]["body"]["text"]
    whole = json.dumps(data)
    assert "hush" not in whole
    assert "boris" not in whole


def test_the_copy_of_somebody_unknown_is_nearly_empty(session: Session) -> None:
    data = copy(session, persons.ensure(session, "boris", now=NOW))
    assert [name for name, rows in data.items() if rows == []] == list(data)[2:]


def test_every_table_about_people_is_in_the_copy(session: Session, asha: Person) -> None:
    """A table that is added later must be looked at here."""
    named = {table.__tablename__ for _, table, _ in disclosing._tables(asha)}
    others = {"persons", "message_users", "settings", "rule_revisions"}
    about = {
        table.name
        for table in Person.metadata.tables.values()
        for column in table.columns
        if any(key.column.table.name == "persons" for key in column.foreign_keys)
    }
    assert about - others <= named
