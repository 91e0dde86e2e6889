# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that are revoked before, while and after they go to a backpack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.adapters.backpacks.results import Kind
from issuer.services import attempts, setbacks
from tests.simulators import BadgrSimulator, ConnectSimulator
from tests.unit.issuer.pushing.parts import (
    SENT,
    begin,
    connect,
    connect_host,
    documents,
    own,
    revoke,
    try_again,
)

if TYPE_CHECKING:
    from tests.simulators.site import Sender

pytestmark = pytest.mark.slow


def test_a_revoked_badge_is_withdrawn_where_that_can_be_asked(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    awarded = sender.award(name, "First Steps", "Second Steps", "Third Steps")
    sender.queue(number, awarded[:2])
    sender.push()
    sender.queue(number, awarded[2:])
    revoke(sender, *awarded[1:])
    sender.push()
    gone = ("withdrawn", "taken-back")
    assert sender.states(number) == [SENT, gone, gone]
    assert own(badgr, name) == documents(sender, awarded[0])


def test_a_badge_revoked_on_its_way_is_withdrawn_when_it_arrived(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    (awarded,) = sender.award(name, "First Steps")
    sender.queue(number, [awarded])
    work = begin(sender, number)
    badgr.accounts[f"{name}@example.org"].badges[work.delivery.document_id] = {
        "entityId": "e",
        "openBadgeId": work.delivery.document_id,
    }
    revoke(sender, awarded)
    sender.clock.move(seconds=attempts.LEASE.total_seconds() + 1)
    sender.push()
    assert sender.states(number) == [("withdrawn", "taken-back")]
    assert own(badgr, name) == []


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "never-left"])
def test_a_revoked_badge_is_never_handed_in_again_to_see_whether_it_arrived(
    sender: Sender, name: str, arrived: bool
) -> None:
    host = ConnectSimulator()
    with host.running():
        number = connect_host(sender, host, Kind.BADGE_CONNECT, name)
        (awarded,) = sender.award(name, "First Steps")
        sender.queue(number, [awarded])
        work = begin(sender, number)
        if arrived:
            host.accounts[f"{name}@example.org"].badges[work.delivery.document_id] = {}
        revoke(sender, awarded)
        sender.clock.move(seconds=attempts.LEASE.total_seconds() + 1)
        sender.push()
        assert "POST /ims/ob/v2p1/assertions" not in host.asked
        state = "sent" if arrived else "withdrawn"
        assert sender.states(number) == [(state, "taken-back")]


def test_a_badge_that_could_not_be_removed_for_days_stays_and_is_no_refused_one(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    awarded = sender.award(name, "First Steps", "Second Steps")
    sender.queue(number, awarded[:1])
    sender.push()
    revoke(sender, awarded[0])
    sender.queue(number, awarded[1:])
    for _ in range(setbacks.MAX_FAILURES):
        badgr.fail(503)
        assert sender.push() == 1
        sender.clock.move(hours=7)
    assert sender.states(number) == [("sent", "taken-back"), ("refused", "away")]
    try_again(sender, number)
    sender.push()
    assert sender.states(number) == [("sent", "taken-back"), SENT]


def test_a_badge_whose_removal_breaks_again_and_again_stays(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    (awarded,) = sender.award(name, "First Steps")
    sender.queue(number, [awarded])
    sender.push()
    revoke(sender, awarded)
    for _ in range(setbacks.MAX_ATTEMPTS):
        badgr.fail(500)
        assert sender.push() == 1
        sender.clock.move(hours=7)
    assert sender.states(number) == [("sent", "taken-back")]
    assert sender.push() == 0
