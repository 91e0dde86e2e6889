# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demo issues, as the reference validator sees it: strict, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import func, select

from issuer.models import Assertion, Award, Badge, Person
from issuer.services import awards, persons
from tests import demo as demos

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from tests.demo import Demo
    from tests.services.judge import Judge

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

VISITOR = "visitor"
PEOPLE = 3
FORMS = ("hosted", "signed", "baked")


@pytest.fixture(scope="module")
def addresses(demo: Demo) -> list[str]:
    """One assertion of each badge of the demo, and every assertion of three people."""
    site, now = demo.site(), datetime.now(UTC)
    with site.database.writing() as session:
        visitor = persons.ensure(session, VISITOR, now=now)
        for badge in session.scalars(select(Badge)).all():
            cause = awards.Cause(source="admin")
            awards.award(session, badge, visitor, cause=cause, email_domain="example.org", now=now)
        chosen = [VISITOR, *_people(session)]
        assert session.scalar(select(func.count()).select_from(Badge)) >= 40
        statement = (
            select(Assertion.document_id)
            .join(Award, Assertion.award_id == Award.id)
            .join(Person, Award.person_id == Person.id)
            .where(Person.key.in_(chosen), Award.revoked_at.is_(None))
        )
        found = list(session.scalars(statement))
    site.database.dispose()
    return found


def _people(session: Session) -> list[str]:
    statement = (
        select(Person.key)
        .join(Award, Award.person_id == Person.id)
        .where(Person.key != VISITOR)
        .group_by(Person.key)
        .order_by(func.count().desc())
        .limit(PEOPLE)
    )
    return list(session.scalars(statement))


def _inputs(address: str, folder: Path) -> dict[str, str]:
    """Return the three forms of a badge as the judge takes them."""
    picture = folder / f"{address.rpartition('/')[2]}.png"
    picture.write_bytes(_get(f"{address}/image"))
    return {
        "hosted": address,
        "signed": _get(f"{address}.jws").decode(),
        "baked": str(picture),
    }


def _get(address: str) -> bytes:
    answer = requests.get(address, timeout=30)
    answer.raise_for_status()
    return answer.content


def _why(report: dict[str, Any]) -> str:
    return f"{report['input'][:90]}: {report['beyond']} {report['report']['messages']}"


@pytest.mark.requirement("A1", "H1", "M1")
def test_every_badge_is_valid_in_each_form(
    judge_ob2: Judge, addresses: list[str], tmp_path: Path
) -> None:
    items = [
        {"input": text} for address in addresses for text in _inputs(address, tmp_path).values()
    ]
    reports = judge_ob2.batch(items)
    assert len(reports) == len(addresses) * len(FORMS)
    assert [_why(report) for report in reports if not report["strict_valid"]] == []


def test_a_badge_belongs_to_its_holder_alone(
    judge_ob2: Judge, demo: Demo, addresses: list[str], tmp_path: Path
) -> None:
    assert addresses
    holder = demo.person.rpartition("/")[2]
    inputs = _inputs(demo.assertion, tmp_path)
    for who, expected in ((holder, True), ("somebody.else", False)):
        profile = {"email": [f"{who}@example.org"]}
        reports = judge_ob2.batch([{"input": text, "profile": profile} for text in inputs.values()])
        assert [report["strict_valid"] for report in reports] == [expected] * len(FORMS)


@pytest.mark.parametrize("where", ["header", "payload", "signature"])
def test_one_changed_byte_is_noticed(
    judge_ob2: Judge, demo: Demo, tmp_path: Path, where: str
) -> None:
    inputs = _inputs(demo.assertion, tmp_path)
    parts = inputs["signed"].split(".")
    place = {"header": 4, "payload": len(parts[0]) + 40, "signature": len(inputs["signed"]) - 60}[
        where
    ]
    changed = _with_other_letter(inputs["signed"], place)
    picture = tmp_path / "changed.png"
    original = (tmp_path / inputs["baked"]).read_bytes()
    baked = original.replace(inputs["signed"].encode(), changed.encode())
    assert baked != original
    picture.write_bytes(_with_right_checksums(baked))
    reports = judge_ob2.batch([{"input": changed}, {"input": str(picture)}])
    assert [report["strict_valid"] for report in reports] == [False, False]


def _with_other_letter(token: str, place: int) -> str:
    other = "A" if token[place] != "A" else "B"
    return token[:place] + other + token[place + 1 :]


def _with_right_checksums(png: bytes) -> bytes:
    """Repair the checksums, so that the judge looks at the content and not at a broken file."""
    import struct
    import zlib

    result, place = png[:8], 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        body = png[place + 4 : place + 8 + length]
        result += png[place : place + 4] + body + struct.pack(">I", zlib.crc32(body))
        place += 12 + length
    return result


def test_a_revoked_badge_is_not_valid_in_any_form(
    judge_ob2: Judge, demo: Demo, addresses: list[str], tmp_path: Path
) -> None:
    # The signed forms were taken along before the issuer withdrew the badge.
    address = next(each for each in addresses if each != demo.assertion)
    inputs = _inputs(address, tmp_path)
    done = demos.run(demo.home, "revoke", address, "--reason", "awarded by mistake")
    assert (done.returncode, done.stderr) == (0, "")
    again = demos.run(demo.home, "revoke", address, "--reason", "awarded by mistake")
    assert "nothing changed" in again.stdout
    reports = judge_ob2.batch([{"input": text} for text in inputs.values()])
    assert [report["strict_valid"] for report in reports] == [False] * len(FORMS)
    # The reference itself says so of the signed forms, by the revocation list.
    assert [report["valid"] for report in reports[1:]] == [False, False]
    assert requests.get(address, timeout=30).status_code == 410
