# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from fedora_messaging import config
from sqlalchemy.exc import OperationalError

from consumer.awaiting import opened
from issuer.errors import DatabaseAwayError, DatabaseNotReadyError
from tests.services.processes import free_ports

REFUSED = DatabaseAwayError("database: cannot be reached: refused: check ACCOLADES_DATABASE_URL")


@dataclass
class Opening:
    """Fails as a test says and then opens; nobody waits."""

    errors: list[Exception] = field(default_factory=list)
    lasting: Exception | None = None
    meanwhile: Any = None
    waits: list[float] = field(default_factory=list)
    now: float = 0.0

    def __call__(self) -> str:
        if self.lasting is not None:
            raise self.lasting
        if self.errors:
            raise self.errors.pop(0)
        return "open"

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        if self.meanwhile is not None:
            self.meanwhile()

    def run(self) -> str:
        return opened(self, sleep=self.sleep, clock=lambda: self.now)


def test_what_is_there_is_not_waited_for() -> None:
    opening = Opening()
    assert opening.run() == "open"
    assert opening.waits == []


def test_a_database_that_is_away_is_waited_for_with_back_off() -> None:
    lost = OperationalError("SELECT", {}, RuntimeError("lost"), connection_invalidated=True)
    opening = Opening([REFUSED, lost, REFUSED])
    assert opening.run() == "open"
    assert opening.waits == [0.5, 1, 2]


def test_after_ten_minutes_it_says_so_and_ends() -> None:
    opening = Opening(lasting=REFUSED)
    with pytest.raises(DatabaseNotReadyError, match=r"refused.*it was away for 10 minutes"):
        opening.run()
    assert 600 < opening.now < 640
    assert max(opening.waits) == 30


@pytest.mark.parametrize(
    "error",
    [DatabaseNotReadyError("run 'accolades db upgrade'"), ZeroDivisionError("a defect")],
    ids=["tables", "defect"],
)
def test_what_time_does_not_mend_is_told_at_once(error: Exception) -> None:
    for opening in (Opening([error]), Opening([REFUSED, error])):
        with pytest.raises(type(error), match=str(error)):
            opening.run()
        assert len(opening.waits) <= 1


def test_meanwhile_the_monitor_answers_that_it_lives_and_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setitem(config.conf, "monitoring", {"address": "127.0.0.1", "port": port})
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for name in ("live", "ready"):
                got = session.get(f"http://127.0.0.1:{port}/{name}", timeout=20)
                answers.append((got.status_code, got.json()["status"]))

    assert Opening([REFUSED], meanwhile=ask).run() == "open"
    assert answers == [(200, "OK"), (503, f"waiting: {REFUSED}")]
    # The port is free again, for the monitor of the bus; and one that is taken stops nothing.
    monkeypatch.setitem(config.conf, "monitoring", {"address": "192.0.2.1", "port": port})
    assert Opening([REFUSED]).run() == "open"


def test_a_signal_ends_the_wait_well() -> None:
    former = signal.getsignal(signal.SIGTERM)
    opening = Opening(lasting=REFUSED, meanwhile=lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as caught:
        opening.run()
    assert caught.value.code == 0
    assert signal.getsignal(signal.SIGTERM) is former
