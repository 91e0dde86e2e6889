# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way to simulated backpacks, which fetch them from a site that is served."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.adapters.backpacks.calls import Calls
from issuer.adapters.backpacks.results import Kind
from issuer.adapters.backpacks.tokens import Tokens
from issuer.models import Award, BackpackConnection, Push
from issuer.pushing import Pusher
from issuer.services import attempts, backpacks, emails, erasing, persons, pushes
from tests.simulators import BadgrSimulator, ConnectSimulator, CredentialSimulator
from tests.unit.issuer.pushing.parts import (
    SENT,
    THERE,
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


@pytest.mark.parametrize("formerly", [False, True], ids=["version-2", "version-1"])
def test_badges_are_sent_known_again_and_refused_with_a_reason(
    sender: Sender, badgr: BadgrSimulator, name: str, formerly: bool
) -> None:
    badgr.formerly = formerly
    number = connect(sender, badgr, name)
    awarded = sender.award(name, "First Steps", "Second Steps")
    awarded += sender.award(name, "Short", expires_after=timedelta(days=1))
    badgr.accounts[f"{name}@example.org"].badges[documents(sender, awarded[1])[0]] = {}
    assert sender.queue(number, awarded) == 3
    assert sender.push() == 3
    assert sender.states(number) == [SENT, THERE, ("refused", "expired")]
    assert len(own(badgr, name)) == 2
    assert sender.queue(number, awarded) == 0
    assert sender.push() == 0


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"other@example.net": True}, ("refused", "recipient")),
        ({"other@example.net": True, "{name}@example.org": False}, ("sent", "pending")),
        ({"{name}@example.org": False}, ("refused", "account")),
    ],
    ids=["another-address", "unconfirmed-beside-another", "unconfirmed-alone"],
)
def test_what_the_account_there_knows_decides(
    sender: Sender,
    badgr: BadgrSimulator,
    name: str,
    known: dict[str, bool],
    expected: tuple[str, str],
) -> None:
    number = connect(sender, badgr, name)
    account = badgr.accounts[f"{name}@example.org"]
    account.emails = {email.format(name=name): is_known for email, is_known in known.items()}
    sender.queue(number, sender.award(name, "First Steps"))
    sender.push()
    assert sender.states(number) == [expected]


def test_a_badge_is_made_out_to_the_address_that_the_backpack_knows(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    home = f"{name}@example.net"
    with sender.site.database.writing() as session:
        person = persons.ensure(session, name, now=sender.clock())
        emails.add(session, person, home, now=sender.clock()).verified_at = sender.clock()
    badgr.account(home)
    number = sender.connect(name, Kind.BADGR, badgr.url, Tokens(badgr.token(home)), home)
    (awarded,) = sender.award(name, "First Steps")
    sender.queue(number, [awarded])
    sender.push()
    assert sender.states(number) == [SENT]
    with sender.site.database.reading() as session:
        public = session.scalars(select(Award).filter_by(id=awarded)).one().assertions
        sent = [each.document_id for each in public if not each.is_default]
    assert len(sent) == 1
    assert list(badgr.accounts[home].badges) == sent


def test_a_backpack_to_which_another_spelling_of_the_address_belongs_says_so(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    """Badgr compares letter by letter, and badges are made out to small letters."""
    number = connect(sender, badgr, name)
    account = badgr.accounts[f"{name}@example.org"]
    account.emails = {f"{name.upper()}@Example.org": True}
    sender.queue(number, sender.award(name, "First Steps"))
    sender.push()
    assert sender.states(number) == [("refused", "recipient")]
    account.emails[f"{name}@example.org"] = True  # another spelling, added there
    try_again(sender, number)
    sender.push()
    assert sender.states(number) == [SENT]


def test_new_badges_follow_by_themselves_where_their_owner_wants_it(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.award(name, "First Steps")
    with sender.site.database.writing() as session:
        person = persons.find(session, name)
        backpacks.change(session, person, number, address=None, automatic=True)
    sender.award(name, "Second Steps")
    sender.push()
    assert sender.states(number) == [SENT]


@pytest.mark.parametrize("as_badgr", [False, True], ids=["specification", "badgr"])
def test_a_host_of_badge_connect_gets_each_badge_once(
    sender: Sender, name: str, as_badgr: bool
) -> None:
    host = ConnectSimulator(as_badgr=as_badgr)
    with host.running():
        number = connect_host(sender, host, Kind.BADGE_CONNECT, name)
        awarded = sender.award(name, "First Steps", "Second Steps")
        awarded += sender.award(name, "Short", expires_after=timedelta(days=1))
        sender.queue(number, awarded)
        work = begin(sender, number)  # and it arrived
        host.accounts[f"{name}@example.org"].badges[work.delivery.document_id] = {}
        sender.clock.move(seconds=attempts.LEASE.total_seconds() + 1)
        sender.push()
        assert sender.states(number) == [SENT, SENT, ("refused", "expired")]
        assert sorted(own(host, name)) == sorted(documents(sender, *awarded[:2]))


@pytest.mark.parametrize("proof", ["any", "jwt"])
def test_a_host_of_version_3_replaces_what_it_has(sender: Sender, name: str, proof: str) -> None:
    host = CredentialSimulator()
    host.proof = proof
    with host.running():
        number = connect_host(sender, host, Kind.OB3, name)
        awarded = sender.award(name, "First Steps", "Second Steps")
        sender.queue(number, awarded[:1])
        sender.push()
        with sender.site.database.writing() as session:
            session.scalars(select(Push).filter_by(connection_id=number)).one().state = "waiting"  # type: ignore[assignment]  # as its column holds it
            connection = session.get_one(BackpackConnection, number)
            pushes.retry(session, connection, now=sender.clock())
        sender.queue(number, awarded[1:])
        sender.push()
        assert sender.states(number) == [THERE, SENT]
        assert len(own(host, name)) == 2


def test_one_process_works_on_a_backpack_at_a_time(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps"))
    begin(sender, number)
    with sender.site.database.writing() as session:
        assert attempts.take(session, now=sender.clock()) is None


def test_who_is_told_to_stop_stops_after_the_badge_in_hand(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps", "Second Steps"))
    tried: list[str] = badgr.asked
    pusher = Pusher(
        sender.site,
        Calls(allow_loopback=True),
        clock=sender.clock,
        rest=lambda _seconds: None,
        is_stopped=lambda: any("import" in each for each in tried),
    )
    pusher.push()
    assert sender.states(number) == [SENT, WAITING]


@pytest.mark.parametrize("policy", ["anonymise", "revoke"])
def test_whoever_is_erased_leaves_no_backpack_and_no_way_to_it(
    sender: Sender, badgr: BadgrSimulator, name: str, policy: erasing.Policy
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps", "Second Steps"))
    sender.push()
    with sender.site.database.writing() as session:
        erasing.erase(session, persons.find(session, name), policy, now=sender.clock())
    assert sender.states(number) == []
    with sender.site.database.reading() as session:
        assert session.get(BackpackConnection, number) is None
    assert sender.push() == 0
