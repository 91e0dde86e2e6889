# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import os
import signal
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest

from consumer.jobs import locks, registry
from consumer.main import ALL_COMMANDS
from issuer.app import create_app
from issuer.cli import make_group, run
from issuer.errors import SourceAwayError
from issuer.services import runs
from tests.issuing import NOW
from tests.unit.issuer.cli.conftest import Outcome

if TYPE_CHECKING:
    from consumer.jobs.work import Work
    from tests.unit.consumer.jobs.community import Community


class Cake:
    """A job of another package."""

    name = "cake"
    summary = "Gives cakes."

    def run(self, work: Work) -> None:
        work.expect(2)
        for who in ("asha", "ben"):
            with work.looking_at(who):
                if who == "ben":
                    raise ValueError("is \x1b[2J on a diet")
                work.award("cake", who)


class Closed(Cake):
    """One whose source is away."""

    name = "closed"

    def run(self, work: Work) -> None:
        raise SourceAwayError("bakery: is closed")


NAMELESS = object()


@pytest.fixture
def call(
    small: Community, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Run a command of the program on a site, with jobs of another package installed."""
    small.badges("cake")
    monkeypatch.setenv("ACCOLADES_HOME", str(small.base.settings.home))
    monkeypatch.setenv("ACCOLADES_DATABASE_URL", small.base.database.url)
    here = __name__
    points = [
        EntryPoint(name, f"{here}:{what}", registry.GROUP)
        for name, what in (
            ("cake", "Cake"),
            ("closed", "Closed"),
            ("other", "Cake"),
            ("nameless", "NAMELESS"),
            ("missing", "NO_SUCH"),
        )
    ]
    points.append(EntryPoint("lifecycle", f"{here}:Lifecycle", registry.GROUP))
    monkeypatch.setattr(registry, "entry_points", lambda group: points)

    def called(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            run(make_group(create_app, ALL_COMMANDS), ["jobs", *arguments])
        captured = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    return called


def test_our_jobs_and_those_of_packages_are_listed_with_their_last_runs(call: Any) -> None:
    call("run", "cake")
    outcome = call("list", "--json")
    listed = {each["name"]: each for each in map(json.loads, outcome.out.splitlines())}
    assert {"lifecycle", "mirror", "key-age", "cake", "closed"} <= set(listed)
    assert listed["cake"]["last_run"]["state"] == "with errors"
    assert listed["lifecycle"]["last_run"] is None
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) == 4
    assert "the entry point is called 'other', but the job 'cake'" in outcome.err
    assert "needs a name of small letters" in outcome.err
    plain = call("list").out
    assert "cake  (with errors, 20" in plain
    assert "lifecycle  (never)  Account age" in plain


def test_a_run_tells_what_it_did_and_each_error_in_a_line(call: Any, small: Community) -> None:
    outcome = call("run", "cake", "--dry-run")
    assert outcome.out.splitlines() == [
        "asha: would get cake",
        "cake: 2 looked at, 1 to be awarded, 1 errors",
    ]
    assert small.awards() == []
    outcome = call("run", "cake")
    assert outcome.code == 1
    assert outcome.out == "cake: 2 looked at, 1 awarded, 1 errors\n"
    assert outcome.err == "accolades: ben: ValueError: is  [2J on a diet\n"
    again = call("run", "cake", "--json")
    (answer,) = map(json.loads, again.out.splitlines())
    assert (answer["awarded"], answer["skipped"]) == (0, {"have it already": 1})
    assert again.err == ""


def test_an_interrupted_run_a_held_lock_and_no_job_are_one_line_and_two(
    call: Any, small: Community
) -> None:
    outcome = call("run", "closed", "--json")
    assert (outcome.code, json.loads(outcome.out)["trouble"]) == (2, "bakery: is closed")
    assert outcome.err == (
        "accolades: job closed: interrupted: bakery: is closed: the next run goes on from there\n"
    )
    with locks.held(small.site, "cake"):
        outcome = call("run", "cake")
    assert (outcome.code, outcome.error.partition(" since ")[0].partition(": process")[0]) == (
        2,
        "job cake: runs already",
    )
    outcome = call("run", "no-such")
    assert (outcome.code, outcome.error) == (
        2,
        "job 'no-such': there is none: see 'accolades jobs list'",
    )


def test_a_name_that_is_almost_one_is_named(call: Any) -> None:
    outcome = call("run", "lifecylce")
    assert (outcome.code, outcome.error) == (
        2,
        "job 'lifecylce': there is none: did you mean 'lifecycle'?",
    )


def test_what_the_settings_do_not_allow_is_not_called_interrupted(call: Any) -> None:
    outcome = call("run", "lifecycle")
    assert outcome.code == 2
    assert outcome.err == (
        "accolades: job lifecycle: accounts: this needs a directory of accounts: set it to "
        "fasjson, and fasjson_url\n"
    )


def test_a_run_that_is_stopped_writes_how_far_it_came(
    call: Any, small: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Cake, work: Work) -> None:
        with work.looking_at("asha"):
            work.award("cake", "asha")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Cake, "run", stop)
    former = signal.getsignal(signal.SIGTERM)
    outcome = call("run", "cake")
    assert (outcome.code, outcome.err.strip()) == (130, "accolades: interrupted")
    assert signal.getsignal(signal.SIGTERM) is former
    assert small.awards() == [("cake", "asha")]
    (line,) = call("runs").out.splitlines()
    assert "  cake  interrupted  1 looked at, 1 awarded" in line


def test_a_run_that_was_killed_is_told_at_once(call: Any, small: Community) -> None:
    with small.base.database.writing() as session, locks.held(small.site, "cake") as lock:
        runs.begin(session, "cake", lock.process, now=NOW)
    with locks.held(small.site, "cake"):
        assert "  cake  running  " in call("runs").out
        assert "cake  (running, 20" in call("list").out
    assert "  cake  interrupted  " in call("runs").out
    (fact,) = map(json.loads, call("runs", "cake", "--json").out.splitlines())
    assert (fact["state"], fact["finished_at"]) == ("interrupted", None)
    assert "cake  (interrupted, 20" in call("list").out


def test_runs_are_shown_the_newest_first(call: Any) -> None:
    call("run", "cake")
    call("run", "closed")
    lines = call("runs").out.splitlines()
    assert "closed  interrupted  0 looked at, 0 awarded, 0 errors  bakery: is closed" in lines[0]
    assert "cake  with errors  2 looked at, 1 awarded, 1 errors" in lines[1]
    (facts,) = map(json.loads, call("runs", "cake", "--json").out.splitlines())
    assert facts["report"]["lines"] == ["ben: ValueError: is \x1b[2J on a diet"]
    assert call("runs", "no-such").code == 2
