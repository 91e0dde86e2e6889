# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Assertion, AuditEntry, Counter, MessageUser, OutboxMessage
from issuer.services import merging, persons, processing, profiles, renaming
from issuer.services.permissions import Actor
from rules.model import Message
from tests.issuing import NOW, give, make_badge
from tests.unit.issuer.services.counting import POLICY, check_counters, load, rule_texts, stream

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

ROOT = Actor(username="root")
COUNTS = (
    "trigger: {topic: wiki.edit}\n"
    "previous: {filter: {users: [recipient]}, operation: count}\n"
    "condition: {greater than or equal to: 3}\n"
)


def rename(session: Session, former: str, present: str) -> bool:
    return renaming.rename(session, ROOT, persons.find(session, former), present, now=NOW)


def test_a_former_name_leads_to_the_present_one(session: Session, site: Site) -> None:
    given = give(session, make_badge(session, site), "asha").award
    document = given.assertions[0].document
    assert rename(session, "asha", "Asha.Raman")
    assert not rename(session, "asha", "Asha.Raman")
    session.expire_all()
    for name in ("asha", "ASHA.raman"):
        assert profiles.profile(session, name).person.username == "Asha.Raman"
    assert session.scalars(select(Assertion.document)).one() == document
    assert set(session.scalars(select(OutboxMessage.stream))) == {"asha.raman"}
    (entry,) = session.scalars(select(AuditEntry))
    assert (entry.before, entry.after) == ({"username": "asha"}, {"username": "Asha.Raman"})
    assert rename(session, "asha", "asha")  # back again
    assert profiles.profile(session, "asha.raman").person.username == "asha"


@pytest.mark.parametrize("there", [False, True])
def test_rules_count_on_for_the_present_name(session: Session, site: Site, there: bool) -> None:
    """Also where the bus used the new name before we knew of it: then two accounts are one."""
    ruleset = load(session, site, [COUNTS])
    numbers = itertools.count()

    def edit(name: str) -> int:
        topic = "org.example.prod.wiki.edit"
        number = next(numbers)
        message = Message(
            id=f"n{number}",
            topic=topic,
            body={},
            sent_at=NOW,
            agent_name=name,
            usernames=(name,),
        )
        done = processing.process(session, message, ruleset, POLICY, users=(name,), now=NOW)
        return len(done.given)

    persons.ensure(session, "asha", now=NOW)
    assert edit("asha") == 0
    if there:
        persons.ensure(session, "raman", now=NOW)
        assert edit("raman") == 0
        merging.merge(
            session,
            ROOT,
            persons.find(session, "raman"),
            persons.find(session, "asha"),
            now=NOW,
        )
    else:
        assert edit("asha") == 0
        rename(session, "asha", "raman")
    assert set(session.scalars(select(MessageUser.username))) == {"raman"}
    assert set(session.scalars(select(Counter.person_key))) == {"raman"}
    check_counters(session)
    assert edit("raman") == 1
    check_counters(session)


@pytest.mark.slow
def test_counters_of_every_form_hold_what_the_archive_finds(session: Session, site: Site) -> None:
    ruleset = load(session, site, rule_texts())
    for message, users in stream(3, 30):
        processing.process(session, message, ruleset, POLICY, users=users, now=NOW)
    rename(session, "asha", "raman")
    check_counters(session)
    kept, gone = (persons.find(session, name) for name in ("raman", "boris"))
    merging.merge(session, ROOT, kept, gone, now=NOW)
    check_counters(session)
    counted = set(session.scalars(select(Counter.person_key)))
    assert "raman" in counted
    assert not {"asha", "boris"} & counted


def test_a_name_of_somebody_else_is_refused(session: Session) -> None:
    for name in ("asha", "boris", "chen"):
        persons.ensure(session, name, now=NOW)
    rename(session, "chen", "chan")
    for name, error in (
        ("Boris", "merge the two"),
        ("chen", "was that of another account"),
    ):
        with pytest.raises(ConflictError, match=error):
            rename(session, "asha", name)
    with pytest.raises(InvalidInputError, match="not a valid account name"):
        rename(session, "asha", "a b")
