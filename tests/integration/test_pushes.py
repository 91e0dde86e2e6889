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
from issuer.models import Assertion, Award, BackpackConnection, Push
from issuer.services import awards
from openbadges.serialization import loads_object
from tests.simulators import BadgrSimulator, ConnectSimulator, CredentialSimulator
from tests.simulators.serving import PLACES
from tests.simulators.site import sending_site
from tests.unit.issuer.pushing.parts import connect_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulators.serving import Simulator
    from tests.simulators.site import Sender

ACCOLADES = str(Path(sys.executable).with_name("accolades"))
BADGES = [f"Badge {number}" for number in range(5)]


def formerly() -> BadgrSimulator:
    """Return a Badgr of the time before version 2."""
    made = BadgrSimulator()
    made.formerly = True
    return made


HOSTS: dict[str, Callable[[], Simulator]] = {
    "badgr": BadgrSimulator,
    "version-1": formerly,
    "connect": ConnectSimulator,
    "connect-as-badgr": lambda: ConnectSimulator(as_badgr=True),
    "version-3": CredentialSimulator,
}

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
    ("host", "has_broker"),
    [
        ("badgr", False),
        ("version-1", False),
        ("connect", False),
        ("connect-as-badgr", False),
        ("version-3", False),
        ("badgr", True),
    ],
    ids=["badgr", "version-1", "connect", "connect-as-badgr", "version-3", "badgr-by-celery"],
)
def test_a_worker_killed_again_and_again_neither_loses_nor_doubles_a_badge(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgres_url: str,
    host: str,
    *,
    has_broker: bool,
) -> None:
    simulated = HOSTS[host]()
    broker = request.getfixturevalue("amqp_url") if has_broker else ""
    with simulated.running(), sending_site(tmp_path, postgres_url, broker_url=broker) as sender:
        awarded = sender.award("asha", *BADGES)
        number = _connected(sender, simulated)
        sender.queue(number, awarded)
        account = simulated.accounts["asha@example.org"]
        for place in PLACES:
            before = len(account.badges)
            _killed_at(place, sender, simulated)
            assert before < len(BADGES), place
            assert "waiting" in {state for state, _ in sender.states(number)}, place
            _end_leases(sender)
        with worker(sender, "--once") as process:
            out, errors = process.communicate(timeout=120)
        assert errors == ""
        assert out.startswith("0 decided, ")
        assert sender.states(number) == [("sent", None)] * 5
        # A host that got a badge twice would have it under another name as well.
        assert set(account.badges) == _ours(sender, host)


@pytest.mark.parametrize("host", ["badgr", "connect", "version-3"])
def test_a_badge_revoked_after_its_worker_was_killed_is_not_handed_in_again(
    tmp_path: Path, postgres_url: str, host: str
) -> None:
    simulated = HOSTS[host]()
    with simulated.running(), sending_site(tmp_path, postgres_url) as sender:
        number = _connected(sender, simulated)
        account = simulated.accounts["asha@example.org"]
        for name, place in (("Never there", "asked"), ("There", "stored")):
            (awarded,) = sender.award("asha", name)
            sender.queue(number, [awarded])
            # The first never leaves; the second is kept by the host, and nobody hears of it.
            _killed_at(place, sender, simulated, is_lost=place == "asked")
            with sender.site.database.writing() as session:
                award = session.get_one(Award, awarded)
                awards.revoke(session, award, "A mistake.", now=datetime.now(UTC))
            _end_leases(sender)
        handed = [each for each in simulated.asked if each.startswith("POST ")]
        with worker(sender, "--once") as process:
            assert process.communicate(timeout=120)[1] == ""
        assert [each for each in simulated.asked if each.startswith("POST ")] == handed
        gone, stays = ("withdrawn", "taken-back"), ("sent", "taken-back")
        assert (
            sender.states(number)
            == {
                "badgr": [gone, gone],
                "connect": [gone, stays],
                # It cannot be asked what it has: its holder is told to look there.
                "version-3": [stays, stays],
            }[host]
        )
        assert len(account.badges) == (0 if host == "badgr" else 1)


def _killed_at(place: str, sender: Sender, simulated: Simulator, *, is_lost: bool = False) -> None:
    """Kill a worker at a place; the host then goes on alone, unless the request is lost to it."""
    simulated.hold(place)
    with worker(sender) as process:
        assert simulated.held.wait(60), place
        kill(process)
    simulated.is_losing = is_lost
    simulated.let_go()
    if place == "asked" and not is_lost:
        # The host stores what nobody waits for any more.
        assert simulated.kept.wait(10)
    assert simulated.is_done.wait(10)
    simulated.is_losing = False


def _ours(sender: Sender, host: str) -> set[str]:
    with sender.site.database.reading() as session:
        rows = session.scalars(select(Assertion)).all()
        if host != "version-3":
            return {each.document_id for each in rows}
        return {str(loads_object(each.ob3 or "")["id"]) for each in rows}


def _connected(sender: Sender, simulated: Simulator) -> int:
    if isinstance(simulated, ConnectSimulator):
        return connect_host(sender, simulated, Kind.BADGE_CONNECT, "asha")
    if isinstance(simulated, CredentialSimulator):
        return connect_host(sender, simulated, Kind.OB3, "asha")
    email = "asha@example.org"
    simulated.account(email)
    return sender.connect("asha", Kind.BADGR, simulated.url, Tokens(simulated.token(email)), email)


def _end_leases(sender: Sender) -> None:
    """Let the time of the dead worker be over."""
    past = datetime(2026, 1, 1, tzinfo=UTC)
    with sender.site.database.writing() as session:
        session.execute(update(BackpackConnection).values(not_before=past))
        session.execute(update(Push).where(Push.unsure).values(next_attempt_at=past))
