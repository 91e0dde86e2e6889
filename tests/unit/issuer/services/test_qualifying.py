# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import random
from datetime import timedelta
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.history.datanommer import Datanommer
from issuer.services import archive, keeping, qualifying
from issuer.services.grouping import OwnArchive
from issuer.services.keeping import Entry
from issuer.services.processing import Policy
from rules.engine import RuleSet
from rules.model import Message
from rules.pushing import grouped
from rules.recipients import resolve
from tests.issuing import NOW, make_rule
from tests.services import datanommer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from issuer.adapters.history.asking import Archive
    from issuer.site import Site
    from rules.model import Rule

POLICY = Policy(
    accounts=OpenAccounts(), skip_users=frozenset({"bodhi"}), email_domain="example.org"
)
NAMES = ("asha", "Boris", "chen", "bodhi")
TOPICS = tuple(f"org.example.prod.{name}" for name in ("wiki.edit", "wiki.new", "git.push"))
TRIGGERS = {
    "a topic": "{topic: wiki.edit}",
    "a category": "{category: wiki}",
    "a body": "{lambda: 'message.body[\"n\"] % 3 == 0'}",
    "a body that breaks": "{lambda: 'message.body[\"rare\"] > 0'}",
}
RECIPIENTS = ("message.usernames", "message.agent_name", "message.body['who']")
FILTERS = (
    "{users: [recipient], topics: [message.topic]}",
    "{agents: [recipient], topics: [message.topic]}",
    f"{{users: [recipient], topics: ['\"{TOPICS[0]}\"', '\"{TOPICS[2]}\"']}}",
    "{users: [recipient], not_packages: ['\"bash\"']}",
    "{users: '[recipient]', categories: ['\"wiki\"'], not_agents: ['\"CHEN\"']}",
    "{agents: [recipient], packages: ['\"bash\"', '\"kernel\"']}",
)


@cache
def rules() -> tuple[Rule, ...]:
    pairs = list(product(TRIGGERS.values(), RECIPIENTS))
    texts = [
        f"trigger: {trigger}\nrecipient: {recipient}\n"
        f"previous: {{filter: {FILTERS[n % len(FILTERS)]}, operation: count}}\n"
        f"condition: {{{('greater than or equal to: 3', 'greater than: 3.5')[n % 2]}}}\n"
        for place, (trigger, recipient) in enumerate(pairs)
        for n in range(place, place + 3)
    ]
    firsts = [
        f"trigger: {trigger}\nrecipient: {recipient}\n"
        for trigger, recipient in pairs
        if recipient != RECIPIENTS[-1]
    ]
    return tuple(make_rule(text) for text in [*texts, *firsts])


@cache
def messages() -> tuple[Message, ...]:
    chance = random.Random(11)  # noqa: S311 -- test data that has to be the same each time
    found = []
    for n in range(120):
        body = {"n": n, "who": chance.choice(NAMES)} | ({"rare": 1} if n % 20 == 19 else {})
        people = tuple(sorted(name.lower() for name in NAMES if chance.random() < 0.4))
        found.append(
            Message(
                id=f"m{n}",
                topic=chance.choice(TOPICS),
                body=body,
                sent_at=NOW + timedelta(minutes=n),
                agent_name=chance.choice((*NAMES, None)),
                usernames=people,
                packages=tuple(name for name in ("bash", "kernel") if chance.random() < 0.4),
            )
        )
    return tuple(found)


@cache
def earned(rule: Rule) -> dict[str, str]:
    """Return who gets the badge by which message, by looking at all before each of them."""
    every = messages()
    held: dict[str, str] = {}
    for place, message in enumerate(every):
        for decision in RuleSet([rule]).triggered(message):
            for name in resolve(
                rule, decision.candidates, POLICY.accounts, POLICY.skip_users
            ).usernames:
                query = rule.query(message, name)
                value = (
                    sum(query.matches(m, m.usernames) for m in every[: place + 1]) if query else 0
                )
                if query is None or rule.accepts(value):
                    held.setdefault(name.lower(), message.id)
    return held


def keep(site: Site, found: Sequence[Message]) -> None:
    with site.database.writing() as session:
        keeping.keep(session, [Entry.of(m, m.usernames) for m in found], now=NOW)


def fill(url: str, found: Sequence[Message]) -> Datanommer:
    records = [
        {
            "id": message.id,
            "topic": message.topic,
            "timestamp": message.sent_at.isoformat(),
            "body": message.body,
            "agent_name": message.agent_name,
            "usernames": message.usernames,
            "packages": message.packages,
        }
        for message in found
    ]
    datanommer.fill(datanommer.prepare(), url, records)
    return Datanommer(url)


def compare(site: Site, history: Datanommer | None = None) -> None:
    """Compare what grouped statements find of all rules with what each message earns."""
    until, total, by_topic = NOW + timedelta(minutes=70), 0, 0
    with site.database.reading() as session:
        for rule in rules():
            asked = grouped(rule)
            assert asked is not None
            archives: list[Archive] = [OwnArchive(session)]
            if history is not None:
                own = archive.ids_of(session, asked.counts, until=until)
                before = history.archive(until=until, without=own)
                assert before is not None
                archives.insert(0, before)
            hits = list(qualifying.qualified(asked, archives, POLICY, note=lambda: None))
            found = {hit.username.lower(): hit.message_id for hit in hits}
            assert found == earned(rule), rule.text
            assert [hit.earned_at for hit in hits] == sorted(hit.earned_at for hit in hits)
            total += len(hits)
            by_topic += asked.by_topic
    assert total > 100
    assert by_topic > 10


@pytest.mark.slow
def test_grouped_statements_find_what_each_message_earns(site: Site) -> None:
    every = messages()
    keep(site, every)
    compare(site)


def test_a_history_and_an_archive_are_counted_as_one(site: Site, datanommer_url: str) -> None:
    """Messages 60 to 69 came late: they are in both, and count where the archive has them."""
    every = messages()
    keep(site, every[60:])
    history = fill(datanommer_url, every[:80])
    compare(site, history)
    history.close()
