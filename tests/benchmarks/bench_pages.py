# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a page costs: statements, processor time, and how many a second two workers serve.

The community is invented: 2,000 people, 300 badges and 60,000 awards, and beside it 100,000 people,
1,000 badges and 5,000,000 awards, where the same pages must ask the same statements and take at
most twice the time. Filling that takes a quarter of an hour and 15 GB: ``--small`` leaves it out.
``--database`` measures a site that is filled already.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import event, select

from issuer.app import create_app
from issuer.config import Settings
from issuer.models import Assertion, Award, Badge, BadgeTotal, Period, Person, Total
from issuer.services import filling, schema, setup
from issuer.services.filling import Size
from issuer.site import Site
from tests.benchmarks.load import Load, LoadError
from tests.services import postgres
from tests.services.processes import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = Size(people=2_000, badges=300, awards=60_000)
LARGE = Size(people=100_000, badges=1_000, awards=5_000_000)
HTML = {"Accept": "text/html"}
JSON_LD = {"Accept": "application/ld+json"}
SERVER = postgres.SETTINGS | {"shared_buffers": "1GB", "max_wal_size": "8GB", "work_mem": "64MB"}
ROUNDS = 40
WORKERS, CONNECTIONS = 2, 4


@dataclass(frozen=True, slots=True)
class Cost:
    """What one answer costs."""

    status: int
    statements: int
    processor: float  # milliseconds of this process
    passed: float  # milliseconds by the clock
    size: int


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def pages_of(site: Site) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the pages that are measured: of somebody with an average number of badges, and of
    the one with most; of the badge with most holders."""
    with site.database.reading() as session:
        ranked = (
            select(Person.username)
            .join(Total, Total.person_id == Person.id)
            .where(Total.period == Period.ALL, Person.opted_out.is_(False))
        )
        most = session.scalars(ranked.order_by(Total.badges.desc()).limit(1)).one()
        usual = session.scalars(
            ranked.where(Total.badges <= 30).order_by(Total.badges.desc()).limit(1)
        ).one()
        slug = session.scalars(
            select(Badge.slug).join(BadgeTotal).order_by(BadgeTotal.holders.desc()).limit(1)
        ).one()
        uuid = session.scalars(
            select(Assertion.uuid).join(Award).where(Award.revoked_at.is_(None)).limit(1)
        ).one()
    return {
        "home": ("/", HTML),
        "badge": (f"/badges/{slug}", HTML),
        "person, about 30 badges": (f"/people/{usual}", HTML),
        "person with most badges": (f"/people/{most}", HTML),
        "the same by tag": (f"/people/{most}?by=tag", HTML),
        "the same by series": (f"/people/{most}?by=series", HTML),
        "leaderboard": ("/leaderboard", HTML),
        "leaderboard, found": (f"/leaderboard?find={usual}", HTML),
        "leaderboard, this month": ("/leaderboard?period=month", HTML),
        "comparison": (f"/diff?a={most}&b={usual}", HTML),
        "explore": ("/explore", HTML),
        "report, this year": (f"/report/{datetime.now(UTC).year}", HTML),
        "award": (f"/assertions/{uuid}", HTML),
        "assertion, JSON-LD": (f"/assertions/{uuid}", JSON_LD),
    }


def measure(site: Site, rounds: int) -> dict[str, Cost]:
    """Return what each page costs in this process, the median of some rounds."""
    app = create_app(site=site)
    client = app.test_client()
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    costs = {}
    for name, (address, headers) in pages_of(site).items():
        processor, passed = [], []
        for _ in range(rounds + 3):
            seen.clear()
            start, clock = time.process_time(), time.perf_counter()
            answer = client.get(address, headers=headers)
            body = answer.get_data()
            processor.append(1000 * (time.process_time() - start))
            passed.append(1000 * (time.perf_counter() - clock))
        costs[name] = Cost(
            answer.status_code,
            len(seen),
            statistics.median(processor[3:]),
            statistics.median(passed[3:]),
            len(body),
        )
    event.remove(site.database.engine, "before_cursor_execute", note)
    return costs


@contextmanager
def served(site: Site) -> Iterator[int]:
    """Serve the site with gunicorn; give the port."""
    (port,) = free_ports(1)
    settings = site.settings
    environment = {
        "PATH": "/usr/bin:/bin",
        "ACCOLADES_HOME": str(settings.home),
        "ACCOLADES_DATABASE_URL": settings.database_url,
        "ACCOLADES_BASE_URL": settings.base_url,
        "ACCOLADES_SECRET_KEY": "benchmark",
    }
    program = Path(sys.executable).parent / "gunicorn"
    command = [program, "-w", str(WORKERS), "-b", f"127.0.0.1:{port}", "issuer:create_app()"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=environment, **quiet)
    try:
        end = time.monotonic() + 60
        while not _answers(port) and time.monotonic() < end:
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz/live")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def report(title: str, site: Site, arguments: argparse.Namespace) -> dict[str, Cost]:
    """Measure a site and print what was found."""
    costs, load = measure(site, arguments.rounds), Load.of(CONNECTIONS)
    say(f"\n{title}")
    if arguments.seconds:
        say(f"load: {load.name}, {CONNECTIONS} connections; gunicorn with {WORKERS} workers")
    say(f"{'page':<28}{'statements':>11}{'CPU ms':>9}{'ms':>8}{'bytes':>9}{'a second':>10}")
    with ExitStack() as stack:
        port = stack.enter_context(served(site)) if arguments.seconds else 0
        for name, (address, headers) in pages_of(site).items():
            cost, rate = costs[name], ""
            if port:
                try:
                    rate = f"{load.rate(port, address, headers, arguments.seconds):.0f}"
                except LoadError as error:
                    rate = f"  no rate: {error}"
            say(
                f"{name:<28}{cost.statements:>11}{cost.processor:>9.1f}{cost.passed:>8.1f}"
                f"{cost.size:>9}{rate:>10}"
            )
    return costs


def filled(server: str, size: Size, folder: Path, stack: ExitStack) -> Site:
    """Return a site with an invented community."""
    url = stack.enter_context(postgres.fresh_database(server))
    site = Site.of(Settings(home=folder, database_url=url))
    stack.callback(site.database.dispose)
    schema.upgrade(site.database)
    now, stores = datetime.now(UTC), setup.Stores(site.keys, site.objects)
    start = time.perf_counter()
    with site.database.writing() as session:
        issuer = setup.ensure_issuer(session, site.settings, stores, now=now)
        filling.fill(
            session,
            issuer,
            site.objects,
            size,
            email_domain=site.settings.email_domain,
            now=now,
            stage=lambda _title, _steps: lambda: None,
        )
    seconds = time.perf_counter() - start
    say(f"filled {size.awards:,} awards in {seconds:.0f} s: {size.awards / seconds:,.0f} a second")
    return site


def compare(small: dict[str, Cost], large: dict[str, Cost]) -> None:
    """Print how much more a page costs on the large site."""
    say(f"\n{'page':<28}{'statements':>16}{'CPU':>9}{'time':>8}")
    for name, cost in small.items():
        other = large[name]
        say(
            f"{name:<28}{cost.statements:>8} -> {other.statements:<4}"
            f"{other.processor / cost.processor:>8.2f}x{other.passed / cost.passed:>7.2f}x"
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="leave the large community out")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each page")
    parser.add_argument("--seconds", type=int, default=3, help="of load a page; 0: none")
    parser.add_argument("--database", help="of a filled site, with --home its folder")
    parser.add_argument("--home", type=Path, default=Path("var"))
    arguments = parser.parse_args()
    with ExitStack() as stack:
        if arguments.database:
            site = Site.of(Settings(home=arguments.home, database_url=arguments.database))
            stack.callback(site.database.dispose)
            report("the given site", site, arguments)
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)  # PostgreSQL, which is never root, has to get in
        server = postgres.start(folder / "postgres", SERVER)
        stack.callback(server.stop)
        small = report("small", filled(server.url, SMALL, folder / "small", stack), arguments)
        if not arguments.small:
            large = report("large", filled(server.url, LARGE, folder / "large", stack), arguments)
            compare(small, large)


if __name__ == "__main__":
    main()
