# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.models import ArchivedMessage, Counter, MessagePackage, MessageUser
from issuer.services import processing, retention
from tests.issuing import NOW, make_rule
from tests.unit.issuer.services.counting import FILTERS, POLICY, feed, load, stream

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site
    from rules.engine import RuleSet

LATER = NOW + timedelta(hours=2)
#: Filters that ask for one person, and else for constants.
PERSONAL = (
    "user and topic",
    "user",
    "user, two topics",
    "category",
    "another category",
    "agent and topic",
    "user of a package",
    "no kernel",
)
EDITS = "trigger: {topic: wiki.edit}\nrecipient: message.usernames\n"


def prune(session: Session, ruleset: RuleSet) -> dict[str, str]:
    """Let everything go that may; return the topics that stay, with reasons."""
    planned = retention.plan(session, ruleset.rules, before=LATER)
    last: int | None = 0
    while last is not None:
        _, last = retention.prune(session, planned, before=LATER, after=last, now=LATER)
    return planned.kept


def size(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ArchivedMessage)) or 0


def history(session: Session, ruleset: RuleSet, *, pruned: bool) -> list[tuple[int, set[str]]]:
    """Process two streams, and let the first one go between them; return who got what when."""
    awarded = []
    for seed, number in ((1, 60), (2, 60)):
        for place, (message, users) in enumerate(stream(seed, number)):
            result = processing.process(session, message, ruleset, POLICY, users=users, now=NOW)
            names = {f"{given.badge.slug} {given.person.key}" for given in result.given}
            awarded.append((place, names))
        if pruned and seed == 1:
            assert prune(session, ruleset) == {}
            for table in (ArchivedMessage, MessageUser, MessagePackage):
                assert session.scalar(select(func.count()).select_from(table)) == 0
    return awarded


@pytest.mark.slow
def test_no_count_is_lost_with_the_messages(session: Session, site: Site) -> None:
    # Edits alone trigger: most messages are counted without anybody having asked for a counter.
    texts = [
        f"{EDITS}previous: {{filter: {FILTERS[name]}, operation: count}}\n"
        f"condition: {{greater than or equal to: {limit}}}\n"
        for name in PERSONAL
        for limit in (5, 9, 19, 29)
    ]
    ruleset = load(session, site, texts)
    savepoint = session.begin_nested()
    expected = history(session, ruleset, pruned=False)
    savepoint.rollback()
    session.expire_all()
    session.info.pop("own_topics", None)
    later = {name.partition(" ")[0] for _, names in expected[60:] for name in names}
    assert len(later) > len(texts) // 2
    assert history(session, ruleset, pruned=True) == expected


def test_what_a_rule_needs_stays_and_the_rule_is_named(session: Session, site: Site) -> None:
    edits = "{users: [recipient], topics: [message.topic]}"
    rows = f"previous: {{filter: {edits}, operation: {{lambda: 'len(results)'}}}}\n"
    cases = {
        f"{rows}condition: {{greater than: 3}}\n": "its operation reads rows",
        "previous: {filter: {topics: [message.topic]}, operation: count}\n"
        "condition: {greater than: 3}\n": "it does not count for one person at a time",
        f"previous: {{filter: {edits}, operation: count}}\n"
        "condition: {equal to: 3}\n": "it does not count for one person at a time",
        "condition: {greater than: 3}\n": "it did not count yet who triggered it",
    }
    for text, reason in cases.items():
        rules = [make_rule(EDITS + text)]
        verdict = retention.judge(session, rules, "org.example.prod.wiki.edit")
        assert verdict.reason == f"the rule first-steps needs them: {reason}"
        assert retention.judge(session, rules, "org.example.prod.git.push").reason == ""
    ruleset = load(session, site, [EDITS + next(iter(cases))])
    feed(session, ruleset, 1)
    feed(session, ruleset, 2, topic="org.example.prod.git.push")
    assert list(prune(session, ruleset)) == ["org.example.prod.wiki.edit"]
    assert size(session) == 1


def test_triggers_that_were_counted_need_no_messages(session: Session, site: Site) -> None:
    ruleset = load(session, site, [f"{EDITS}condition: {{greater than or equal to: 3}}\n"])
    for number in (1, 2):
        feed(session, ruleset, number)
    assert prune(session, ruleset) == {}
    assert size(session) == 0
    assert len(feed(session, ruleset, 3).given) == 1


def test_what_came_late_or_is_young_stays(session: Session, site: Site) -> None:
    ruleset = load(session, site, [])
    feed(session, ruleset, 1)
    planned = retention.plan(session, ruleset.rules, before=NOW)
    assert (planned.open, planned.kept) == ({}, {})
    assert retention.prune(session, planned, before=NOW, after=0, now=NOW) == (0, None)
    assert size(session) == 1


def test_a_message_that_is_counted_for_nobody_makes_no_counter(
    session: Session, site: Site
) -> None:
    asked = f"previous: {{filter: {FILTERS['user and topic']}, operation: count}}\n"
    ruleset = load(session, site, [f"{EDITS}{asked}condition: {{greater than: 3}}\n"])
    feed(session, ruleset, 1, topic="org.example.prod.git.push")
    assert prune(session, ruleset) == {}
    assert session.scalar(select(func.count()).select_from(Counter)) == 0


@pytest.mark.parametrize("name", ["user", "agent and two topics"])
def test_what_counts_before_anybody_asked_is_not_lost(
    session: Session, site: Site, name: str
) -> None:
    topics = '"org.example.prod.wiki.edit"', '"org.example.prod.git.push"'
    asked = "{users: [recipient]}"
    if name != "user":
        asked = f"{{agents: [recipient], topics: ['{topics[0]}', '{topics[1]}']}}"
    ruleset = load(
        session,
        site,
        [
            f"{EDITS}previous: {{filter: {asked}, operation: count}}\n"
            "condition: {greater than or equal to: 4}\n"
        ],
    )
    for number in (1, 2, 3):
        feed(session, ruleset, number, topic="org.example.prod.git.push", agent_name="Asha")
    assert session.scalar(select(func.count()).select_from(Counter)) == 0
    assert prune(session, ruleset) == {}
    assert size(session) == 0
    assert len(feed(session, ruleset, 4).given) == 1
