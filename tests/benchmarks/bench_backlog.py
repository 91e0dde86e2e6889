# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast whole processes drain a backlog, beside fedora-messaging with an empty callback.

A broker (or the one that ``ACCOLADES_TEST_AMQP_URL`` names) and a PostgreSQL of its own that keeps
what it commits, all contestants one after the other on the same backlog. ``--help`` tells how to
make it smaller or larger.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from issuer.models import ArchivedMessage, QuarantinedMessage
from tests.benchmarks.bench_processing import DURABLE
from tests.integration.bus import PROGRAM, QUORUM, Bus, edit, site_with
from tests.services import postgres, rabbitmq
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    import subprocess

    from issuer.site import Site

RULE = (
    "trigger: {topic: wiki.article.edit}\nrecipient: message.body['user']\n"
    "previous: {filter: {topics: [message.topic], users: [recipient]}, operation: count}\n"
    "condition: {greater than or equal to: 3}\n"
)
PEOPLE = 1_000
#: Messages after which a process counts as warm.
WARM = 0.1
PATIENCE = 1800
WANTED = 200  # messages a second
MOST_GROWTH = 24 << 20


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of a backlog."""

    rate: float  # messages a second, once warm
    grown: int  # bytes of memory since then, all processes together


def drain(bus: Bus, number: int, *command: str, keeps: bool) -> Drained:
    """Put a backlog on the queue, and measure until it is empty; what is in hand is waited for."""
    bus.publish(*(edit(each, f"user{each % PEOPLE}") for each in range(number)))
    process = bus.start(*command)
    try:
        bus.eventually(lambda: bus.ready() < number * (1 - WARM), process, PATIENCE)
        began, left, before = time.monotonic(), bus.ready(), memory(process.pid)
        bus.eventually(lambda: bus.ready() == 0, process, PATIENCE)
        if keeps:
            bus.eventually(lambda: bus.count(ArchivedMessage) == number, process, PATIENCE)
        rate, grown = left / (time.monotonic() - began), memory(process.pid) - before
        end(process)
    finally:
        process.kill()
        process.wait()
    return Drained(rate, grown)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, which has to end well; what it has in hand is handled before."""
    process.terminate()
    if process.wait(60):
        raise RuntimeError(f"a consumer ended with {process.returncode}")


def memory(pid: int) -> int:
    """Return how many bytes a process and its children have in memory."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(memory(int(child)) for child in children)


def contest(site: Site, folder: Path, url: str, number: int, *command: str, keeps: bool) -> Drained:
    """Let one contestant drain a backlog of its own."""
    queue = f"backlog.{uuid4().hex}"
    path = os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])])
    bus = Bus(site, folder, url, queue, keys=["org.example.#"], arguments=QUORUM, PYTHONPATH=path)
    bus.declare()
    drained = drain(bus, number, *command, keeps=keeps)
    with bus.channel() as channel:
        channel.queue_delete(queue)
    return drained


def contestants(processes: int) -> dict[str, tuple[str, ...]]:
    """Return the commands that drain a backlog; the first one does nothing else."""
    fedora = str(Path(PROGRAM).parent / "fedora-messaging")
    several = (PROGRAM, "consume", "--processes", str(processes))
    empty = "--callback=tests.benchmarks.empty_callback:callback"
    return {
        "fedora-messaging, empty callback": (fedora, "consume", empty),
        "accolades consume": (PROGRAM, "consume"),
        f"accolades consume --processes {processes}": several,
    }


def broker(folder: Path, stack: ExitStack) -> str:
    """Return the address of a broker of our own."""
    server = rabbitmq.start(folder)
    stack.callback(server.stop)
    return stack.enter_context(rabbitmq.fresh_vhost(server.url))


def race(number: int, processes: int) -> list[Drained]:
    """Let all drain the same backlog, each on a database of its own; return how ours did."""
    ours = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accolades-bench-")))
        folder.chmod(0o711)
        database = postgres.start(folder / "db", DURABLE)
        stack.callback(database.stop)
        url = os.environ.get("ACCOLADES_TEST_AMQP_URL") or broker(folder / "mq", stack)
        for place, (name, command) in enumerate(contestants(processes).items()):
            home = folder / f"home{place}"
            home.mkdir()
            fresh = stack.enter_context(postgres.fresh_database(database.url))
            site = site_with(home, fresh, [RULE])
            stack.callback(site.database.dispose)
            drained = contest(site, home, url, number, *command, keeps=place > 0)
            say(f"  {name:<36}{drained.rate:>7.0f} a second{drained.grown >> 10:>9} KiB more")
            if place:
                ours.append(drained)
                check(site, number)
    return ours


def main() -> int:
    """Run what the command line asks for; 1 when the backlog is not drained as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    say(f"A backlog of {arguments.messages:,} messages of {PEOPLE:,} people, one commit each")
    ours = race(arguments.messages, arguments.processes)
    say(f"  wanted: at least {WANTED} a second, less than {MOST_GROWTH >> 20} MiB more")
    is_fast = max(each.rate for each in ours) >= WANTED
    return 0 if is_fast and all(each.grown < MOST_GROWTH for each in ours) else 1


def check(site: Site, number: int) -> None:
    """Raise unless every message was handled, once."""
    with site.database.reading() as session:
        kept, aside = (
            session.query(table).count() for table in (ArchivedMessage, QuarantinedMessage)
        )
    if (kept, aside) != (number, 0):
        raise RuntimeError(f"{kept} messages of {number} were kept, {aside} put aside")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
