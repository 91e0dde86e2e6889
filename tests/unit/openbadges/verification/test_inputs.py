# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from openbadges.baking import bake
from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.verification.changes import outcome
from tests.unit.openbadges.verification.site import Site, recorded

URL = "https://somewhere.example/x"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("complete nonsense", id="text"),
        pytest.param("", id="empty"),
        pytest.param(b"", id="no-bytes"),
        pytest.param("[]", id="array"),
        pytest.param("{", id="broken-json"),
        pytest.param("{}", id="empty-object"),
        pytest.param({"a": 1}, id="unrelated-object"),
        pytest.param(b"\xff\xd8\xff\xe0\x00", id="jpeg"),
        pytest.param("ftp://example.org/1", id="ftp"),
        pytest.param(PNG, id="plain-png"),
        pytest.param(SVG, id="plain-svg"),
        pytest.param("<html></html>", id="html"),
        pytest.param(bake(PNG, json.dumps(examples.issuer())), id="baked-profile"),
        pytest.param(examples.assertion(type="Criteria"), id="criteria"),
        pytest.param('{"a":1,"a":2}', id="duplicate-names"),
        pytest.param("{" + '"a":[' * 5000, id="deep"),
        pytest.param("https://x.example/" + "a" * 2_000_000, id="long-url"),
    ],
)
def test_what_is_no_badge_is_called_so(site: Site, source: str | bytes | dict[str, Any]) -> None:
    report = site.verify(source)
    assert report.verdict is Verdict.NOT_A_BADGE
    assert report.sentence.startswith("This is not a badge: ")
    assert len(report.sentence) < 600
    assert report.documents == ()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            {"@context": ["https://www.w3.org/2018/credentials/v1"], "type": "OpenBadgeCredential"},
            id="credentials-1.1",
        ),
        pytest.param(examples.assertion(**{"@context": []}), id="empty-context"),
        pytest.param(examples.assertion(**{"@context": {"a": "b:c"}}), id="own-context"),
        pytest.param(
            examples.assertion(**{"@context": ["https://x.example/", examples.CONTEXT]}),
            id="other-context-first",
        ),
        pytest.param(
            {"recipient": {}, "badge": {}, "type": "Assertion"}, id="no-context-but-a-type"
        ),
        pytest.param(
            {"@context": examples.CONTEXT, "@graph": [examples.assertion(), examples.badge()]},
            id="graph",
        ),
    ],
)
def test_what_this_version_cannot_read_is_not_called_false(
    site: Site, source: dict[str, Any]
) -> None:
    report = site.verify(source)
    assert report.verdict is Verdict.UNVERIFIABLE
    assert outcome(report, "assertion")[0] is Outcome.ERROR
    assert report.documents == ()


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        pytest.param({"text": "<html>"}, Verdict.NOT_A_BADGE, id="html"),
        pytest.param({"text": "https://other.example/"}, Verdict.NOT_A_BADGE, id="another-url"),
        pytest.param(recorded(PNG), Verdict.NOT_A_BADGE, id="plain-picture"),
        pytest.param({"status": 404}, Verdict.UNVERIFIABLE, id="404"),
        pytest.param({"status": 403}, Verdict.UNVERIFIABLE, id="403"),
        pytest.param({"status": 503}, Verdict.UNVERIFIABLE, id="503"),
        pytest.param({"error": "refused"}, Verdict.UNVERIFIABLE, id="down"),
        pytest.param({"status": 302, "location": URL}, Verdict.UNVERIFIABLE, id="redirect-loop"),
        pytest.param({"status": 410}, Verdict.REVOKED, id="410"),
        pytest.param({"status": 410, "text": "gone"}, Verdict.REVOKED, id="410-html"),
    ],
)
def test_what_an_address_answers_decides(
    site: Site, answer: dict[str, Any], verdict: Verdict
) -> None:
    site.documents[URL] = answer
    report = site.verify(URL)
    assert report.verdict is verdict
    assert report.documents[0].url == URL


def test_an_old_baked_picture_holds_an_address(site: Site) -> None:
    assert site.verify(bake(PNG, examples.ASSERTION_ID)).valid


def test_a_broken_picture_is_invalid(site: Site) -> None:
    report = site.verify(bake(PNG, examples.ASSERTION_ID)[:-3])
    assert report.verdict is Verdict.INVALID
    assert "cut off" in report.sentence


def test_names_of_strangers_cannot_forge_the_sentence(site: Site) -> None:
    evil = "A\n\u202eB" + "x" * 500
    site.documents[examples.BADGE_ID] = {"json": examples.badge(name=evil)}
    report = site.verify(examples.ASSERTION_ID)
    assert report.valid
    assert "\n" not in report.sentence
    assert "\u202e" not in report.sentence
    assert "…" in report.sentence
