# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg import errors
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from consumer.jobs import locks, work
from issuer.errors import JobBusyError, JobInterruptedError, SourceAwayError
from issuer.models import Award, Badge, JobRun, OutboxMessage
from issuer.services import bestowing, runs
from tests.issuing import NOW

if TYPE_CHECKING:
    from consumer.jobs.work import Work
    from tests.unit.consumer.jobs.community import Community

NAMES = ("asha", "ben", "chidi", "dora", "eve")


class KilledError(BaseException):
    """Nothing of ours is done after it, as after SIGKILL."""


class Cake:
    """Gives everybody a cake, and does what a test says on the way."""

    name = "cake"
    summary = "Gives everybody a cake."

    def __init__(self, names: tuple[str, ...] = NAMES, badge: str = "cake") -> None:
        self.names, self.badge = names, badge
        self.away_at = self.dies_at = ""

    def run(self, work: Work) -> None:
        for name in work.each(self.names):
            with work.looking_at(name):
                if name == self.away_at:
                    raise SourceAwayError("bakery: is closed")
                if name == self.dies_at:
                    raise KilledError
                if name == "broken":
                    raise ValueError("ate it\nall")
                work.award(self.badge, name, narrative="A cake.")


def test_everybody_gets_it_once_and_the_run_is_recorded(community: Community) -> None:
    community.badges("cake")
    community.people(["ben"], opted_out=True)
    community.settings["skip_users"] = ("eve",)
    ended = community.run(Cake(("Asha", "ben", "asha", "eve", "chidi")))
    assert community.awards() == [("cake", "Asha"), ("cake", "chidi")]
    assert ended.given == [("cake", "Asha"), ("cake", "chidi")]
    record = community.last("cake")
    assert runs.state(record) == "done"
    assert (record.looked_at, record.awarded, record.errors, record.position) == (5, 2, 0, None)
    assert (record.started_at, record.finished_at) == (NOW, NOW)
    skipped = {work.HAS_IT: 1, work.WANTS_NONE: 1, work.SERVICE: 1}
    assert record.report["skipped"] == skipped
    again = community.run(Cake(("asha", "chidi")))
    assert (again.tally.awarded, again.tally.skipped) == (0, {work.HAS_IT: 2})
    with community.base.database.reading() as session:
        award = session.scalars(select(Award).limit(1)).one()
        assert (award.source, award.cause_id, award.narrative) == ("job", "job:cake", "A cake.")
        topics = select(func.count()).where(OutboxMessage.topic == "badges.badge.award")
        assert session.scalar(topics) == 2


def test_what_is_wrong_with_one_is_one_line_and_the_others_get_it(community: Community) -> None:
    community.badges("cake")
    ended = community.run(Cake(("asha", "broken", "not a name", "ben")))
    assert community.awards() == [("cake", "asha"), ("cake", "ben")]
    assert ended.tally.lines == [
        "broken: ValueError: ate it",
        "'not a name': is no name of an account",
    ]
    assert (ended.tally.errors, ended.tally.looked_at, ended.trouble) == (2, 4, "")
    assert runs.state(community.last("cake")) == "with errors"


def test_one_whose_award_the_database_refuses_stops_no_other(small: Community) -> None:
    small.badges("cake")
    small.people(NAMES)
    with small.base.database.writing() as session:
        session.execute(
            text(
                "CREATE TRIGGER no_cake BEFORE INSERT ON awards WHEN NEW.person_id = "
                "(SELECT id FROM persons WHERE key = 'chidi') "
                "BEGIN SELECT raise(ABORT, 'too sweet'); END"
            )
        )
    ended = small.run(Cake())
    assert [name for _, name in small.awards()] == ["asha", "ben", "dora", "eve"]
    (line,) = ended.tally.lines
    assert line.startswith("chidi: IntegrityError: ")
    assert (ended.tally.awarded, ended.tally.looked_at, ended.trouble) == (4, 5, "")


def test_awards_that_the_database_did_not_take_are_not_forgotten(
    small: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.badges("cake")
    bestow, answers = bestowing.bestow, ["40P01", "08006"]

    def bestowed(*arguments: Any, **named: Any) -> Any:
        if len(answers) == 2 or (answers and len(small.awards()) == 2):
            code = answers.pop(0)
            raise OperationalError("INSERT", {}, errors.lookup(code)(f"code {code}"))
        return bestow(*arguments, **named)

    monkeypatch.setattr(bestowing, "bestow", bestowed)
    monkeypatch.setattr(work, "TOGETHER", 2)
    ended = small.run(Cake())
    assert (ended.trouble, len(small.awards())) == ("code 08006", 5)
    assert (ended.tally.awarded, ended.tally.errors) == (5, 0)


@pytest.mark.parametrize(("badge", "reason"), [("pie", "there is none"), ("cake", "is retired")])
def test_a_badge_that_cannot_be_given_is_one_line(
    small: Community, badge: str, reason: str
) -> None:
    small.badges("cake")
    with small.base.database.writing() as session:
        session.scalars(select(Badge)).one().retired_at = NOW
    ended = small.run(Cake(badge=badge))
    assert ended.trouble == ""
    (line,) = ended.tally.lines
    assert line.startswith(f"badge {badge!r}: {reason}")


def test_the_next_run_goes_on_where_a_source_went_away(community: Community) -> None:
    community.badges("cake")
    job = Cake()
    job.away_at = "chidi"
    ended = community.run(job)
    assert ended.trouble == "bakery: is closed"
    record = community.last("cake")
    assert (runs.state(record), record.position, record.looked_at) == ("interrupted", "ben", 2)
    assert community.awards() == [("cake", "asha"), ("cake", "ben")]
    job.away_at = ""
    ended = community.run(job)
    assert (ended.resumed_from, ended.tally.looked_at, ended.tally.awarded) == ("ben", 3, 3)
    assert [name for _, name in community.awards()] == list(NAMES)
    assert community.run(job).tally.looked_at == 5


def test_a_run_that_comes_no_farther_lets_the_next_begin_anew(small: Community) -> None:
    small.badges("cake")
    job = Cake()
    job.away_at = "chidi"
    assert [small.run(job).tally.looked_at for _ in range(4)] == [2, 0, 2, 0]
    assert small.run(Cake()).tally.looked_at == 5


def test_a_run_that_was_killed_is_closed_by_the_next_which_goes_on(community: Community) -> None:
    community.badges("cake")

    job = Cake()
    job.dies_at = "dora"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(work, "BATCH", 2)
        community.run(job)
    record = community.last("cake")
    assert (runs.state(record), record.position, record.awarded) == ("running", "asha", 2)
    home = community.site.settings.home
    with community.base.database.reading() as session:
        assert runs.dead(session, home) == {record.id}
        assert runs.state(record, runs.dead(session, home)) == "interrupted"
        with locks.held(community.site, "cake"):
            assert runs.dead(session, home) == set()
    ended = community.run(Cake())
    assert [name for _, name in community.awards()] == list(NAMES)
    assert (ended.resumed_from, ended.tally.awarded) == ("asha", 3)
    with community.base.database.reading() as session:
        first = session.scalars(select(JobRun).order_by(JobRun.id).limit(1)).one()
        assert (runs.state(first), first.report["trouble"]) == ("interrupted", runs.KILLED)


def test_a_dry_run_tells_what_it_would_do_and_changes_nothing(community: Community) -> None:
    community.badges("cake")
    community.people(["ben"], opted_out=True)
    ended = community.run(Cake(), dry_run=True)
    assert [name for _, name in ended.given] == ["asha", "chidi", "dora", "eve"]
    assert (ended.tally.awarded, community.awards()) == (4, [])
    with community.base.database.reading() as session:
        assert runs.last(session, "cake") is None


def test_a_second_run_is_told_who_holds_the_lock(community: Community) -> None:
    site = community.site
    with locks.held(site, "cake") as lock:
        lock.ensure()
        with pytest.raises(JobBusyError) as caught:
            community.run(Cake())
        with locks.held(site, "pie"):
            pass
    said = f"process {lock.process.pid} on {lock.process.host} since 20"
    assert said in str(caught.value)
    assert community.run(Cake()).name == "cake"


@pytest.mark.postgres
def test_a_lost_lock_ends_the_run(community: Community) -> None:
    if community.base.database.engine.dialect.name != "postgresql":
        return
    with pytest.raises(JobInterruptedError), locks.held(community.site, "cake") as lock:
        with community.base.database.writing() as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name LIKE 'accolades-job %'"
                    " AND datname = current_database()"
                )
            )
        lock.ensure()
