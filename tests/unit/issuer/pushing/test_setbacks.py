# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backpacks that are away, break, or cannot read what they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.adapters.backpacks import badgr as badgr_adapter
from issuer.adapters.backpacks.results import Kind, Result
from issuer.adapters.backpacks.tokens import Tokens
from issuer.models import Assertion
from issuer.services import attempts, setbacks
from tests.simulators import BadgrSimulator, ConnectSimulator
from tests.unit.issuer.pushing.parts import (
    SENT,
    WAITING,
    begin,
    connect,
    connect_host,
    documents,
    own,
    try_again,
)

if TYPE_CHECKING:
    from tests.simulators.site import Sender

pytestmark = pytest.mark.slow


def test_a_backpack_that_is_away_is_left_alone_as_long_as_it_asks(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps", "Second Steps"))
    badgr.fail(503, {"Retry-After": "900"})
    assert sender.push() == 1
    assert sender.states(number) == [WAITING, WAITING]
    sender.clock.move(seconds=890)
    assert sender.push() == 0
    sender.clock.move(seconds=20)
    assert sender.push() == 2
    assert sender.states(number) == [SENT, SENT]
    assert sender.connection(number).last_error is None


def test_a_backpack_that_is_gone_for_days_is_given_up(sender: Sender, name: str) -> None:
    number = sender.connect(name, Kind.BADGR, "http://127.0.0.1:9", Tokens("t"))
    sender.queue(number, sender.award(name, "First Steps"))
    for _ in range(setbacks.MAX_FAILURES):
        assert sender.push() == 1
        sender.clock.move(hours=7)
    assert sender.states(number) == [("refused", "away")]
    assert sender.push() == 0


def test_a_badge_on_which_a_backpack_breaks_holds_up_no_other(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps", "Second Steps"))
    badgr.fail(500)
    assert sender.push() == 2
    assert sender.states(number) == [("waiting", "broken"), SENT]
    for _ in range(setbacks.MAX_ATTEMPTS - 1):
        badgr.fail(500)
        sender.clock.move(hours=7)
        assert sender.push() == 1
    assert sender.states(number) == [("refused", "broken"), SENT]
    try_again(sender, number)
    sender.push()
    assert sender.states(number) == [SENT, SENT]


def test_documents_that_cannot_be_fetched_are_offered_again(
    sender: Sender, badgr: BadgrSimulator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = connect(sender, badgr, name)
    (awarded,) = sender.award(name, "First Steps")
    sender.queue(number, [awarded])
    with sender.site.database.writing() as session:  # a proxy in between sends them elsewhere
        row = session.scalars(select(Assertion).filter_by(award_id=awarded)).one()
        kept, row.document_id = row.document_id, f"{sender.site.settings.base_url}/nowhere"
    sender.push()
    assert sender.states(number) == [("waiting", "fetch")]
    with sender.site.database.writing() as session:
        session.get_one(Assertion, row.id).document_id = kept
    sender.clock.move(hours=1)
    sender.push()
    assert sender.states(number) == [SENT]


def test_an_answer_that_nobody_understands_holds_up_no_other_badge(
    sender: Sender, badgr: BadgrSimulator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps", "Second Steps"))
    understand = badgr_adapter.Badgr.deliver
    answers = iter([ZeroDivisionError()])

    def deliver(*arguments: Any, **options: Any) -> Result:
        for error in answers:
            raise error
        return understand(*arguments, **options)

    monkeypatch.setattr(badgr_adapter.Badgr, "deliver", deliver)
    assert sender.push() == 2
    assert sender.states(number) == [("waiting", "broken"), SENT]


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "never-left"])
def test_what_nobody_ended_is_taken_again_after_its_lease_and_never_doubled(
    sender: Sender, badgr: BadgrSimulator, name: str, arrived: bool
) -> None:
    number = connect(sender, badgr, name)
    (awarded,) = sender.award(name, "First Steps")
    sender.queue(number, [awarded])
    work = begin(sender, number)
    if arrived:
        badgr.accounts[f"{name}@example.org"].badges[work.delivery.document_id] = {}
    assert sender.push() == 0
    sender.clock.move(seconds=attempts.LEASE.total_seconds() + 1)
    assert sender.push() == 1
    assert sender.states(number) == [SENT]
    assert len(own(badgr, name)) == 1


def test_a_badge_that_was_given_up_is_looked_for_before_it_is_handed_in_again(
    sender: Sender, name: str
) -> None:
    host = ConnectSimulator()
    with host.running():
        number = connect_host(sender, host, Kind.BADGE_CONNECT, name)
        (awarded,) = sender.award(name, "First Steps")
        sender.queue(number, [awarded])
        for _ in range(setbacks.MAX_ATTEMPTS):
            host.fail(500)
            sender.push()
            sender.clock.move(hours=7)
        assert sender.states(number) == [("refused", "broken")]
        # The last time it broke it had kept the badge.
        kept = host.accounts[f"{name}@example.org"].badges
        kept[documents(sender, awarded)[0]] = {}
        try_again(sender, number)
        sender.push()
        assert sender.states(number) == [SENT]
        assert own(host, name) == documents(sender, awarded)
