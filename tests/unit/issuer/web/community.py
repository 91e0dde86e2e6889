# SPDX-License-Identifier: AGPL-3.0-or-later
"""A community in which everything that may be shown and everything that may not is there once."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import event

from issuer.models import Counter, OldName, Person, Rule, Tag, Team, TeamMember
from issuer.services import recounting
from tests.unit.issuer.web.seeds import NOW, Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from issuer.site import Site

TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
#: What must be on no page: names of people who are hidden, and what belongs to them.
HIDDEN = ("ghost", "Ghost Writer", "removed", "Removed Person", "ghost-before")
LADDER = (1, 10, 25)


def settle(session: Session, people: int = 3) -> Seeds:
    """Fill a site: asha has much, others less, one opted out and one was removed."""
    seeds = Seeds(session)
    quality = Tag(name="quality")
    steps = [
        seeds.badge(f"tester-{n}", f"Tester {n}", tags=(quality,), points=10 * n)
        for n in range(1, 4)
    ]
    seeds.series("Tester", *steps)
    alone = seeds.badge("alone", legacy_id="alone,-at-last!", name="Alone <&> at last")
    asha = seeds.person(
        "Asha", display_name="Asha Raman", pinned=[alone.id, 999], avatar_hash="a" * 64
    )
    others = [seeds.person(f"other-{n}") for n in range(people)]
    ghost = seeds.person("ghost", display_name="Ghost Writer", opted_out=True)
    removed = seeds.person("removed", display_name="Removed Person", erased_at=NOW)
    why = {"cause_url": "https://bus.example.org/1", "narrative": "Ten tests."}
    for n, badge in enumerate((*steps[:2], alone)):
        seeds.award(badge, asha, issued_at=TODAY - timedelta(hours=1 + n), **why)
    for person in (*others, ghost, removed):
        seeds.award(steps[0], person)
    for badge in (*steps[1:], alone):
        seeds.award(badge, ghost, issued_at=TODAY - timedelta(minutes=1), **why)
    seeds.award(steps[2], asha, revoked_at=NOW, revocation_reason="Counted twice.")
    session.add(OldName(key="asha-before", person_id=asha.id, changed_at=NOW))
    session.add(OldName(key="ghost-before", person_id=ghost.id, changed_at=NOW))
    team = Team(slug="qa", name="QA", created_at=NOW)
    session.add(team)
    session.flush()
    for person in (asha, others[0], ghost):
        session.add(TeamMember(team_id=team.id, person_id=person.id, joined_at=NOW))
    for badge, threshold in zip(steps, LADDER, strict=True):
        rule = Rule(slug=badge.slug, badge=badge, asks="tests", threshold=threshold, topic="")
        rule.created_at = rule.updated_at = NOW
        session.add(rule)
    for person in (asha, ghost):
        session.add(_counter(person, 17))
    session.flush()
    recounting.recount(session)
    return seeds


def settle_site(site: Site) -> None:
    """Fill a site; see `settle`."""
    with site.database.writing() as session:
        settle(session)


def _counter(person: Person, value: int) -> Counter:
    return Counter(
        key=f"tests of {person.key}",
        filter="tests",
        person_key=person.key,
        facts={},
        value=value,
        updated_at=NOW,
    )


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    """Note the statements that the block asks of the database.

    The settings of the site are read every few seconds, by whichever page comes then.
    """
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN") and "FROM settings" not in statement:
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
