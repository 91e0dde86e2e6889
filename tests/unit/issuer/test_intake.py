# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from issuer.adapters.accounts import ListedAccounts
from issuer.adapters.directories import DirectoryAccounts
from issuer.adapters.fasjson import FasJson
from issuer.adapters.messages import Incoming, from_record
from issuer.adapters.pictures import read_picture
from issuer.adapters.remembering import Memory
from issuer.config import Settings
from issuer.errors import AccountsAwayError, InvalidInputError
from issuer.intake import Intake, policy_of
from issuer.models import (
    ArchivedMessage,
    Award,
    Counter,
    OutboxMessage,
    PendingDecision,
    Rule,
)
from issuer.services import collections, python_badges
from rules.plugins import collect
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site
from tests.services.fasjson import FasJsonSimulator, Fault, fasjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from issuer.adapters.history.asking import History
    from issuer.site import Site
    from rules.model import Message

RULE = "trigger: {topic: wiki.edit}\nrecipient: message.usernames\n"
COUNTED = RULE + (
    "previous: {filter: {topics: [message.topic], users: [recipient]}, operation: count}\n"
    "condition: {greater than or equal to: 2}\n"
)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, database_url, email_domain="example.org")
    load(made, COUNTED)
    yield made
    made.database.dispose()


def load(site: Site, text: str) -> None:
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        collections.sync(session, [make_rule(text)], issuer, site.objects, picture, now=NOW)


def incoming(number: int, *users: str) -> Incoming:
    record: dict[str, Any] = {
        "id": f"m{number}",
        "topic": "org.example.prod.wiki.edit",
        "body": {},
        "timestamp": NOW.isoformat(),
        "agent_name": None,
        "usernames": list(users),
        "packages": [],
    }
    return from_record(record)


def count(site: Site, table: type) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_each_message_is_a_transaction_of_its_own(site: Site) -> None:
    intake = Intake(site, policy_of(site.settings))
    for number in (1, 2):
        processed = intake.handle(incoming(number, "asha"), now=NOW)
    assert [given.person.username for given in processed.given] == ["asha"]
    assert [count(site, table) for table in (ArchivedMessage, Award, OutboxMessage)] == [2, 1, 2]


def test_a_database_error_leaves_nothing_of_the_message(site: Site) -> None:
    intake = Intake(site, policy_of(site.settings))
    intake.handle(incoming(1, "asha"), now=NOW)
    with site.database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE outbox RENAME TO elsewhere")
    with pytest.raises(Exception, match="outbox") as caught:
        intake.handle(incoming(2, "asha"), now=NOW)
    assert isinstance(caught.value, OperationalError) or "Undefined" in str(caught.value)
    assert [count(site, table) for table in (ArchivedMessage, Award)] == [1, 0]
    with site.database.reading() as session:
        assert session.scalars(select(Counter.value)).all() == [1]


def test_a_group_is_one_transaction(site: Site) -> None:
    intake = Intake(site, policy_of(site.settings))
    group = [incoming(1, "asha"), incoming(2, "asha", "boris"), incoming(2, "asha")]
    first, second, third = intake.handle_group(group, now=NOW)
    assert first.given == []
    assert [given.person.username for given in second.given] == ["asha"]
    assert third.duplicate
    assert [count(site, table) for table in (ArchivedMessage, Award, OutboxMessage)] == [2, 1, 2]


def test_messages_in_any_order_and_with_any_clock_are_counted_once_and_never_award_in_the_future(
    site: Site,
) -> None:
    times = [NOW - timedelta(days=365), NOW + timedelta(hours=1), NOW, NOW - timedelta(days=2)]
    messages = [
        replace(one, message=replace(one.message, sent_at=at))
        for one, at in zip([incoming(number, "asha") for number in range(4)], times, strict=True)
    ]
    intake = Intake(site, policy_of(site.settings))
    given = []
    for order in ([1, 3, 0, 2], [0, 1, 2, 3], [3, 2, 1, 0]):
        given += [len(intake.handle(messages[each], now=NOW).given) for each in order]
    assert given == [0, 1] + [0] * 10
    with site.database.reading() as session:
        assert session.scalars(select(Counter.value)).all() == [4]
        assert session.scalars(select(Award.issued_at)).all() == [times[3]]
    late = Intake(site, policy_of(site.settings))
    late.handle(incoming(7, "boris"), now=NOW)
    ahead = incoming(8, "boris")
    late.handle(replace(ahead, message=replace(ahead.message, sent_at=times[1])), now=NOW)
    with site.database.reading() as session:
        assert set(session.scalars(select(Award.issued_at))) == {times[3], NOW}


def test_of_a_group_that_fails_the_others_are_taken_one_by_one(
    site: Site,
) -> None:
    intake = Intake(site, policy_of(site.settings))
    broken = incoming(2, "asha")
    broken.message.body["half"] = "\ud800"  # no adapter lets it pass, no database keeps it
    with pytest.raises(ValueError, match="surrogates not allowed"):
        intake.handle_group([incoming(1, "asha"), broken, incoming(3, "asha")], now=NOW)
    assert count(site, ArchivedMessage) == 1


def test_a_group_has_its_limit(site: Site) -> None:
    group = [incoming(number) for number in range(101)]
    with pytest.raises(InvalidInputError, match="too many"):
        Intake(site, policy_of(site.settings)).handle_group(group, now=NOW)


def test_the_rules_are_those_of_its_beginning(site: Site) -> None:
    intake = Intake(site, policy_of(site.settings))
    load(site, RULE)
    assert intake.handle(incoming(1, "asha"), now=NOW).given == []
    again = Intake(site, policy_of(site.settings))
    assert len(again.handle(incoming(2, "boris"), now=NOW).given) == 1


def test_a_rule_that_this_version_cannot_read_stops_no_other(site: Site) -> None:
    with site.database.writing() as session:
        rule = session.scalars(select(Rule)).one()
        rule.revisions[-1].text = "trigger: {unknown: word}"
    assert len(Intake(site, policy_of(site.settings)).ruleset.rules) == 0


def test_admins_see_a_rule_that_this_version_cannot_read(site: Site) -> None:
    with site.database.writing() as session:
        session.scalars(select(Rule)).one().revisions[-1].text = "trigger: {unknown: word}"
    Intake(site, policy_of(site.settings))
    with site.database.reading() as session:
        assert session.scalars(select(Rule.last_failure)).one()


NICKS = "trigger: {topic: wiki.edit}\nrecipient: message.usernames\nrecipient_nick2fas: Yes\n"
TRIGGERS = f"{NICKS}condition: {{greater than or equal to: 3}}\n"


@pytest.fixture
def directory() -> Iterator[FasJsonSimulator]:
    with fasjson() as made:
        made.add("asha", ircnicks=["irc:/asha_irc"])
        made.add("boris", ircnicks=["irc:/boris_irc"])
        yield made


@pytest.fixture
def asking(site: Site, directory: FasJsonSimulator) -> Iterator[Intake]:
    """What takes messages of a site that asks a directory."""
    load(site, NICKS)
    accounts = DirectoryAccounts(
        FasJson(directory.url, back_off=0), Memory(seconds=60, missing_seconds=60)
    )
    yield Intake(site, replace(policy_of(site.settings), accounts=accounts))


def writes(site: Site, seen: list[str]) -> Callable[[object], None]:
    """Return what writes to the database, as soon as nobody has locked it."""

    def write(_: object) -> None:
        with site.database.writing() as session:
            session.connection().exec_driver_sql("UPDATE rules SET failures = failures")
        seen.append("written")

    return write


def test_nothing_is_locked_while_a_directory_is_asked(
    site: Site, asking: Intake, directory: FasJsonSimulator
) -> None:
    seen: list[str] = []
    directory.changes = writes(site, seen)
    first = asking.handle(incoming(1, "asha_irc", "nobody"), now=NOW)
    (second,) = asking.handle_group([incoming(2, "boris_irc")], now=NOW)
    assert [given.person.username for given in first.given + second.given] == ["asha", "boris"]
    assert first.dropped == [("nobody", "no account has this nick")]
    assert len(seen) == len(directory.asked) > 0
    directory.asked.clear()
    asking.handle(incoming(3, "asha_irc", "boris_irc"), now=NOW)
    assert directory.asked == []


def test_who_once_triggered_a_rule_is_asked_for_without_a_lock_too(
    site: Site, asking: Intake, directory: FasJsonSimulator
) -> None:
    Intake(site, policy_of(site.settings)).handle_group(
        [incoming(number, "asha_irc", "boris_irc", "nobody") for number in (1, 2)], now=NOW
    )
    load(site, TRIGGERS)
    asking.refresh()
    seen: list[str] = []
    directory.changes = writes(site, seen)
    processed = asking.handle(incoming(3, "asha_irc"), now=NOW)
    assert [given.person.username for given in processed.given] == ["asha"]
    assert directory.asked_for("boris_irc") == directory.asked_for("nobody") == 2
    assert len(seen) == len(directory.asked)
    with site.database.reading() as session:
        counted = session.scalars(select(Counter.value).where(Counter.person_key == "boris"))
        assert counted.all() == [2]


class Before:
    """A history of a few messages; the directory is asked about their people, too."""

    def __init__(self, *told: Incoming) -> None:
        self._told = told

    def messages(self, *_: object, **__: object) -> Iterator[Message]:
        for each in self._told:
            yield each.message

    def close(self) -> None:
        """Nothing is open."""


def test_people_of_a_history_are_asked_for_without_a_lock_too(
    site: Site, asking: Intake, directory: FasJsonSimulator
) -> None:
    load(site, TRIGGERS)
    before = Before(*(incoming(number, "boris_irc") for number in (1, 2)))
    policy = replace(policy_of(site.settings), accounts=asking.accounts)
    intake = Intake(site, policy, history=cast("History", before))
    seen: list[str] = []
    directory.changes = writes(site, seen)
    intake.handle(incoming(3, "asha_irc"), now=NOW)
    (given,) = intake.handle(incoming(4, "boris_irc"), now=NOW).given
    assert given.person.username == "boris"
    assert len(seen) == len(directory.asked) > 0


def test_an_event_of_somebody_unknown_to_the_directory_earns_nothing(
    asking: Intake, directory: FasJsonSimulator
) -> None:
    directory.add("carla", ircnicks=["irc:/carla_irc"])
    earned = asking.record("wiki.edit", user="carla_irc", now=NOW)
    assert [given.person.username for given in earned.given] == ["carla"]
    assert asking.record("wiki.edit", user="nobody", now=NOW).given == []


def test_while_the_directory_is_away_nothing_of_a_message_is_kept(
    site: Site, asking: Intake, directory: FasJsonSimulator
) -> None:
    asking.handle(incoming(1, "asha_irc"), now=NOW)
    directory.lasting["v1"] = Fault(503)
    with pytest.raises(AccountsAwayError):
        asking.handle(incoming(2, "boris_irc"), now=NOW)
    with pytest.raises(AccountsAwayError):
        asking.handle_group([incoming(3, "asha_irc"), incoming(4, "boris_irc")], now=NOW)
    with pytest.raises(AccountsAwayError):
        asking.record("wiki.edit", user="boris_irc", now=NOW)
    asking.handle(incoming(5, "asha_irc"), now=NOW)  # who was known still is
    assert count(site, ArchivedMessage) == 2
    with site.database.reading() as session:
        assert session.scalars(select(Rule.failures)).all() == [0]


class Later:
    slug = "later"
    levels = ("Later",)
    events = ("talk.held",)
    background = True

    def award(self, state: dict[str, Any]) -> int | None:
        return 1 if state["talks"] > 0 else None


def with_plugin(site: Site, **settings: Any) -> Intake:
    policy = replace(policy_of(site.settings), plugins=collect([("later", Later)]).badges)
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        python_badges.sync(session, policy.plugins, issuer, site.objects, picture, now=NOW)
    changed = site.settings.model_copy(update=settings)
    return Intake(replace(site, settings=changed), policy)


def test_without_a_broker_decisions_for_later_are_made_at_once(site: Site) -> None:
    with_plugin(site).record("talk.held", user="asha", now=NOW, talks=1)
    assert [count(site, table) for table in (PendingDecision, Award)] == [0, 1]


def test_with_a_broker_they_wait_for_a_worker(site: Site) -> None:
    intake = with_plugin(site, broker_url="amqp://broker.example.org")
    intake.record("talk.held", user="asha", now=NOW, talks=1)
    assert [count(site, table) for table in (PendingDecision, Award)] == [1, 0]
    assert intake.decide_pending(now=NOW) == 1
    assert [count(site, table) for table in (PendingDecision, Award)] == [0, 1]


def test_rules_see_an_event_as_a_message(site: Site) -> None:
    intake = Intake(site, policy_of(site.settings))
    given = [
        awarded.person.username
        for _ in range(2)
        for awarded in intake.record("wiki.edit", user="asha", now=NOW).given
    ]
    assert given == ["asha"]


def test_the_policy_is_that_of_the_settings() -> None:
    settings = Settings(
        skip_users=("Bodhi", "koji"), email_domain="x.org", message_url="https://m/{id}"
    )
    policy = policy_of(settings)
    assert policy.skip_users == {"bodhi", "koji"}
    assert policy.email_domain == "x.org"
    assert policy.accounts.email("asha@x.org") == "asha"
    assert policy.cause_url(incoming(1).message) == "https://m/m1"
    assert policy_of(Settings()).cause_url(incoming(1).message) is None


def test_a_list_of_accounts_brings_its_own_skipped_users() -> None:
    accounts = ListedAccounts({"config": {"skip_users": ["Zod"]}, "opted_out": ["Olga"]})
    policy = policy_of(Settings(skip_users=("bodhi",)), accounts)
    assert policy.skip_users == {"zod", "olga"}
    assert policy.accounts is accounts


def test_the_address_of_a_message_is_an_address_whatever_its_id() -> None:
    record = {"id": 'a b"/../?#', "topic": "a.b.c.d", "body": {}, "timestamp": 1}
    policy = policy_of(Settings(message_url="https://m.example.org/{id}"))
    url = policy.cause_url(from_record(record).message)
    assert url == "https://m.example.org/a%20b%22%2F..%2F%3F%23"
