# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges of unusual content, taken along for another address, as both outside judges see them.

Twenty of them here, two hundred in `make conformance`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from issuer.models import Award
from issuer.services import awards, emails, exporting, persons
from tests import exported
from tests.exported import World
from tests.issuing import NOW, make_site
from tests.services import judge3
from tests.services.missing import MissingError, stop_test
from tests.unusual import issue, unusual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.services.exporting import Exported
    from tests.services.judge import Judge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("exported")]

BADGES = int(os.environ.get("ACCOLADES_TEST_BADGES", "20"))
HOLDER, ADDRESS = "asha", "Asha@Example.NET"
#: A batch of the judge ends before its patience does.
BATCH = 20


@dataclass
class Taken(World):
    """A site, and what was taken from it."""

    badges: list[Exported]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    site = make_site(tmp_path_factory.mktemp("exported"), "")
    badges = []
    with site.database.writing() as session:
        person = persons.ensure(session, HOLDER, now=NOW)
        identity = emails.add(session, person, ADDRESS, now=NOW)
        identity.verified_at = NOW
        session.flush()
        for number in range(BADGES):
            badges.append(issue(session, site, unusual(number), HOLDER, identity.id))
    yield Taken(site, badges)
    site.database.dispose()


def test_every_form_of_version_2_is_valid(judge_ob2: Judge, world: Taken, tmp_path: Path) -> None:
    wrong = []
    for start in range(0, len(world.badges), BATCH):
        items = [
            {
                "input": text,
                "documents": world.documents(badge),
                "profile": {"email": [ADDRESS.lower()]},
            }
            for badge in world.badges[start : start + BATCH]
            for text in exported.judged_forms(world, badge, tmp_path)
        ]
        reports = judge_ob2.batch(items)
        assert len(reports) == len(items)
        wrong += [
            (report["input"][:90], report["beyond"], report["report"]["messages"])
            for report in reports
            if not report["strict_valid"]
        ]
    assert wrong == []


@pytest.fixture(scope="module")
def judge() -> judge3.Judge3:
    try:
        return judge3.prepare()
    except MissingError as error:
        stop_test(str(error))


def test_every_form_of_version_3_is_valid(judge: judge3.Judge3, world: Taken) -> None:
    # All were signed with the same keys, and are on the same list.
    known = world.known_to_wallets(world.badges[0])
    forms = [form for badge in world.badges for form in (badge.proof, badge.token)]
    wrong = [
        (form[:90], report["failed"])
        for form, report in zip(forms, judge.batch(forms, known), strict=True)
        if not report["valid"]
    ]
    assert wrong == []


def test_every_form_is_valid_for_our_verifier_and_its_holder(world: Taken) -> None:
    for badge in world.badges:
        answers = world.recorded(badge)
        for form in (*exported.SIGNED, exporting.Form.JSON):
            source = world.content(badge, form)
            report = exported.verdict(source, answers, recipients=[ADDRESS])
            assert report.valid, (badge.slug, form, report.sentence)


def test_none_is_valid_once_it_is_taken_back(
    judge_ob2: Judge, judge: judge3.Judge3, world: Taken, tmp_path: Path
) -> None:
    """The last here: it takes all of them back."""
    inputs = [exported.judged_forms(world, badge, tmp_path) for badge in world.badges]
    files = [
        (badge, form, world.content(badge, form))
        for badge in world.badges
        for form in (*exported.SIGNED, exporting.Form.JSON)
    ]
    with world.site.database.writing() as session:
        for award_id in exporting.of_person(session, persons.find(session, HOLDER)):
            awards.revoke(session, session.get_one(Award, award_id), "a mistake", now=NOW)
    answers = {badge.slug: world.recorded(badge) for badge in world.badges}
    for badge, form, source in files:
        report = exported.verdict(source, answers[badge.slug])
        assert report.verdict == "revoked", (badge.slug, form, report.sentence)
    for start in range(0, len(world.badges), BATCH):
        items = [
            {"input": text, "documents": answers[badge.slug]}
            for badge, texts in zip(world.badges, inputs, strict=True)
            for text in texts
        ][start * len(inputs[0]) : (start + BATCH) * len(inputs[0])]
        reports = judge_ob2.batch(items)
        assert [report["strict_valid"] for report in reports] == [False] * len(items)
        # Of the signed forms the reference itself says so, by the list of revocations.
        signed = [report for report in reports if not report["input"].startswith(("http", "{"))]
        assert len(signed) == len(items) * 3 // 5
        for report in signed:
            assert not report["valid"]
            told = [message["result"] for message in report["report"]["messages"]]
            assert any("revoked" in text for text in told), told
    known = world.known_to_wallets(world.badges[0])
    forms = [form for badge in world.badges for form in (badge.proof, badge.token)]
    for report in judge.batch(forms, known):
        assert [each["id"].partition(".")[0] for each in report["failed"]] == ["status"]
