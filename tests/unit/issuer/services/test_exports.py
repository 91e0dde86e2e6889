# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of large exports: one at a time for each person, one holder at a time for each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Export
from issuer.services import emails, exports, merging, persons, sweeping
from issuer.services.exports import Job, Reason
from issuer.services.permissions import Actor
from issuer.services.tasks import Task
from tests.issuing import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Person

LATER = NOW + exports.LEASE
WORDS: dict[str, Any] = {"bundle": {"files": {}}, "certificate": {}, "locale": "en_GB"}


@pytest.fixture
def asha(session: Session) -> Person:
    return persons.ensure(session, "asha", now=NOW)


def ask(session: Session, person: Person, *, now: datetime = NOW, **changes: Any) -> Export:
    values = {"planned": 200, "address": None, "with_certificates": False, "words": WORDS}
    return exports.ask(session, person, **{**values, **changes}, now=now)[0]


def taken(session: Session, now: datetime = NOW) -> Job:
    job = exports.take(session, now=now)
    assert job is not None
    return job


def finish(session: Session, name: str, now: datetime = NOW) -> None:
    assert exports.finish(session, taken(session, now), name, 9, 200, now=now)


def test_who_asks_again_is_led_to_what_is_being_made(session: Session, asha: Person) -> None:
    first = ask(session, asha)
    assert ask(session, asha, with_certificates=True) is first
    assert ask(session, persons.ensure(session, "boris", now=NOW)) is not first
    finish(session, "one")
    assert ask(session, asha) is not first


@pytest.mark.parametrize(
    ("number", "certificates", "small"),
    [(100, False, True), (101, False, False), (20, True, True), (21, True, False)],
)
def test_few_badges_are_sent_at_once(number: int, *, certificates: bool, small: bool) -> None:
    assert exports.is_small(number, with_certificates=certificates) is small


@pytest.mark.parametrize(("number", "certificates"), [(20_001, False), (2_001, True)])
def test_more_than_can_be_packed_is_refused(
    session: Session, asha: Person, number: int, *, certificates: bool
) -> None:
    with pytest.raises(InvalidInputError, match="too many for one file"):
        ask(session, asha, planned=number, with_certificates=certificates)


def test_the_oldest_of_a_person_make_room(session: Session, asha: Person) -> None:
    for number in range(4):
        ask(session, asha)
        finish(session, f"file-{number}")
    _, dropped = exports.ask(
        session, asha, planned=1, address=None, with_certificates=False, words=WORDS, now=NOW
    )
    assert dropped == ["file-1"]  # file-0 went when the fourth was asked for
    assert [each.name for each in exports.listed(session, asha)] == [None, "file-3", "file-2"]


def test_nobody_finds_what_belongs_to_another(session: Session, asha: Person) -> None:
    export = ask(session, asha)
    assert exports.find(session, asha, export.uuid) is export
    with pytest.raises(NotFoundError):
        exports.find(session, persons.ensure(session, "boris", now=NOW), export.uuid)


def test_one_holds_it_until_the_lease_is_over_and_then_another_does(
    session: Session, asha: Person
) -> None:
    export = ask(session, asha)
    first = taken(session)
    assert exports.take(session, now=NOW) is None
    assert exports.note(session, first, 50, 200, now=NOW + timedelta(minutes=1))
    assert exports.take(session, now=LATER) is None  # it was held longer
    second = taken(session, LATER + timedelta(minutes=1))
    session.refresh(export)
    assert (second.attempt, export.done) == (2, 0)
    # Who was slow has no say any more, and its file is nobody's.
    assert not exports.note(session, first, 60, 200, now=LATER)
    assert not exports.finish(session, first, "slow", 9, 200, now=LATER)
    exports.fail(session, first, Reason.BROKEN, now=LATER)
    assert exports.finish(session, second, "quick", 9, 200, now=LATER)
    session.refresh(export)
    assert (export.name, export.reason, export.due_at) == ("quick", None, None)
    assert export.expires_at == LATER + exports.KEEP


def test_what_kills_everybody_who_takes_it_is_given_up(session: Session, asha: Person) -> None:
    export, now = ask(session, asha), NOW
    for _ in range(exports.MAX_ATTEMPTS):
        taken(session, now)
        now += exports.LEASE
    assert exports.take(session, now=now) is None
    assert (export.reason, export.finished_at) == (Reason.BROKEN, now)


def test_what_fails_is_tried_later_and_at_last_given_up(session: Session, asha: Person) -> None:
    export, now = ask(session, asha), NOW
    for _ in range(exports.MAX_ATTEMPTS):
        assert export.finished_at is None
        exports.put_off(session, taken(session, now), now=now)
        assert exports.take(session, now=now) is None
        now += exports.PAUSE
        session.refresh(export)
    assert export.reason == Reason.BROKEN


def test_what_is_given_back_counts_as_not_tried(session: Session, asha: Person) -> None:
    ask(session, asha)
    for _ in range(exports.MAX_ATTEMPTS + 1):
        exports.give_back(session, taken(session), now=NOW)
    assert taken(session).attempt == 1


def test_what_was_removed_is_made_no_further(session: Session, asha: Person) -> None:
    export = ask(session, asha)
    job = taken(session)
    assert exports.remove(session, export) is None
    assert not exports.note(session, job, 1, 200, now=NOW)
    assert not exports.finish(session, job, "name", 9, 200, now=NOW)


def test_what_is_over_goes_with_its_file(session: Session, asha: Person) -> None:
    ask(session, asha)
    finish(session, "old")
    ask(session, asha, now=NOW + timedelta(days=1))
    finish(session, "new", NOW + timedelta(days=1))
    assert exports.without_row(session, ["old", "new", "lost"]) == ["lost"]
    assert exports.drop_expired(session, now=NOW + exports.KEEP) == (1, ["old"])
    assert exports.drop_expired(session, now=NOW + exports.KEEP) == (0, [])
    assert [each.name for each in exports.listed(session, asha)] == ["new"]


def test_the_sweep_finds_what_is_due(session: Session, asha: Person) -> None:
    assert sweeping.due(session, now=NOW) == []
    ask(session, asha)
    assert sweeping.due(session, now=NOW) == [Task.EXPORT]
    job = taken(session)
    assert sweeping.due(session, now=NOW) == []
    assert sweeping.next_due(session) == {Task.EXPORT: LATER}
    exports.finish(session, job, "name", 9, 200, now=NOW)
    assert sweeping.next_due(session) == {}


def test_files_for_an_address_go_with_it_and_move_with_its_person(
    session: Session, asha: Person
) -> None:
    own = emails.add(session, asha, "asha@example.net", now=NOW)
    own.verified_at = NOW
    twin = persons.ensure(session, "asha2", now=NOW)
    other = emails.add(session, twin, "asha@example.net", now=NOW)
    ask(session, twin, address=other.id)
    finish(session, "file")
    merging.merge(session, Actor(username="root"), asha, twin, now=NOW)
    session.expire_all()
    (kept,) = exports.listed(session, asha)
    assert (kept.name, kept.email_identity_id) == ("file", own.id)
    emails.remove(session, asha, own.id)
    assert session.scalars(select(Export)).all() == []
