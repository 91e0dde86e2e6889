# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from openbadges.baking import bake
from openbadges.ob3 import judging
from openbadges.signing import sign
from openbadges.verification import STEPS, Outcome, Verdict, report_schema
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import ASSERTION, BADGE, IMAGE, ISSUER, hosted

if TYPE_CHECKING:
    from collections.abc import Callable

    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.verification.site import Site

SCHEMA = report_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
OLD = {"uid": "1", "badge": BADGE, "recipient": {}, "verify": {"type": "hosted", "url": ASSERTION}}


def errors(report: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(report)]


def test_the_schema_is_one_and_lists_every_check_in_its_order() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for version, steps in zip(
        SCHEMA["properties"]["checks"]["oneOf"], (STEPS, judging.STEPS), strict=True
    ):
        listed = [item["properties"] for item in version["prefixItems"]]
        assert [(item["number"]["const"], item["id"]["const"]) for item in listed] == [
            (number, step.id) for number, step in enumerate(steps, start=1)
        ]
    assert SCHEMA["properties"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert set(SCHEMA["$defs"]["check"]["properties"]["outcome"]["enum"]) == set(Outcome)


@pytest.mark.parametrize(
    ("changes", "source", "verdict"),
    [
        pytest.param({}, ASSERTION, "valid", id="hosted"),
        pytest.param(hosted(expires="2030-01-01T00:00:00Z"), ASSERTION, "valid", id="ends-later"),
        pytest.param({ASSERTION: {"status": 410}}, ASSERTION, "revoked", id="gone"),
        pytest.param(hosted(expires="2021-01-01T00:00:00Z"), ASSERTION, "expired", id="expired"),
        pytest.param({BADGE: {"error": "x"}}, ASSERTION, "unverifiable", id="out-of-reach"),
        pytest.param({IMAGE: {"status": 404}}, ASSERTION, "invalid", id="no-picture"),
        pytest.param(hosted(verification={"type": "X"}), ASSERTION, "invalid", id="no-method"),
        pytest.param({ASSERTION: {"json": OLD}}, ASSERTION, "invalid", id="old-and-broken"),
        pytest.param({}, "nonsense", "not a badge", id="nonsense"),
        pytest.param({}, b"\x89PNG\r\n\x1a\n", "not a badge", id="broken-picture"),
        pytest.param({}, BADGE, "valid", id="badge-class"),
        pytest.param({}, ISSUER, "valid", id="profile"),
        pytest.param({}, examples.KEY_ID, "valid", id="key"),
        pytest.param({}, examples.LIST_ID, "valid", id="list"),
    ],
)
def test_every_report_fits_the_schema(
    site: Site, changes: dict[str, Any], source: str | bytes, verdict: str
) -> None:
    site.documents |= changes
    report = site.verify(source, [examples.ADDRESS]).to_dict()
    assert report["verdict"] == verdict
    assert errors(report) == []


def test_a_report_says_what_came_how_it_is_verified_and_until_when(
    site: Site, key: PrivateKey
) -> None:
    document = examples.signed_assertion(expires="2030-01-01T00:00:00Z")
    report = site.verify(bake(PNG, sign(document, key))).to_dict()
    assert errors(report) == []
    assert report["source"] == "JWS baked into image/png"
    assert report["method"] == "signed"
    assert report["valid_until"] == "2030-01-01T00:00:00Z"
    assert site.verify(ASSERTION).to_dict()["method"] == "hosted"
    assert site.verify(BADGE).to_dict()["method"] is None
    assert site.verify("x").to_dict()["source"] is None


def changed(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return what puts a value in a place of a report."""

    def change(report: Any) -> None:
        for step in path[:-1]:
            report = report[step]
        report[path[-1]] = to

    return change


def without(*path: str | int) -> Callable[[dict[str, Any]], None]:
    """Return what takes a member out of a report."""

    def change(report: Any) -> None:
        for step in path[:-1]:
            report = report[step]
        del report[path[-1]]

    return change


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_no_member_is_ever_left_out(site: Site, name: str) -> None:
    report = site.verify(ASSERTION).to_dict()
    assert report.keys() == SCHEMA["properties"].keys() == set(SCHEMA["required"])
    del report[name]
    assert errors(report)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(changed("new", to=1), id="unknown-member"),
        pytest.param(changed("valid", to=False), id="valid-contradicts-verdict"),
        pytest.param(changed("verdict", to="revoked"), id="verdict-contradicts-valid"),
        pytest.param(changed("verdict", to="fine"), id="unknown-verdict"),
        pytest.param(changed("remedy", to="Do something."), id="remedy-for-a-valid-badge"),
        pytest.param(changed("sentence", to=""), id="no-sentence"),
        pytest.param(without("checks", 3), id="check-left-out"),
        pytest.param(changed("checks", 0, "id", to="output"), id="check-renamed"),
        pytest.param(changed("checks", 0, "number", to=2), id="check-renumbered"),
        pytest.param(changed("checks", 0, "outcome", to="failed"), id="valid-with-a-failed-check"),
        pytest.param(changed("checks", 0, "outcome", to="fine"), id="unknown-outcome"),
        pytest.param(changed("checks", 0, "message", to=""), id="check-without-reason"),
        pytest.param(without("checks", 0, "clause"), id="check-without-clause"),
        pytest.param(changed("checks", 0, "new", to=1), id="unknown-member-of-a-check"),
        pytest.param(changed("documents", 0, "sha256", to="x"), id="no-hash"),
        pytest.param(changed("documents", 0, "status", to=None), id="answer-without-status"),
        pytest.param(changed("documents", 0, "error", to="x"), id="answer-with-error"),
        pytest.param(without("documents", 0, "final_url"), id="document-without-address"),
        pytest.param(changed("key", to=None), id="signed-without-key"),
        pytest.param(changed("key", "algorithm", to="none"), id="unknown-algorithm"),
        pytest.param(changed("upgraded", to="2.0"), id="upgraded-from-the-present"),
        pytest.param(changed("subject", to="Person"), id="unknown-subject"),
        pytest.param(changed("verified_at", to="2026-11-21"), id="moment-without-time"),
        pytest.param(changed("notes", to=["a", "a"]), id="note-twice"),
    ],
)
def test_the_schema_notices_a_changed_report(
    site: Site, key: PrivateKey, change: Callable[[dict[str, Any]], None]
) -> None:
    report = site.verify(sign(examples.signed_assertion(), key)).to_dict()
    assert errors(report) == []
    broken = copy.deepcopy(report)
    change(broken)
    assert errors(broken)


def test_a_verdict_needs_a_check_that_led_to_it(site: Site) -> None:
    report = site.verify("nonsense").to_dict()
    report["checks"][0]["outcome"] = "skipped"
    assert errors(report)
