# SPDX-License-Identifier: AGPL-3.0-or-later
"""A badge that was claimed, as the reference validator sees it: with its text and its links."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import Badge, ClaimState
from issuer.services import bounties, claims, persons, reviews
from issuer.services.bounties import Terms
from issuer.services.claims import Said
from issuer.services.permissions import Actor, Role
from issuer.services.reviews import Answer
from tests.conformance.test_issued_badges import FORMS, _inputs, _why

if TYPE_CHECKING:
    from pathlib import Path

    from tests.demo import Demo
    from tests.services.judge import Judge

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

ROOT = Actor(username="root", roles=frozenset({Role.ADMIN}))
#: Whatever people paste: umlauts, spaces that are escaped, stray signs.
LINKS = (
    "https://bücher.example/naïve?q=%C3%A9&100%",
    "http://evidence.example.org:8080/a%20b/(c)#d",
)


def test_a_claimed_badge_is_valid_in_each_form(
    judge_ob2: Judge, demo: Demo, tmp_path: Path
) -> None:
    site, now = demo.site(), datetime.now(UTC)
    with site.database.writing() as session:
        badge = session.scalars(select(Badge).order_by(Badge.id).limit(1)).one()
        terms = Terms(claimable=True)
        bounties.change(session, badge, terms, actor=ROOT, now=now)
        person = persons.ensure(session, "claimant", now=now)
        said = Said.of("I *mended* it:\n\n* <b>twice</b>", LINKS)
        claim = claims.send(session, badge, person, said, now=now)
        answer = Answer(decision=ClaimState.ACCEPTED, text="", sending=claim.sendings)
        outcome = reviews.decide(
            session, claim, answer, actor=ROOT, email_domain="example.org", now=now
        )
        assert outcome is not None
        address = outcome.award.assertions[0].document_id
    site.database.dispose()
    reports = judge_ob2.batch([{"input": text} for text in _inputs(address, tmp_path).values()])
    assert len(reports) == len(FORMS)
    assert [_why(report) for report in reports if not report["strict_valid"]] == []
