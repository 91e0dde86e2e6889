# SPDX-License-Identifier: AGPL-3.0-or-later
"""A worker that is killed while it sends badges loses none and doubles none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from issuer.adapters.backpacks.results import Kind
from issuer.adapters.backpacks.tokens import Tokens
from issuer.models import Assertion, BackpackConnection, Push
from tests.simulators import BadgrSimulator, ConnectSimulator
from tests.simulators.serving import PLACES
from tests.simulators.site import sending_site
from tests.unit.issuer.test_pushing import connect_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.serving import Simulator
    from tests.simulators.site import Sender

ACCOLADES = str(Path(sys.executable).with_name("accolades"))
BADGES = [f"Badge {number}" for number in range(5)]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@contextmanager
def worker(sender: Sender, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    settings = sender.site.settings
    environment = {
        **os.environ,
        "ACCOLADES_HOME": str(settings.home),
        "ACCOLADES_DATABASE_URL": settings.database,
        "ACCOLADES_BASE_URL": settings.base_url,
        "ACCOLADES_ALLOW_LOOPBACK": "true",
        "ACCOLADES_BROKER_URL": settings.broker_url,
    }
    with subprocess.Popen(
        [ACCOLADES, "worker", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """End a worker with all the processes that it has."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.mark.parametrize(
    ("kind", "has_broker"),
    [(Kind.BADGR, False), (Kind.BADGE_CONNECT, False), (Kind.BADGR, True)],
    ids=["badgr", "connect", "badgr-by-celery"],
)
def test_a_worker_killed_again_and_again_neither_loses_nor_doubles_a_badge(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgres_url: str,
    kind: Kind,
    *,
    has_broker: bool,
) -> None:
    simulated: Simulator = BadgrSimulator() if kind is Kind.BADGR else ConnectSimulator()
    broker = request.getfixturevalue("amqp_url") if has_broker else ""
    with simulated.running(), sending_site(tmp_path, postgres_url, broker_url=broker) as sender:
        awarded = sender.award("asha", *BADGES)
        number = _connected(sender, simulated, kind)
        sender.queue(number, awarded)
        account = simulated.accounts["asha@example.org"]
        for place in PLACES:
            before = len(account.badges)
            simulated.hold(place)
            with worker(sender) as process:
                assert simulated.held.wait(60), place
                kill(process)
            simulated.let_go()
            if place == "asked":
                # The host stores what nobody waits for any more.
                assert simulated.kept.wait(10)
            assert before < len(BADGES), place
            assert "waiting" in {state for state, _ in sender.states(number)}, place
            _end_leases(sender)
        with worker(sender, "--once") as process:
            out, errors = process.communicate(timeout=120)
        assert errors == ""
        assert out.startswith("0 decided, ")
        assert sender.states(number) == [("sent", None)] * 5
        with sender.site.database.reading() as session:
            ours = set(session.scalars(select(Assertion.document_id)))
        # A host that got a badge twice would have it under another name as well.
        assert set(account.badges) == ours


def _connected(sender: Sender, simulated: Simulator, kind: Kind) -> int:
    if isinstance(simulated, ConnectSimulator):
        return connect_host(sender, simulated, kind, "asha")
    email = "asha@example.org"
    simulated.account(email)
    return sender.connect("asha", kind, simulated.url, Tokens(simulated.token(email)), email)


def _end_leases(sender: Sender) -> None:
    """Let the time of the dead worker be over."""
    past = datetime(2026, 1, 1, tzinfo=UTC)
    with sender.site.database.writing() as session:
        session.execute(update(BackpackConnection).values(not_before=past))
        session.execute(update(Push).where(Push.unsure).values(next_attempt_at=past))
