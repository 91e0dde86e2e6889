# SPDX-License-Identifier: AGPL-3.0-or-later
"""What it costs to take badges along: a ZIP of many, the forms of one, the list of revocations."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import tracemalloc
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from issuer import packing
from issuer.app import create_app
from issuer.models import Assertion, StatusList
from issuer.services import bundling, credentials, emails, exporting, persons
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from issuer.site import Site

BADGES, LISTED, REVOKED = 300, 1_000_000, 50_000
LATER = NOW + timedelta(days=1)
#: The same rows as issuing writes, as many as a list takes.
FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)
"""
AWARDS = """
INSERT INTO awards (id, uuid, badge_id, person_id, occurrence, issued_at, evidence, narrative,
 source, revoked_at, created_at)
SELECT 1000000 + i, printf('%032x', 1000000 + i), 1, 1, 'o' || i, :now, '[]', '', 'admin',
 CASE WHEN i % (:rows / :revoked) = 0 THEN :now END, :now FROM n
"""
ASSERTIONS = """
INSERT INTO assertions (id, uuid, award_id, is_default, identity_type, salt, identity_hash,
 subject_uuid, edition_id, key_id, document_id, document, status_list_id, status_index, created_at)
SELECT 1000000 + i, printf('%032x', 1000000 + i), 1000000 + i, 1, 'email', '', 'h' || i,
 printf('%032x', 1000000 + i), 1, 1, 'd' || i, '', :list, i, :now FROM n
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder), "")
        try:
            _fill(site)
            say("ZIP of 300 badges (wanted: 3 s on two cores, cold)")
            say(_zip(site, "  nothing signed yet", None))
            say(_zip(site, "  all signed before", None))
            say(_zip(site, "  another address: made out and signed", 1))
            _forms(site)
            _memory(site)
            _status(site)
        finally:
            site.database.dispose()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fill(site: Site) -> None:
    with site.database.writing() as session:
        for number in range(BADGES):
            give(session, make_badge(session, site, f"Badge {number}"), "asha")
        person = persons.find(session, "asha")
        emails.add(session, person, "asha@example.net", now=NOW).verified_at = NOW


def _parts(site: Site, address: int | None) -> Iterator[bytes]:
    with site.database.reading() as session:
        held = exporting.of_person(session, persons.find(session, "asha"))
    badges = packing.exported(site, "asha", held, address, now=LATER)
    bundle = bundling.Bundle(name="Asha", site="Accolades", objects=site.objects, now=LATER)
    return bundling.stream(badges, bundle)


@contextmanager
def timed(found: dict[str, float]) -> Iterator[None]:
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    found["cpu"], found["wall"] = time.process_time() - cpu, time.perf_counter() - wall


def _zip(site: Site, words: str, address: int | None) -> str:
    found: dict[str, float] = {}
    with timed(found):
        size = sum(len(part) for part in _parts(site, address))
    return f"{words:<46} {found['cpu']:6.2f} s CPU {found['wall']:6.2f} s {size / 1e6:6.1f} MB"


def _forms(site: Site) -> None:
    """Ask for each form of an award that was signed before, as a stranger does."""
    application = create_app(site=site).wsgi_app
    with site.database.reading() as session:
        uuids: list[UUID] = list(session.scalars(select(Assertion.uuid).limit(BADGES)))
    say("One form of an existing award, hosted (wanted: 2 ms CPU)")
    for form in (".json", ".jws", "/ob3", "/ob3.jwt", "/image", "/image.svg"):
        asked = [EnvironBuilder(f"/assertions/{uuid}{form}").get_environ() for uuid in uuids]
        # A process that has just begun puts its statements together first.
        run_wsgi_app(application, EnvironBuilder(f"/assertions/{uuids[0]}{form}").get_environ())
        found: dict[str, float] = {}
        with timed(found):
            for environ in asked:
                run_wsgi_app(application, environ)
        say(f"  {form:<44} {found['cpu'] / len(uuids) * 1000:6.2f} ms CPU")


def _memory(site: Site) -> None:
    """Pack a tenth and then all: what grows is the list of what is inside, and no content."""
    tracemalloc.start()
    peaks = []
    for most in (BADGES // 10, BADGES):
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        size = 0
        for number, part in enumerate(_parts(site, None)):
            size += len(part)
            if number == most:
                break
        peaks.append((most, size, tracemalloc.get_traced_memory()[1] - before))
    tracemalloc.stop()
    say("Memory while a ZIP is made")
    for most, size, peak in peaks:
        say(f"  {most:>4} badges, {size / 1e6:5.1f} MB of ZIP {peak / 1e6:25.1f} MB at most")
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"  the whole process {resident:40.0f} MB at most")


def _status(site: Site) -> None:
    with site.database.writing() as session:
        first = session.scalars(select(Assertion).limit(1)).one()
        listed = StatusList(
            issuer_id=first.key.issuer_id,
            size=1 << 20,
            next_position=LISTED,
            permutation_seed="00" * 32,
            created_at=NOW,
        )
        session.add(listed)
        session.flush()
        values = {"rows": LISTED, "revoked": REVOKED, "list": listed.id}
        values["now"] = "2026-03-01 12:00:00.000000"
        for statement in (AWARDS, ASSERTIONS):
            head, _, tail = statement.partition("SELECT")
            session.execute(text(f"{head}{FILL}SELECT{tail}"), values)
        number = listed.id
    found: dict[str, float] = {}
    with timed(found), site.database.writing() as session:
        credentials.status_list(session, number, site.keys, now=LATER)
    say(f"A list of {LISTED:,} credentials, {REVOKED:,} revoked, made anew (wanted: 2 s)")
    say(f"  {'rebuilt and signed':<44} {found['cpu']:6.2f} s CPU {found['wall']:6.2f} s")


if __name__ == "__main__":
    main()
