# SPDX-License-Identifier: AGPL-3.0-or-later
"""People of an invented community, and their teams."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, cast

from sqlalchemy import Table, insert

from issuer.models import Person, Team, TeamMember
from issuer.services.filling import inventions
from issuer.services.filling.bulk import CHUNK, BulkTable, moment
from issuer.services.filling.sizes import YEARS

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.filling.sizes import Made, Size, Stage

COLUMNS = (
    "id",
    "username",
    "key",
    "display_name",
    "website",
    "bio",
    "pinned",
    "opted_out",
    "created_at",
)
TEAMS = ("Quality", "Websites", "Design", "Docs", "Cloud", "Kernel", "Localisation", "Join")
TEAM_PART = 0.02  # of all people, in each team


def make_people(
    session: Session, size: Size, rng: random.Random, now: datetime, stage: Stage
) -> tuple[int, list[inventions.InventedPerson]]:
    """Make people; return the first row, and who they are."""
    table = BulkTable(session, cast("Table", Person.__table__), COLUMNS)
    first = table.next_id()
    people = list(inventions.people(size.people, rng))
    step = stage("People", -(-size.people // CHUNK))
    numbered = enumerate(people, first)
    while some := list(islice(numbered, CHUNK)):
        table.write(
            (
                row,
                person.username,
                person.username,
                person.display_name,
                "",
                "",
                "[]",
                person.opted_out,
                moment(
                    now - timedelta(days=365.25 * YEARS * person.age), on_postgres=table.on_postgres
                ),
            )
            for row, person in some
        )
        step()
    table.close()
    return first, people


def make_teams(session: Session, made: Made, rng: random.Random, now: datetime) -> None:
    """Gather some of the people in each team."""
    number = max(1, int(len(made.people) * TEAM_PART))
    for name in TEAMS:
        team = Team(slug=name.lower(), name=name, created_at=now)
        session.add(team)
        session.flush()
        members = rng.sample(range(len(made.people)), number)
        session.execute(
            insert(TeamMember),
            [
                {"team_id": team.id, "person_id": made.first_person + place, "joined_at": now}
                for place in members
            ],
        )
