# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many messages a second one process takes, beside fedbadges and beside the bare statements.

A PostgreSQL of its own that keeps what it commits (fsync and synchronous_commit on), client and
server on one core, all contestants in turns. ``--help`` tells how to make it smaller or larger.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import io
import itertools
import logging
import os
import pstats
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from issuer.intake import MAX_GROUP, Intake, policy_of
from issuer.services import processing
from tests.benchmarks import traffic
from tests.benchmarks.traffic import Scale
from tests.issuing import NOW, make_site
from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from issuer.adapters.messages import Incoming
    from issuer.site import Site

#: fedbadges 2.3.0 on the 2-core reference machine, messages a second: none held, most held.
REFERENCE = {(300, 2_000): (15, 31), (1_000, 2_000): (4.3, 6.0), (300, 50_000): (3.4, 8.4)}
DURABLE = postgres.SETTINGS | {
    "autovacuum": "on",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
}
PAGE = os.sysconf("SC_CLK_TCK")


@dataclass
class Rates:
    """What was measured of one contestant, a value a round."""

    name: str
    rate: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)  # microseconds of processor a message
    server: list[float] = field(default_factory=list)

    def add(self, number: int, seconds: float, client: float, server: float) -> None:
        """Note one round."""
        self.rate.append(number / seconds)
        self.client.append(client / number * 1e6)
        self.server.append(server / number * 1e6)

    def __str__(self) -> str:
        middle = [statistics.median(values) for values in (self.rate, self.client, self.server)]
        return (
            f"{self.name:<28}{middle[0]:>8.0f} a second"
            f"{middle[1]:>8.0f} us client{middle[2]:>8.0f} us server"
        )


class Bench:
    """One filled site, and the traffic that goes into it."""

    def __init__(
        self, server: str, scale: Scale, folder: Path, stack: ExitStack, held: bool
    ) -> None:
        self.scale = scale
        url = stack.enter_context(postgres.fresh_database(server))
        self.site: Site = make_site(
            folder,
            url,
            base_url=traffic.BASE_URL,
            key_passphrase="correct horse",  # noqa: S106 (nobody's)
        )
        stack.callback(self.site.database.dispose)
        traffic.fill(self.site, scale, held=held)
        # As the consumer does once it is ready: what stays is not looked at again and again.
        gc.collect()
        gc.freeze()
        self.intake = Intake(self.site, policy_of(self.site.settings))
        self.messages = traffic.messages(scale)
        with self.site.database.reading() as session:
            self._server = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
        try:
            os.sched_setaffinity(self._server, {min(os.sched_getaffinity(0))})
        except PermissionError:
            say("the server's process may not be pinned: figures vary more")

    def take(self, number: int) -> list[Incoming]:
        """Return the next messages of the traffic."""
        return list(itertools.islice(self.messages, number))

    def timed(self, rates: Rates, number: int, work: Callable[[], None]) -> None:
        """Measure one round of work on a number of messages."""
        started, client, server = time.perf_counter(), time.process_time(), self._server_time()
        work()
        rates.add(
            number,
            time.perf_counter() - started,
            time.process_time() - client,
            self._server_time() - server,
        )

    def single(self, incoming: list[Incoming]) -> None:
        """Take messages, one commit each."""
        for each in incoming:
            self.intake.handle(each, now=NOW)

    def grouped(self, incoming: list[Incoming], size: int = MAX_GROUP) -> None:
        """Take messages in groups."""
        for start in range(0, len(incoming), size):
            self.intake.handle_group(incoming[start : start + size], now=NOW)

    def statements(self, incoming: list[Incoming]) -> list[list[tuple[str, Any, bool]]]:
        """Return the statements of each message, as the driver gets them; nothing is kept.

        The last of each tells whether it is run with many sets of values.
        """
        found: list[list[tuple[str, Any, bool]]] = []
        engine = self.site.database.engine

        def note(_c: Any, _k: Any, statement: str, values: Any, _x: Any, many: bool) -> None:
            found[-1].append((statement, values, many))

        event.listen(engine, "before_cursor_execute", note)
        try:
            with self.site.database.session() as session:
                for each in incoming:
                    found.append([])
                    processing.process(
                        session,
                        each.message,
                        self.intake.ruleset,
                        policy_of(self.site.settings),
                        users=each.users,
                        now=NOW,
                    )
                session.rollback()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return found

    def bare(self, statements: list[list[tuple[str, Any, bool]]]) -> None:
        """Run the same statements in a bare loop of the driver, one commit a message."""
        with self._connection() as connection, connection.cursor() as cursor:
            for message in statements:
                for statement, values, many in message:
                    (cursor.executemany if many else cursor.execute)(statement, values)
                    if cursor.description:
                        cursor.fetchall()
                connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        wrapped = self.site.database.engine.raw_connection()
        try:
            yield wrapped.driver_connection
        finally:
            wrapped.close()

    def _server_time(self) -> float:
        try:
            fields = Path(f"/proc/{self._server}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / PAGE


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def race(server: str, scale: Scale, arguments: argparse.Namespace, *, held: bool) -> None:
    """Let all contestants run in turns on one site, and say how fast they were."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accolades-")))
        bench = Bench(server, scale, folder, stack, held)
        say(f"{scale}, {'most' if held else 'none'} held")
        bench.single(bench.take(200))
        names = ("one commit a message", "bare loop", "groups of 100")
        single, bare, grouped = (Rates(name) for name in names)
        for _ in range(arguments.rounds):
            some = bench.take(arguments.messages)
            bench.timed(single, len(some), lambda some=some: bench.single(some))
            noted = bench.statements(bench.take(arguments.messages))
            bench.timed(bare, len(noted), lambda noted=noted: bench.bare(noted))
            many = bench.take(arguments.messages * 2)
            bench.timed(grouped, len(many), lambda many=many: bench.grouped(many))
        for rates in (single, bare, grouped):
            say(f"  {rates}")
        if arguments.profile:
            profile(bench, arguments.messages)
        numbers = [len(each) for each in noted]
        say(f"  statements a message: {statistics.mean(numbers):.1f}, at least {min(numbers)}")
        ratio = statistics.median(
            ours / theirs for ours, theirs in zip(single.rate, bare.rate, strict=True)
        )
        say(f"  of the bare loop's rate: {ratio:.0%}")
        reference = REFERENCE.get((scale.rules, scale.people))
        if reference:
            for rates in (single, grouped):
                times = statistics.median(rates.rate) / reference[held]
                say(f"  {rates.name}: {times:.0f} times fedbadges ({reference[held]} a second)")


def profile(bench: Bench, number: int) -> None:
    """Say in which functions the client spends its time, one commit a message."""
    some, profiler = bench.take(number), cProfile.Profile()
    profiler.runcall(bench.single, some)
    lines = io.StringIO()
    pstats.Stats(profiler, stream=lines).strip_dirs().sort_stats("tottime").print_stats(25)
    for line in lines.getvalue().splitlines():
        if line.strip():
            say(f"    {line}")


def flat(server: str, what: str, small: Scale, large: Scale, arguments: argparse.Namespace) -> None:
    """Compare a small site with a large one, in turns."""
    with ExitStack() as stack:
        benches = []
        for scale in (small, large):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accolades-")))
            benches.append(Bench(server, scale, folder, stack, held=True))
            benches[-1].single(benches[-1].take(200))
        rates = [Rates(f"{getattr(bench.scale, what):,} {what}") for bench in benches]
        for _ in range(arguments.rounds):
            for bench, one in zip(benches, rates, strict=True):
                some = bench.take(arguments.messages)
                bench.timed(one, len(some), lambda bench=bench, some=some: bench.single(some))
        for one in rates:
            say(f"  {one}")
        ratios = [b / a for a, b in zip(rates[0].rate, rates[1].rate, strict=True)]
        say(f"  flat in {what}: {statistics.median(ratios):.0%}")


def commits(server: str, number: int = 300) -> float:
    """Return how many commits of one small row a second the disk allows."""
    with postgres.fresh_database(server) as url:
        site_engine = postgres.psycopg.connect(url.replace("+psycopg", ""))
        with site_engine as connection:
            connection.execute("CREATE TABLE rows (n int)")
            connection.commit()
            started = time.perf_counter()
            for n in range(number):
                connection.execute("INSERT INTO rows VALUES (%s)", (n,))
                connection.commit()
            return number / (time.perf_counter() - started)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archived", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--rules", type=int, default=300)
    parser.add_argument("--messages", type=int, default=500, help="of one turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=1_000_000, help="archive of the large site")
    parser.add_argument("--profile", action="store_true", help="say where the client's time goes")
    parser.add_argument("--only", choices=("fresh", "held", "rules", "archived", "people"))
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    scale = Scale(archived=arguments.archived, people=arguments.people, rules=arguments.rules)
    with tempfile.TemporaryDirectory(prefix="accolades-bench-") as name:
        Path(name).chmod(0o711)
        server = postgres.start(Path(name) / "server", DURABLE)
        try:
            say(f"commits of one row: {commits(server.url):.0f} a second")
            run_all(server.url, scale, arguments)
        finally:
            server.stop()


def run_all(server: str, scale: Scale, arguments: argparse.Namespace) -> None:
    """Run every part, or the one that was asked for."""
    busy = replace(scale, topics=20)
    parts: dict[str, Callable[[], None]] = {
        "fresh": lambda: race(server, scale, arguments, held=False),
        "held": lambda: race(server, scale, arguments, held=True),
        "rules": lambda: flat(
            server, "rules", replace(busy, rules=100), replace(busy, rules=1_000), arguments
        ),
        "archived": lambda: flat(
            server,
            "archived",
            replace(scale, archived=50_000),
            replace(scale, archived=arguments.large),
            arguments,
        ),
        "people": lambda: flat(server, "people", scale, replace(scale, people=50_000), arguments),
    }
    for name, part in parts.items():
        if arguments.only in (None, name):
            part()
            say()


if __name__ == "__main__":
    main()
