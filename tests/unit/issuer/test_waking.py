# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a commit leaves to others: told to workers or done by a thread, never within a request."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer import waking
from issuer.db import leave
from issuer.errors import BrokerAwayError
from issuer.models import Export
from issuer.noting import Noting
from issuer.services import exports, persons
from issuer.services.tasks import Task
from issuer.waking import Telling, Working, join, wake
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.site import Site

#: Nobody listens there.
AWAY = "amqp://guest:s3cret@127.0.0.1:1/"
WORDS = {"bundle": {"files": {}}, "certificate": {}, "locale": "en_GB"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


class FakeCaller:
    """A broker that notes what it is told, once it may."""

    def __init__(self, *, away: bool = False) -> None:
        self.calls: list[str] = []
        self.away = away
        self.begun, self.may = threading.Event(), threading.Event()

    def call(self, task: str) -> None:
        self.begun.set()
        assert self.may.wait(10)
        if self.away:
            raise BrokerAwayError("broker: gone")
        self.calls.append(task)


def ask(site: Site) -> None:
    with site.database.writing() as session:
        person = persons.find(session, "asha")
        asked = {"planned": 1, "address": None, "with_certificates": False, "words": WORDS}
        exports.ask(session, person, **asked, now=NOW)


def finished(site: Site) -> list[bool]:
    with site.database.reading() as session:
        return [each.finished_at is not None for each in session.scalars(select(Export))]


def wait_for_thread() -> None:
    end = time.monotonic() + 20
    while any(thread.name == "tasks" for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_commit_tells_what_it_leaves_and_nothing_else_does(site: Site) -> None:
    told: list[set[str]] = []
    site.database.on_left = told.append
    with site.database.writing() as session:
        with session.begin_nested():
            leave(session, Task.PUSH)
        leave(session, Task.EXPORT)
        leave(session, Task.EXPORT)
        session.flush()
        assert told == []
    assert told == [{Task.PUSH, Task.EXPORT}]
    with site.database.session() as session:
        leave(session, Task.PUSH)
        session.rollback()
    with site.database.reading() as session:
        leave(session, Task.PUSH)
    assert len(told) == 1


def test_without_a_broker_the_process_makes_exports_by_itself(site: Site) -> None:
    with site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
    assert join(join(site)) is site
    ask(site)
    wait_for_thread()
    assert finished(site) == [True]
    site.database.on_left = None
    ask(site)
    wake(site, Task.EXPORT)  # nobody is there to be woken
    assert finished(site) == [True, False]
    wake(join(site), Task.EXPORT)
    wait_for_thread()
    assert finished(site) == [True, True]


def test_a_database_that_is_away_ends_the_thread_and_the_next_news_another(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    join(site)
    with site.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE exports RENAME TO elsewhere")
    wake(site, Task.EXPORT)
    wait_for_thread()
    assert "what is done behind the scenes waits: " in caplog.text
    with site.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO exports")
    with site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
    ask(site)
    wait_for_thread()
    assert finished(site) == [True]


def test_nobody_waits_for_a_broker_and_what_comes_meanwhile_is_told_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = FakeCaller()
    monkeypatch.setattr(waking, "Caller", lambda _app: caller)
    telling = Telling(site)
    telling({Task.PUSH})
    assert caller.begun.wait(10)
    for _ in range(100):
        telling({Task.PUSH, Task.EXPORT})
    assert caller.calls == []
    caller.may.set()
    wait_for_thread()
    assert caller.calls == [Task.PUSH, Task.EXPORT, Task.PUSH]


def test_a_broker_that_is_away_is_one_line_and_the_request_succeeds(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caller = FakeCaller(away=True)
    caller.may.set()
    monkeypatch.setattr(waking, "Caller", lambda _app: caller)
    site.database.on_left = Telling(site)
    with site.database.writing() as session:
        persons.ensure(session, "asha", now=NOW)
    ask(site)
    wait_for_thread()
    assert finished(site) == [False]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "they find it by themselves" not in caplog.text
    assert "find by themselves what waits: broker: gone" in caplog.text


def test_a_real_broker_that_is_away_is_told_as_such(site: Site) -> None:
    away = site.settings.model_copy(update={"broker_url": AWAY})
    caller = waking.Caller(waking.make_app(away))
    with pytest.raises(BrokerAwayError, match=r"broker of the workers: .*refused") as error:
        caller.call(Task.PUSH)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("has_broker", [True, False])
def test_a_command_sees_to_what_it_left_before_it_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, has_broker: bool
) -> None:
    caller = FakeCaller()
    caller.may.set()
    monkeypatch.setattr(waking, "Caller", lambda _app: caller)
    object.__setattr__(  # a site does not change
        site,
        "settings",
        site.settings.model_copy(update={"broker_url": AWAY if has_broker else ""}),
    )
    with site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
    noting = site.database.on_left = Noting()
    noting.settle(site)
    assert caller.calls == []
    ask(site)
    noting.settle(site)
    assert caller.calls == ([Task.EXPORT] if has_broker else [])
    assert finished(site) == [not has_broker]


def test_decisions_are_no_matter_of_that_thread(site: Site) -> None:
    working: Any = Working(site)
    working({Task.DECIDE})
    assert not working._is_running
