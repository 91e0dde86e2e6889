# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from issuer.services import runs
from issuer.services.runs import Process, Tally
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HERE = Process("host.example.org", 4711)


def test_lines_are_bounded_and_their_number_is_known(session: Session) -> None:
    tally = Tally()
    for number in range(runs.MAX_LINES + 5):
        tally.add_line(f"{number}: {'long' * 1000}\n\0")
    run = runs.begin(session, "cake", HERE, now=NOW)
    runs.note(session, run.id, tally, finished_at=NOW)
    assert (run.errors, len(run.report["lines"])) == (runs.MAX_LINES + 5, runs.MAX_LINES)
    assert max(map(len, run.report["lines"])) == runs.MAX_LINE


def test_old_runs_go_but_for_the_newest_of_each_job(session: Session) -> None:
    for name, days in (("cake", 0), ("pie", 0), ("cake", 1), ("cake", 200)):
        run = runs.begin(session, name, HERE, now=NOW + timedelta(days=days))
        runs.note(session, run.id, Tally(), finished_at=run.started_at)
    assert [(run.name, (run.started_at - NOW).days) for run in runs.listed(session)] == [
        ("cake", 200),
        ("pie", 0),
    ]
    newest = runs.latest(session)
    assert {name: runs.state(run) for name, run in newest.items()} == {
        "cake": "done",
        "pie": "done",
    }
    assert [run.name for run in runs.listed(session, before=newest["cake"].id)] == ["pie"]
    assert len(runs.listed(session, "cake", limit=1)) == 1


def test_who_is_erased_is_named_by_no_line(session: Session) -> None:
    tally = Tally()
    for line in ("asha: is on a diet", "cake of Asha: is gone", "natasha: no", "asha-d: no"):
        tally.add_line(line)
    run = runs.begin(session, "cake", HERE, now=NOW)
    runs.note(session, run.id, tally, finished_at=NOW)
    runs.forget(session, "Asha")
    assert run.report["lines"] == ["natasha: no", "asha-d: no"]
    assert run.report["host"] == HERE.host
