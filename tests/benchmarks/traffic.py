# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bus with traffic: rules, people, an archive of any size, and messages without end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from issuer.adapters.messages import Incoming
from issuer.adapters.pictures import read_picture
from issuer.services import collections
from rules.model import Message
from tests.issuing import NOW, RED, make_issuer, make_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from issuer.site import Site
    from rules.model import Rule

PREFIX = "org.example.prod.bench"
BASE_URL = "https://badges.example.org"
#: Rules that one message triggers; of five, three count (60 %).
TRIGGERED = 5
THRESHOLDS = (5, 25, 100)
COUNTED = """\
trigger: {{topic: bench.{topic}}}
previous: {{filter: {{topics: [message.topic], users: [recipient]}}, operation: count}}
condition: {{greater than or equal to: {threshold}}}
"""
PLAIN = "trigger: {{topic: bench.{topic}}}\n"
#: What the old system was fed with: a small wiki edit.
BODY = {
    "title": "Benchmarks",
    "url": "https://wiki.example.org/w/index.php?title=Benchmarks",
    "minor_edit": False,
    "summary": "say what is measured, and how; " * 4,
}

FILL = """
INSERT INTO persons (username, key, display_name, website, bio, pinned, opted_out, created_at)
SELECT 'user' || n, 'user' || n, '', '', '', '[]', false, :now
FROM generate_series(0, :people - 1) AS n;
INSERT INTO topics (name, category)
SELECT :prefix || '.' || n, 'bench' FROM generate_series(0, :topics - 1) AS n;
INSERT INTO messages (message_id, topic_id, sent_at, received_at, agent_key, agent_name, headers,
                      body)
SELECT 'old-' || n, (SELECT min(id) FROM topics) + n % :topics,
       :now - interval '1 second' * (:archived - n), :now, who, who, '{}', CAST(:body AS jsonb)
FROM generate_series(0, :archived - 1) AS n,
     LATERAL (SELECT 'user' || (n::bigint * 7919 / :topics) % :people AS who) AS somebody;
INSERT INTO message_users (username, topic_id, message_ref)
SELECT agent_key, topic_id, id FROM messages;
"""
FILLED = ("badges", "rules", "persons", "topics", "messages", "message_users")
HOLD = """
INSERT INTO awards (uuid, badge_id, person_id, occurrence, issued_at, evidence, narrative, source,
                    created_at)
SELECT gen_random_uuid(), badges.id, persons.id, '', :now, '[]', '', 'rule', :now
FROM badges, persons
WHERE (badges.id * 31 + persons.id * 17) % 20 > 0
      AND substr(persons.key, 5)::int % greatest(:people / :active, 1) = 0
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a site is, and how busy."""

    archived: int = 200_000
    people: int = 2_000
    rules: int = 300
    topics: int = 60  # with traffic; five rules listen to each
    active: int = 2_000  # people who are busy now; the others were


def rules(scale: Scale) -> list[Rule]:
    """Return rules, of which each message with traffic triggers five."""
    found = []
    for number in range(scale.rules):
        place, topic = divmod(number, scale.rules // TRIGGERED)
        counts = place < len(THRESHOLDS)
        form = COUNTED if counts else PLAIN
        threshold = THRESHOLDS[place] if counts else 0
        found.append(
            make_rule(form.format(topic=topic, threshold=threshold), name=f"Badge {number}")
        )
    return found


def fill(site: Site, scale: Scale, *, held: bool) -> None:
    """Fill an empty site; with ``held``, nineteen of twenty have each badge already."""
    with site.database.writing() as session:
        picture = read_picture(RED, "red.svg")
        issuer = make_issuer(session, site)
        collections.sync(session, rules(scale), issuer, site.objects, picture, now=NOW)
        values = {
            "now": NOW,
            "people": scale.people,
            "topics": scale.topics,
            "archived": scale.archived,
            "active": scale.active,
            "prefix": PREFIX,
            "body": '{"title": "Benchmarks", "summary": "an old message"}',
        }
        for statement in FILL.split(";\n"):
            _run(session, statement, values)
        if held:
            _run(session, HOLD, values)
    # What was filled, as it would be by itself after a while. Told that an empty table is empty,
    # the server would plan for that, which it never is where the table is new.
    filled = (*FILLED, "awards") if held else FILLED
    with site.database.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.execute(text(f"VACUUM ANALYZE {', '.join(filled)}"))


def messages(scale: Scale, seed: int = 1) -> Iterator[Incoming]:
    """Yield new messages, each of one of the people and one of the topics with traffic."""
    chance = random.Random(seed)  # noqa: S311 -- the same traffic each time, no secret
    number = 0
    while True:
        number += 1
        # Every so manieth person is active, so that they lie as far apart as people do.
        every = max(scale.people // scale.active, 1)
        name = f"user{chance.randrange(min(scale.active, scale.people)) * every}"
        message = Message(
            id=f"new-{seed}-{number}",
            topic=f"{PREFIX}.{chance.randrange(scale.topics)}",
            body={**BODY, "user": name, "number": number},
            sent_at=NOW + timedelta(seconds=number),
            headers={"fedora_messaging_severity": 20},
            agent_name=name,
            usernames=(name,),
        )
        yield Incoming(message, (name,))


def _run(session: Session, statement: str, values: dict[str, object]) -> None:
    if statement.strip():
        wanted = {key: value for key, value in values.items() if f":{key}" in statement}
        session.execute(text(statement), wanted)
