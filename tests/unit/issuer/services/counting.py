# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that count in every way, and messages to count."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.pictures import read_picture
from issuer.models import Counter
from issuer.services import archive, collections, processing
from issuer.services.counts import query_of
from issuer.services.processing import Policy
from rules.model import Message
from tests.issuing import NOW, RED, make_issuer, make_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from issuer.site import Site
    from rules.engine import RuleSet

POLICY = Policy(
    accounts=OpenAccounts(),
    skip_users=frozenset({"bodhi"}),
    email_domain="example.org",
    message_url="https://messages.example.org/{id}",
)
NAMES = ("asha", "Boris", "chen", "bodhi")
TOPICS = tuple(f"org.example.prod.{name}" for name in ("wiki.edit", "wiki.new", "git.push"))
PACKAGES = ("kernel", "bash")
PEOPLE = "trigger: {lambda: 'True'}\nrecipient: message.usernames\n"
#: One rule for each form of filter; thresholds that a wrong count would miss or pass.
FILTERS = {
    "user and topic": "{users: [recipient], topics: [message.topic]}",
    "user": "{users: [recipient]}",
    "one of two users": "{users: [recipient, '\"chen\"']}",
    "user, two topics": f"{{users: [recipient], topics: ['\"{TOPICS[0]}\"', '\"{TOPICS[2]}\"']}}",
    "category": "{categories: ['\"wiki\"'], users: [recipient]}",
    "another category": "{not_categories: ['\"wiki\"'], users: [recipient]}",
    "topic of nobody": "{topics: [message.topic]}",
    "anything": "{}",
    "anything else": "{not_topics: [message.topic], not_users: [recipient]}",
    "agent and topic": "{agents: [recipient], topics: [message.topic]}",
    "somebody else's": "{users: [recipient], not_agents: [recipient]}",
    "package": "{packages: message.packages}",
    "user of a package": "{users: [recipient], packages: ['\"kernel\"']}",
    "no kernel": "{agents: [recipient], not_packages: ['\"kernel\"']}",
    "since": f"{{users: [recipient], start: '\"{NOW.isoformat()}\"'}}",
}
COSTLY = {
    "moving": "{users: [recipient], start: message.sent_at}",
    "contains": "{users: [recipient], contains: ['\"3\"']}",
}


def rule_texts() -> list[str]:
    """Return rules that count in every way, each awarding at exactly some count."""
    texts = [
        f"{PEOPLE}previous: {{filter: {asked}, operation: count}}\n"
        f"condition: {{equal to: {3 + n}}}\n"
        for n, asked in enumerate([*FILTERS.values(), *COSTLY.values()])
    ]
    rows = "{filter: {users: [recipient]}, operation: {lambda: 'len(results)'}}"
    return [
        *texts,
        f"{PEOPLE}previous: {rows}\ncondition: {{equal to: 4}}\n",
        f"{PEOPLE}condition: {{equal to: 5}}\n",
        "trigger: {topic: wiki.new}\nrepeatable: yes\n",
        "trigger: {topic: wiki.edit}\n",
        "trigger: {topic: wiki.edit}\nrecipient: message.body['missing']\n",
        "trigger: {topic: wiki.edit}\nrecipient: message.topic + 1\n",
    ]


def stream(seed: int, number: int) -> Iterator[tuple[Message, tuple[str, ...]]]:
    """Yield messages of a few people about a few things; some come twice."""
    chance = random.Random(seed)  # noqa: S311 -- test data that has to be the same each time
    for n in range(number):
        people = tuple(name for name in NAMES if chance.random() < 0.4)
        message = Message(
            id=f"m{seed}-{chance.randrange(n, n + 3)}",
            topic=chance.choice(TOPICS),
            body={"number": n},
            sent_at=NOW + timedelta(minutes=chance.randrange(-60, 60)),
            agent_name=chance.choice((*NAMES, None)),
            usernames=people,
            packages=tuple(name for name in PACKAGES if chance.random() < 0.5),
        )
        yield message, people


def load(session: Session, site: Site, texts: list[str]) -> RuleSet:
    issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
    loaded = [make_rule(text, name=f"Badge {n}") for n, text in enumerate(texts)]
    report = collections.sync(session, loaded, issuer, site.objects, picture, now=NOW)
    assert report.problems == []
    return collections.active_rules(session)


def feed(session: Session, ruleset: RuleSet, number: int, **more: Any) -> processing.Processed:
    """Take an edit by asha."""
    values = {"topic": "org.example.prod.wiki.edit", "agent_name": "asha", **more}
    message = Message(id=f"n{number}", body={}, sent_at=NOW, usernames=("asha",), **values)
    return processing.process(session, message, ruleset, POLICY, users=("asha",), now=NOW)


def values(session: Session) -> dict[str, int]:
    """Return the counters of all people but those whom the policy skips."""
    wanted = func.coalesce(Counter.person_key, "") != "bodhi"
    return dict(session.execute(select(Counter.key, Counter.value).where(wanted)).all())


def check_counters(session: Session) -> None:
    """Each counter of a filter holds what the archive finds."""
    others = Counter.filter.startswith("triggers") | Counter.filter.startswith("value ")
    for counter in session.scalars(select(Counter).where(~others)):
        assert counter.value == archive.count(session, query_of(counter.facts)), counter.facts
