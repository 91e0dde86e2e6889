# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, select

from consumer import reloading
from consumer.reloading import Reloader
from consumer.status import Status
from issuer.adapters.pictures import read_picture
from issuer.intake import Intake, policy_of
from issuer.models import Rule
from issuer.services import collections, synchronised
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.site import Site

RULE = "trigger: {topic: wiki.edit}\nrecipient: message.usernames\n"
CHANGED = "trigger: {topic: wiki.move}\nrecipient: message.usernames\n"
BROKEN = "trigger: {unknown: word}"


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(reloading, "time", made)
    return made


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, database_url)
    sync(made, RULE, name="First")
    sync(made, RULE, name="Second")
    yield made
    made.database.dispose()


@pytest.fixture
def intake(site: Site) -> Intake:
    return Intake(site, policy_of(site.settings))


@pytest.fixture
def status() -> Status:
    return Status()


@pytest.fixture
def reloader(clock: Clock, intake: Intake, status: Status) -> Reloader:
    return Reloader(intake, status)


def sync(site: Site, text: str, *, name: str = "First") -> None:
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        rules = [make_rule(text, name=name)]
        collections.sync(session, rules, issuer, site.objects, picture, now=NOW)


def set_text(site: Site, text: str, *, slug: str = "first") -> None:
    """Write a rule as a later version of the program may."""
    with site.database.writing() as session:
        rule = session.scalars(select(Rule).filter_by(slug=slug)).one()
        rule.revisions[-1].text = text
        rule.updated_at = NOW.replace(year=NOW.year + 1)


def topics(intake: Intake) -> list[str]:
    """Return what topics the rules in force look at, in their order."""
    needs = [rule.trigger.needs for rule in intake.ruleset.rules]
    return [suffix.rpartition(".")[2] for need in needs if need for suffix in need.suffixes]


def test_changed_rules_are_in_force_a_second_later(
    site: Site, intake: Intake, reloader: Reloader, status: Status, clock: Clock
) -> None:
    former = intake.ruleset
    sync(site, CHANGED)
    clock.now += 0.9
    reloader.look()
    assert intake.ruleset is former
    clock.now += 0.2
    reloader.look()
    assert topics(intake) == ["move", "edit"]
    assert (status.reloads, status.rules, status.rules_trouble) == (1, 2, "")


def test_a_collection_that_could_not_be_loaded_is_told(
    site: Site, reloader: Reloader, status: Status
) -> None:
    def note(*problems: str) -> None:
        with site.database.writing() as session:
            synchronised.note(session, ["rules.git"], problems, now=NOW)
        reloader.ask()
        reloader.look()

    note()
    note("one.yml:3: no trigger", "two.yml: empty")
    assert status.is_ready
    degraded = "rules could not be loaded: rules.git: one.yml:3: no trigger (and 1 more)"
    assert status.as_dict()["degraded"] == degraded
    assert "accolades_consumer_rules_degraded 1\n" in status.metrics()
    assert status.reload_failures == 1
    note()
    assert "degraded" not in status.as_dict()
    assert "accolades_consumer_rules_degraded 0\n" in status.metrics()


def test_it_looks_at_once_when_it_is_asked(site: Site, intake: Intake, reloader: Reloader) -> None:
    sync(site, CHANGED)
    reloader.ask()
    reloader.look()
    assert topics(intake) == ["move", "edit"]


@pytest.mark.parametrize("change", ["off", "new"])
def test_any_change_is_seen(
    site: Site, intake: Intake, reloader: Reloader, status: Status, change: str
) -> None:
    if change == "off":
        with site.database.writing() as session:
            session.scalars(select(Rule).filter_by(slug="first")).one().active = False
    else:
        sync(site, RULE, name="Third")
    reloader.ask()
    reloader.look()
    assert status.rules == len(intake.ruleset.rules) == (1 if change == "off" else 3)


def test_rules_that_did_not_change_are_not_read_again(
    site: Site, intake: Intake, reloader: Reloader, clock: Clock
) -> None:
    former, statements = intake.ruleset, []
    event.listen(
        site.database.engine, "before_cursor_execute", lambda *what: statements.append(what[2])
    )
    for _ in range(10):
        reloader.look()
    assert statements == []
    clock.now += 5
    reloader.look()
    assert sum("SELECT" in str(text) for text in statements) == 2
    assert intake.ruleset is former


def test_a_rule_that_cannot_be_read_stays_as_it_was_and_the_others_are_renewed(
    site: Site, intake: Intake, reloader: Reloader, status: Status
) -> None:
    set_text(site, BROKEN)
    sync(site, CHANGED, name="Second")
    reloader.ask()
    reloader.look()
    assert topics(intake) == ["edit", "move"]
    assert status.rules_trouble == "rules that cannot be read: first"
    assert status.reload_failures == 1
    reloader.ask()
    reloader.look()
    assert status.reload_failures == 1


def test_trouble_ends_when_the_rule_is_mended(
    site: Site, intake: Intake, reloader: Reloader, status: Status
) -> None:
    set_text(site, BROKEN)
    reloader.ask()
    reloader.look()
    sync(site, CHANGED)
    reloader.ask()
    reloader.look()
    assert status.rules_trouble == ""
    assert topics(intake) == ["move", "edit"]


def test_the_former_rules_stay_while_the_database_is_away(
    intake: Intake, reloader: Reloader, status: Status, site: Site
) -> None:
    former = intake.ruleset

    def refuse(*_: object) -> None:
        raise ValueError("a defect in a new rule")

    event.listen(site.database.engine, "before_cursor_execute", refuse)
    reloader.ask()
    reloader.look()
    event.remove(site.database.engine, "before_cursor_execute", refuse)
    assert intake.ruleset is former
    assert "a defect" in status.rules_trouble
    assert status.reload_failures == 1


def test_rules_that_change_while_they_are_read_are_read_again(
    site: Site, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = iter([lambda: sync(site, RULE, name="Third")])
    load = collections.active_rules

    def changing(session: object) -> object:
        found = load(session)
        monkeypatch.setattr(collections, "active_rules", load)
        if site.database.engine.dialect.name == "postgresql":  # SQLite lets nobody write meanwhile
            next(changes)()
        return found

    monkeypatch.setattr(collections, "active_rules", changing)
    sync(site, CHANGED)
    assert intake.refresh()
    third = site.database.engine.dialect.name == "postgresql"
    assert len(intake.ruleset.rules) == (3 if third else 2)
