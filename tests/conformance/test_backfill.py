# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real rules over a stream of real messages: grouped statements find what the messages earned."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.accounts import ListedAccounts
from issuer.adapters.history.datanommer import Datanommer
from issuer.adapters.messages import from_record
from issuer.config import Settings
from issuer.intake import MAX_GROUP, policy_of
from issuer.services import archive, keeping, qualifying
from issuer.services.grouping import OwnArchive
from issuer.services.keeping import Entry
from issuer.services.replaying import groups
from rules.engine import RuleSet
from rules.loader import compile_text
from rules.pushing import grouped
from rules.recipients import resolve
from tests.issuing import NOW, make_site
from tests.services import datanommer
from tests.shared import shared_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.services.processing import Policy
    from issuer.site import Site
    from rules.model import Message, Rule

    Earned = dict[str, set[tuple[str, str]]]  # by rule: who, by which message

#: The history ends here, and the archive begins.
DIVIDE = NOW - timedelta(days=9) + timedelta(seconds=150)
NUMBER = re.compile(r"(greater than or equal to: )(\d+)")


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules with numbers that the stream reaches."""
    loaded = []
    for path in sorted(shared_path("data/rules/rules-v2").glob("*.yml")):
        text = NUMBER.sub(lambda said: said[1] + str(1 + int(said[2]) % 4), path.read_text("utf-8"))
        rule = compile_text(text, source=path.name).rule
        assert rule is not None
        loaded.append(rule)
    return tuple({rule.slug: rule for rule in loaded}.values())


@cache
def stream() -> tuple[Message, ...]:
    """Return the messages in the order of their times, each once; the archive's people are all."""
    found: dict[str, Message] = {}
    for line in shared_path("data/messages/stream.jsonl").read_text("utf-8").splitlines():
        incoming = from_record(json.loads(line))
        users = tuple(sorted({name.lower() for name in incoming.users}))
        found.setdefault(incoming.message.id, replace(incoming.message, usernames=users))
    in_order = sorted(found.values(), key=lambda message: (message.sent_at, message.id))
    # Of one moment the order is not known: a second apart, it is.
    return tuple(
        replace(message, sent_at=NOW - timedelta(days=9) + timedelta(seconds=n))
        for n, message in enumerate(in_order)
    )


@cache
def policy() -> Policy:
    return policy_of(Settings(), ListedAccounts.read(shared_path("data/messages/settings.json")))


@cache
def earned(rule: Rule) -> set[tuple[str, str]]:
    """Return who gets the badge by which message, by looking at all before each of them."""
    held: dict[str, str] = {}
    for place, message in enumerate(stream()):
        for decision in RuleSet([rule]).triggered(message):
            for name in resolve(
                rule, decision.candidates, policy().accounts, policy().skip_users
            ).usernames:
                if name.lower() in held:
                    continue
                query = rule.query(message, name)
                before = stream()[: place + 1]
                value = sum(query.matches(m, m.usernames) for m in before) if query else 0
                if query is None or rule.accepts(value):
                    held[name.lower()] = message.id
    return set(held.items())


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, database_url)
    yield made
    made.database.dispose()


def keep(site: Site, messages: list[Message]) -> None:
    with site.database.writing() as session:
        entries = [Entry.of(message, message.usernames) for message in messages]
        for group in groups(entries, MAX_GROUP):
            keeping.keep(session, list(group), now=NOW)


def grouped_awards(site: Site, history: Datanommer | None = None) -> Earned:
    found: Earned = {}
    with site.database.reading() as session:
        for rule in rules():
            asked = grouped(rule)
            if asked is None:
                continue
            archives = [OwnArchive(session)]
            if history is not None:
                own = archive.ids_of(session, asked.counts, until=DIVIDE)
                archives.insert(0, history.archive(until=DIVIDE, without=own))
            hits = list(qualifying.qualified(asked, archives, policy(), note=lambda: None))
            sent = {message.id: message.sent_at for message in stream()}
            assert all(hit.earned_at == sent[hit.message_id] for hit in hits)
            found[rule.slug] = {(hit.username.lower(), hit.message_id) for hit in hits}
    return found


def test_grouped_statements_find_what_each_message_would_have_earned(
    site: Site,
) -> None:
    keep(site, list(stream()))
    found = grouped_awards(site)
    assert len(found) > 100
    assert found == {rule.slug: earned(rule) for rule in rules() if rule.slug in found}
    assert sum(map(len, found.values())) > 50


def test_so_do_those_of_a_history_and_an_archive_that_share_messages(
    site: Site, datanommer_url: str
) -> None:
    before = [message for message in stream() if message.sent_at < DIVIDE]
    keep(site, [message for message in stream() if message.sent_at >= DIVIDE])
    datanommer.fill(
        datanommer.prepare(),
        datanommer_url,
        [
            {
                "id": message.id,
                "topic": message.topic,
                "timestamp": message.sent_at.isoformat(),
                "body": message.body,
                "agent_name": message.agent_name,
                "usernames": message.usernames,
                "packages": message.packages,
            }
            for message in [*before, *stream()[-20:]]
        ],
    )
    history = Datanommer(datanommer_url)
    found = grouped_awards(site, history)
    assert found == {rule.slug: earned(rule) for rule in rules() if rule.slug in found}
    history.close()
