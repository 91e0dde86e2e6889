# SPDX-License-Identifier: AGPL-3.0-or-later
"""A trial decides as the consumer would have decided, and writes nothing."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, text

from issuer.adapters.pictures import read_picture
from issuer.db import Base, OverlongError, hurried
from issuer.models import Award, Badge, Person, Rule
from issuer.services import archive, collections, growing, processing, trials
from issuer.services.trials import Limits
from rules.engine import RuleSet
from rules.model import Message
from tests.issuing import NOW, RED, give, make_badge, make_issuer, make_rule, make_site
from tests.unit.issuer.services.counting import POLICY, rule_texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.site import Site
    from rules import model

SINCE = NOW - timedelta(days=30)
NAMES = ("asha", "boris", "chen", "bodhi")
TOPICS = tuple(f"org.example.prod.{name}" for name in ("wiki.edit", "wiki.new", "git.push"))
OLDER = """\
trigger: {topic: wiki.edit}
criteria:
  any:
    - datanommer:
        filter: {topics: ["%(topic)s"], users: ["%(msg.user)s"]}
        operation: count
        condition: {greater than or equal to: 3}
recipient: "%(msg.user)s"
"""


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, database_url)
    yield made
    made.database.dispose()


def message(number: int, topic: str, name: str, **more: Any) -> Message:
    return Message(
        id=f"m-{number}",
        topic=topic,
        body={"user": name, "n": number},
        sent_at=SINCE + timedelta(hours=number),
        agent_name=name,
        usernames=(name,),
        packages=("kernel",) if number % 2 else (),
        **more,
    )


def history(seed: int, before: int, after: int) -> list[Message]:
    """Return messages of which some were sent before the period."""
    choose = random.Random(seed)  # noqa: S311 -- no secret
    return [
        message(number, choose.choice(TOPICS), choose.choice(NAMES))
        for number in range(-before, after)
    ]


def rules_to_try() -> list[model.Rule]:
    texts = [*rule_texts(), OLDER]
    return [make_rule(text, name=f"Rule {n}") for n, text in enumerate(texts)]


def snapshot(session: Session) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(repr, session.execute(select(table)).all()))
        for table in Base.metadata.sorted_tables
    }


@pytest.mark.slow
def test_a_trial_decides_as_the_consumer_and_writes_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """attacks R6."""
    messages, rules = history(7, 12, 28), rules_to_try()
    with site.database.writing() as session:
        badge = make_badge(session, site)
        again = make_badge(session, site, "Again", repeatable=True)
        for each in messages:
            archive.store(session, each, each.usernames, now=NOW)
    with site.database.session() as session:
        before = snapshot(session)
        found = tried(session, rules, badge, again)
        for name in ("MOST", "MOST_QUESTIONS"):  # what is not remembered is counted
            monkeypatch.setattr(growing, name, 1)
            assert tried(session, rules, badge, again) == found
        session.commit()
        assert snapshot(session) == before
    assert found == as_it_came(site, messages, rules)
    assert sum(map(len, found.values())) > 20


def tried(
    session: Session, rules: list[model.Rule], badge: Badge, again: Badge
) -> dict[str, set[tuple[str, str]]]:
    """Return by trials who would have got which badge for which message."""
    found: dict[str, set[tuple[str, str]]] = {}
    for rule in rules:
        own = again if rule.repeatable else badge
        result = trials.run(session, rule, own, POLICY, since=SINCE)
        assert result.cut == ""
        found[rule.slug] = {(hit.username.lower(), hit.message.message_id) for hit in result.hits}
    return found


def as_it_came(
    site: Site, messages: list[Message], rules: list[model.Rule]
) -> dict[str, set[tuple[str, str]]]:
    """Return what was awarded when the rules were in force from the beginning of the period."""
    found: dict[str, set[tuple[str, str]]] = {rule.slug: set() for rule in rules}
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        report = collections.sync(session, rules, issuer, site.objects, picture, now=NOW)
        assert report.problems == []
        for table in ("message_users", "message_packages", "messages"):
            session.execute(Base.metadata.tables[table].delete())
        for each in messages:
            ruleset = RuleSet(rules if each.sent_at >= SINCE else [])
            done = processing.process(session, each, ruleset, POLICY, users=each.usernames, now=NOW)
            for given in done.given:
                found[given.badge.slug].add((given.person.key, each.id))
    return found


def store(site: Site, *messages: Message) -> Badge:
    with site.database.writing() as session:
        for each in messages:
            archive.store(session, each, each.usernames, now=NOW)
        return make_badge(session, site)


def test_a_trial_says_why_and_who_gets_nothing(site: Site) -> None:
    wiki = TOPICS[0]
    badge = store(
        site,
        message(-5, wiki, "asha"),
        message(1, wiki, "asha"),
        message(2, wiki, "asha"),
        message(3, wiki, "boris"),
        message(4, wiki, "bodhi"),
        message(5, TOPICS[2], "chen"),
    )
    rule = make_rule(
        "trigger: {topic: wiki.edit}\n"
        "previous: {filter: {users: [recipient]}, operation: count}\n"
        "condition: {greater than or equal to: 2}\n"
    )
    with site.database.writing() as session:
        give(session, badge, "boris")
    with site.database.reading() as session:
        found = trials.run(session, rule, badge, POLICY, since=SINCE)
    (hit,) = found.hits
    assert (hit.username, hit.message.message_id, hit.value) == ("asha", "m-1", 2)
    assert (found.looked_at, found.triggered) == (4, 4)
    assert found.dropped["has the badge"] == 2
    assert sum(found.dropped.values()) == 3
    assert [seen.message_id for seen in found.recent] == ["m-1", "m-2", "m-3", "m-4"]


@pytest.mark.parametrize(
    ("limits", "cut", "looked_at"),
    [
        (Limits(messages=3), "messages", 3),
        (Limits(hits=2), "hits", 2),
        (Limits(seconds=-1), "time", 0),
        (Limits(), "", 5),
    ],
)
def test_a_trial_is_bounded_and_says_so(
    tmp_path: Path, limits: Limits, cut: str, looked_at: int
) -> None:
    site = make_site(tmp_path, "")
    names = ("asha", "boris", "chen", "dora", "ella")
    badge = store(site, *(message(n, TOPICS[0], name) for n, name in enumerate(names)))
    rule = make_rule("trigger: {topic: wiki.edit}\n")
    with site.database.reading() as session:
        found = trials.run(session, rule, badge, POLICY, since=SINCE, limits=limits)
    assert (found.cut, found.looked_at) == (cut, looked_at)
    site.database.dispose()


def test_a_statement_that_takes_too_long_is_ended(site: Site) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
        "SELECT count(*) FROM n"
    )
    with site.database.reading() as session, pytest.raises(OverlongError), hurried(session, 0.05):
        session.execute(text(endless))
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
        assert session.scalar(select(func.count()).select_from(Award)) == 0
        assert session.scalar(select(func.count()).select_from(Rule)) == 0
