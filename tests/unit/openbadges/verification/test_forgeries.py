# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from openbadges.baking import bake
from openbadges.errors import VerificationError
from openbadges.verification import Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    ISSUER,
    hosted,
    outcome,
)
from tests.unit.openbadges.verification.site import Site, recorded


@pytest.mark.parametrize("verification", [{}, {"type": "schema:Thing"}, {"type": "HostedBadge"}])
def test_nobody_hosts_a_badge_for_somebody_elses_issuer(
    site: Site, verification: dict[str, Any]
) -> None:
    forged = examples.assertion(id=f"{EVIL}/1", verification=verification)
    site.documents[f"{EVIL}/1"] = {"json": forged}
    assert site.verify(f"{EVIL}/1").verdict is Verdict.INVALID
    assert site.verify(forged).verdict is Verdict.INVALID


def test_nobody_invents_a_badge_class_for_somebody_elses_issuer(site: Site) -> None:
    site.documents[f"{EVIL}/badge"] = {"json": examples.badge(id=f"{EVIL}/badge")}
    site.documents |= hosted(badge=f"{EVIL}/badge")
    report = site.verify(ASSERTION)
    assert report.verdict is Verdict.INVALID
    assert "does not lie on the origin" in outcome(report, "scope")[1]


def test_a_profile_alone_awards_nothing(site: Site) -> None:
    for url, subject in ((ISSUER, "Profile"), (BADGE, "BadgeClass")):
        report = site.verify(url, [f"email:{examples.ADDRESS}"])
        assert report.subject == subject
        assert report.assertion is None
        assert report.recipient == ""
        assert "not the award of a badge" in report.sentence
        with pytest.raises(VerificationError, match="not the award"):
            report.raise_for_status()


def test_ids_that_point_at_each_other_are_invalid(site: Site) -> None:
    site.documents[f"{EVIL}/a"] = {"json": examples.assertion(id=f"{EVIL}/b")}
    site.documents[f"{EVIL}/b"] = {"json": examples.assertion(id=f"{EVIL}/a")}
    report = site.verify(f"{EVIL}/a", [f"email:{examples.ADDRESS}"])
    assert report.verdict is Verdict.INVALID


def test_a_picture_that_names_itself_is_not_valid(site: Site) -> None:
    url = f"{EVIL}/picture"
    site.documents[url] = recorded(bake(PNG, json.dumps(examples.assertion(id=url))))
    assert not site.verify(url, [f"email:{examples.ADDRESS}"])


def test_a_withdrawn_id_behind_another_is_revoked(site: Site) -> None:
    site.documents[f"{EVIL}/copy"] = {"json": examples.assertion()}
    site.documents[ASSERTION] = {"status": 410}
    assert site.verify(f"{EVIL}/copy").verdict is Verdict.REVOKED
    assert site.verify(examples.assertion()).verdict is Verdict.REVOKED


@pytest.mark.parametrize(
    ("found_at_id", "words"),
    [
        pytest.param(examples.badge(id=ASSERTION), "holds no badge", id="a-badge-class"),
        pytest.param(examples.assertion(type="Criteria"), "of type Criteria", id="criteria"),
        pytest.param(
            examples.assertion(verification={"type": "SignedBadge"}), "being hosted", id="signed"
        ),
    ],
)
def test_a_document_is_only_hosted_where_its_id_says_so(
    site: Site, found_at_id: dict[str, Any], words: str
) -> None:
    site.documents[ASSERTION] = {"json": found_at_id}
    report = site.verify(examples.assertion())
    assert report.verdict is Verdict.INVALID
    assert words in report.sentence


@pytest.mark.parametrize("identifier", [None, 7, "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"])
def test_a_hosted_badge_needs_a_url(site: Site, identifier: object) -> None:
    report = site.verify(examples.assertion(id=identifier))
    assert report.verdict is Verdict.INVALID
    assert "no URL where it could be read" in report.sentence
