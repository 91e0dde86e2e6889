# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way to simulated backpacks, which fetch them from a site that is served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select

from issuer.adapters.backpacks import badgr as badgr_adapter
from issuer.adapters.backpacks.calls import Calls
from issuer.adapters.backpacks.hosts import discover
from issuer.adapters.backpacks.oauth import Client
from issuer.adapters.backpacks.results import Kind, Result
from issuer.adapters.backpacks.tokens import Tokens
from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.vault import Vault
from issuer.errors import BackpackLoginError, NotFoundError
from issuer.models import Assertion, Award, BackpackConnection, Push
from issuer.pushing import Pusher
from issuer.services import awards, backpacks, emails, erasing, persons, pushes
from tests.simulators import BadgrSimulator, ConnectSimulator, CredentialSimulator
from tests.simulators.site import Sender, sending_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.hosts import HostSimulator
    from tests.simulators.serving import Simulator

pytestmark = pytest.mark.slow

SENT, THERE, WAITING = ("sent", None), ("already-there", None), ("waiting", None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    with sending_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def sender(served: Sender) -> Iterator[Sender]:
    """The site that all tests here share; each has a person and a backpack of its own."""
    served.clock.now = datetime.now(UTC)
    yield served
    with served.site.database.writing() as session:
        session.execute(delete(BackpackConnection))


@pytest.fixture
def name() -> str:
    """Somebody of whom no other test knows."""
    return f"p{uuid4().hex[:12]}"


@pytest.fixture
def badgr() -> Iterator[BadgrSimulator]:
    simulated = BadgrSimulator()
    with simulated.running():
        yield simulated


def connect(sender: Sender, badgr: Simulator, name: str) -> int:
    email = f"{name}@example.org"
    badgr.account(email)
    return sender.connect(name, Kind.BADGR, badgr.url, Tokens(badgr.token(email)), email)


def renewable(badgr: Simulator, name: str) -> Tokens:
    badgr.renewals["renewal"] = f"{name}@example.org"
    return Tokens("stale", "renewal")


def connect_host(sender: Sender, host: HostSimulator, kind: Kind, name: str) -> int:
    """Connect a host as its login does, without the browser."""
    about = discover(GuardedFetcher(allow_loopback=True), kind, host.url, allow_loopback=True)
    with sender.site.database.writing() as session:
        vault = Vault(sender.site.settings)
        client = Client("id", "secret", "client_secret_basic", "")
        backpacks.keep_host(session, about, client, vault, redirect_url="x", now=sender.clock())
    email = f"{name}@example.org"
    host.account(email)
    return sender.connect(name, kind, host.url, Tokens(host.token(email)), email)


def own(badgr: Simulator, name: str) -> list[str]:
    return list(badgr.accounts[f"{name}@example.org"].badges)


def documents(sender: Sender, *award_ids: int) -> list[str]:
    with sender.site.database.reading() as session:
        statement = select(Assertion.document_id).where(Assertion.award_id.in_(award_ids))
        return list(session.scalars(statement))


def revoke(sender: Sender, *award_ids: int) -> None:
    with sender.site.database.writing() as session:
        for each in award_ids:
            awards.revoke(session, session.get_one(Award, each), "A mistake.", now=sender.clock())


def try_again(sender: Sender, number: int) -> None:
    """Press the button."""
    with sender.site.database.writing() as session:
        connection = session.get_one(BackpackConnection, number)
        pushes.retry(session, connection, now=sender.clock())


def begin(sender: Sender, number: int) -> pushes.Work:
    """Begin a push and die."""
    with sender.site.database.writing() as session:
        assert pushes.take(session, now=sender.clock()) == number
        work = pushes.begin(session, number, sender.site.keys, now=sender.clock())
        assert work is not None
        return work


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
    for _ in range(pushes.MAX_FAILURES):
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
    for _ in range(pushes.MAX_ATTEMPTS - 1):
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


def test_a_token_that_ended_is_renewed_and_the_badge_is_sent(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.connect(name, Kind.BADGR, badgr.url, renewable(badgr, name), f"{name}@example.org")
    sender.queue(number, sender.award(name, "First Steps"))
    sender.push()
    assert sender.states(number) == [SENT]
    assert "renewal" not in badgr.renewals


def test_without_an_access_that_lasts_badges_wait_for_their_owner(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps"))
    badgr.tokens.clear()
    sender.push()
    assert sender.states(number) == [WAITING]
    assert (sender.connection(number).tokens, sender.connection(number).last_error) == (
        None,
        backpacks.LOGIN,
    )
    sender.clock.move(days=3)
    assert sender.push() == 0
    email = f"{name}@example.org"
    tokens = Tokens(badgr.token(email))
    assert sender.connect(name, Kind.BADGR, badgr.url, tokens, email) == number
    sender.push()
    assert sender.states(number) == [SENT]


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
    sender.clock.move(seconds=pushes.LEASE.total_seconds() + 1)
    assert sender.push() == 1
    assert sender.states(number) == [SENT]
    assert len(own(badgr, name)) == 1


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
    sender.clock.move(seconds=pushes.LEASE.total_seconds() + 1)
    sender.push()
    assert sender.states(number) == [("withdrawn", "taken-back")]
    assert own(badgr, name) == []


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
        sender.clock.move(seconds=pushes.LEASE.total_seconds() + 1)
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


def test_one_process_works_on_a_backpack_at_a_time(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps"))
    begin(sender, number)
    with sender.site.database.writing() as session:
        assert pushes.take(session, now=sender.clock()) is None


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
        sender.clock.move(seconds=pushes.LEASE.total_seconds() + 1)
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
    for _ in range(pushes.MAX_FAILURES):
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
    for _ in range(pushes.MAX_ATTEMPTS):
        badgr.fail(500)
        assert sender.push() == 1
        sender.clock.move(hours=7)
    assert sender.states(number) == [("sent", "taken-back")]
    assert sender.push() == 0


def test_a_badge_that_was_given_up_is_looked_for_before_it_is_handed_in_again(
    sender: Sender, name: str
) -> None:
    host = ConnectSimulator()
    with host.running():
        number = connect_host(sender, host, Kind.BADGE_CONNECT, name)
        (awarded,) = sender.award(name, "First Steps")
        sender.queue(number, [awarded])
        for _ in range(pushes.MAX_ATTEMPTS):
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


def test_tokens_that_came_meanwhile_are_not_thrown_away(
    sender: Sender, badgr: BadgrSimulator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tests a backpack on its page renews the token as well as the worker does."""
    email = f"{name}@example.org"
    number = connect(sender, badgr, name)
    sender.connect(name, Kind.BADGR, badgr.url, renewable(badgr, name), email)
    sender.queue(number, sender.award(name, "First Steps"))

    def renewed_by_another(*_arguments: Any, **_options: Any) -> Tokens:
        tokens = Tokens(badgr.token(email))
        assert sender.connect(name, Kind.BADGR, badgr.url, tokens, email) == number
        raise BackpackLoginError("the renewal was used before")

    monkeypatch.setattr(badgr_adapter, "refreshed", renewed_by_another)
    sender.push()
    assert sender.states(number) == [SENT]
    assert sender.connection(number).last_error is None


def test_a_late_renewal_does_not_replace_the_tokens_of_a_new_login(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    read_before = sender.connection(number)
    sender.connect(name, Kind.BADGR, badgr.url, Tokens("new"), f"{name}@example.org")
    vault = Vault(sender.site.settings)
    with sender.site.database.writing() as session:
        backpacks.keep_tokens(session, read_before, Tokens("late"), vault)
    assert backpacks.tokens_of(sender.connection(number), vault).access == "new"


def test_a_token_without_the_right_is_told_from_an_account_without_an_address(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    email = f"{name}@example.org"
    tokens = Tokens(badgr.token(email, "r:profile r:backpack"))
    sender.connect(name, Kind.BADGR, badgr.url, tokens, email)
    sender.queue(number, sender.award(name, "First Steps"))
    sender.push()
    assert sender.states(number) == [("refused", "forbidden")]


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


@pytest.mark.parametrize("is_known", [True, False], ids=["forgot-us", "told-by-another"])
def test_where_a_host_forgot_this_site_its_owner_signs_in_and_it_is_registered_anew(
    sender: Sender, name: str, is_known: bool
) -> None:
    host, email = ConnectSimulator(), f"{name}@example.org"
    with host.running():
        number = connect_host(sender, host, Kind.BADGE_CONNECT, name)
        ended = Tokens("stale", "renewal")
        sender.connect(name, Kind.BADGE_CONNECT, host.url, ended, email)
        if not is_known:
            with sender.site.database.writing() as session:
                backpacks.forget_host(session, Kind.BADGE_CONNECT, host.url)
        sender.queue(number, sender.award(name, "First Steps"))
        sender.push()
        assert sender.states(number) == [WAITING]
        assert sender.connection(number).last_error == backpacks.LOGIN
        with sender.site.database.reading() as session, pytest.raises(NotFoundError):
            backpacks.find_host(session, Kind.BADGE_CONNECT, host.url)
