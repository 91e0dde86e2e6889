# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demo issues, as the reference validator sees it: strict, over real HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import func, select

from issuer.models import Assertion, Award, Badge, Person
from issuer.services import awards, persons
from openbadges.signing import peek
from tests import demo as demos
from tests.services import judge3
from tests.services.missing import MissingError, stop_test

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from tests.demo import Demo
    from tests.services.judge import Judge

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

VISITOR = "visitor"
PEOPLE = 3
FORMS = ("hosted", "signed", "baked", "drawn", "document")


@pytest.fixture(scope="module")
def addresses(demo: Demo) -> list[str]:
    """One assertion of each badge of the demo, and every assertion of three people."""
    site, now = demo.site(), datetime.now(UTC)
    with site.database.writing() as session:
        visitor = persons.ensure(session, VISITOR, now=now)
        for badge in session.scalars(select(Badge).where(Badge.retired_at.is_(None))).all():
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
    """Return the forms of a badge as the judge takes them: all badges of the demo are drawings."""
    name = address.rpartition("/")[2]
    picture, drawing = folder / f"{name}.png", folder / f"{name}.svg"
    picture.write_bytes(_get(f"{address}/image"))
    drawing.write_bytes(_get(f"{address}/image.svg"))
    return {
        "hosted": address,
        "signed": _get(f"{address}.jws").decode(),
        "baked": str(picture),
        "drawn": str(drawing),
        "document": _get(f"{address}.json").decode(),
    }


def _get(address: str) -> bytes:
    answer = requests.get(address, timeout=30)
    answer.raise_for_status()
    return answer.content


def _why(report: dict[str, Any]) -> str:
    return f"{report['input'][:90]}: {report['beyond']} {report['report']['messages']}"


@pytest.mark.requirement("A1", "H1", "M1")
def test_every_badge_is_valid_in_each_form(
    judge_ob2: Judge, demo: Demo, addresses: list[str], tmp_path: Path
) -> None:
    """One award of each badge in all forms, all others as they are hosted."""
    chosen = one_of_each(demo, addresses)
    items = [{"input": address} for address in addresses if address not in chosen]
    for address in chosen:
        items += [{"input": text} for text in _inputs(address, tmp_path).values()]
    reports = judge_ob2.batch(items)
    assert len(reports) == len(addresses) + len(chosen) * (len(FORMS) - 1)
    assert [_why(report) for report in reports if not report["strict_valid"]] == []


def one_of_each(demo: Demo, addresses: list[str]) -> list[str]:
    """Return one assertion of each badge."""
    site = demo.site()
    with site.database.reading() as session:
        rows = session.execute(
            select(Award.badge_id, Assertion.document_id)
            .join(Award, Assertion.award_id == Award.id)
            .where(Assertion.document_id.in_(addresses))
        )
        found: dict[int, str] = dict(rows.all())
    site.database.dispose()
    assert len(found) >= 40
    return list(found.values())


def test_every_badge_is_valid_as_a_credential_of_version_3(
    judge3_ready: judge3.Judge3, demo: Demo, addresses: list[str]
) -> None:
    """All of them: awards of one badge differ in evidence and narrative."""
    forms, known = [], {}
    for address in addresses:
        proof, token = (_get(f"{address}/{form}").decode() for form in ("ob3", "ob3.jwt"))
        forms += [proof, token]
        listed = json.loads(proof)["credentialStatus"]["statusListCredential"]
        for url in (listed, peek(token)[0]["kid"]):
            if url not in known:
                known[url] = json.loads(_get(url))
    base_url = demo.assertion.partition("/assertions/")[0]
    slug = json.loads(forms[0])["issuer"]["id"].rpartition(":")[2]
    own = json.loads(_get(f"{base_url}/issuers/{slug}/did.json"))
    reports = judge3_ready.batch(forms, {**known, own["id"]: own})
    assert [report["failed"] for report in reports if not report["valid"]] == []


@pytest.fixture(scope="module")
def judge3_ready() -> judge3.Judge3:
    try:
        return judge3.prepare()
    except MissingError as error:
        stop_test(str(error))


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
    assert [report["valid"] for report in reports[1:4]] == [False] * 3
    assert requests.get(address, timeout=30).status_code == 410


def test_badges_of_a_rotated_key_verify_and_those_of_a_revoked_one_only_where_they_lie(
    judge_ob2: Judge, demo: Demo, addresses: list[str], tmp_path: Path
) -> None:
    """The last here: it changes what all badges of the demo are issued with."""
    held = _still_good(addresses)
    old = _inputs(held, tmp_path)
    done = demos.run(demo.home, "keys", "rotate", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    new = _inputs(_given(demo, "newcomer"), tmp_path)
    reports = judge_ob2.batch([{"input": text} for text in (*old.values(), *new.values())])
    assert [_why(report) for report in reports if not report["strict_valid"]] == []
    first = demos.run(demo.home, "keys", "list").stdout.split()[0]
    done = demos.run(demo.home, "keys", "revoke", first, "--reason", "stolen", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    again = tmp_path / "again.png"
    again.write_bytes(_get(f"{held}/image"))
    reports = judge_ob2.batch([{"input": text} for text in (*old.values(), str(again))])
    assert [report["valid"] for report in reports] == [True, False, False, False, True, True]
    reports = judge_ob2.batch([{"input": text} for text in new.values()])
    assert [_why(report) for report in reports if not report["strict_valid"]] == []


def _still_good(addresses: list[str]) -> str:
    return next(each for each in addresses if requests.get(each, timeout=30).status_code == 200)


def _given(demo: Demo, name: str) -> str:
    """Award some badge to somebody and return the address of the assertion."""
    site, now = demo.site(), datetime.now(UTC)
    with site.database.writing() as session:
        badge = session.scalars(select(Badge).where(Badge.retired_at.is_(None))).first()
        assert badge is not None
        person = persons.ensure(session, name, now=now)
        cause = awards.Cause(source="admin")
        made = awards.award(
            session, badge, person, cause=cause, email_domain="example.org", now=now
        )
        address = made.award.assertions[0].document_id
    site.database.dispose()
    return address
