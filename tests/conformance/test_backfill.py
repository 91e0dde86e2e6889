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
from sqlalchemy import select

from issuer.adapters.accounts import ListedAccounts
from issuer.adapters.history.datanommer import Datanommer
from issuer.adapters.messages import Incoming, from_record
from issuer.adapters.pictures import read_picture
from issuer.config import Settings
from issuer.intake import MAX_GROUP, Intake, policy_of
from issuer.models import Award, Badge, Person
from issuer.services import archive, collections, keeping, qualifying
from issuer.services.grouping import OwnArchive
from issuer.services.keeping import Entry
from issuer.services.replaying import groups
from rules.loader import compile_text
from rules.pushing import grouped
from tests.issuing import NOW, RED, make_issuer, make_site
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


@pytest.fixture(scope="module")
def policy() -> Policy:
    accounts = ListedAccounts.read(shared_path("data/messages/settings.json"))
    site_policy = policy_of(Settings(), accounts)
    return replace(site_policy, plugins=())


@pytest.fixture(scope="module")
def earned(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Earned:
    """Return what the rules give while the messages come one after the other."""
    home = tmp_path_factory.mktemp("live")
    site = make_site(home, f"sqlite:///{home / 'live.db'}")
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        collections.sync(session, list(rules()), issuer, site.objects, picture, now=NOW)
    intake = Intake(site, policy)
    for group in groups(stream(), MAX_GROUP):
        intake.handle_group([Incoming(m, m.usernames) for m in group], now=NOW)
    found: Earned = {}
    statement = select(Badge.slug, Person.key, Award.cause_id).join(Award.badge).join(Award.person)
    with site.database.reading() as session:
        for slug, name, message in session.execute(statement):
            found.setdefault(slug, set()).add((name, str(message)))
    site.database.dispose()
    return found


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


def grouped_awards(site: Site, policy: Policy, history: Datanommer | None = None) -> Earned:
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
            hits = list(qualifying.qualified(asked, archives, policy, note=lambda: None))
            sent = {message.id: message.sent_at for message in stream()}
            assert all(hit.earned_at == sent[hit.message_id] for hit in hits)
            found[rule.slug] = {(hit.username.lower(), hit.message_id) for hit in hits}
    return found


def test_grouped_statements_find_what_each_message_would_have_earned(
    site: Site, policy: Policy, earned: Earned
) -> None:
    keep(site, list(stream()))
    found = grouped_awards(site, policy)
    assert len(found) > 100
    assert found == {slug: earned.get(slug, set()) for slug in found}
    assert sum(map(len, found.values())) > 100


def test_so_do_those_of_a_history_and_an_archive_that_share_messages(
    site: Site, policy: Policy, earned: Earned, datanommer_url: str
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
    found = grouped_awards(site, policy, history)
    assert found == {slug: earned.get(slug, set()) for slug in found}
    history.close()
