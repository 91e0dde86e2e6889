# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from openbadges.baking import bake
from openbadges.verification import STEPS, Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    EVIL,
    IMAGE,
    hosted,
    of_badge,
    outcome,
)
from tests.unit.openbadges.verification.site import Site, recorded


def test_a_hosted_badge_is_valid_and_every_check_is_reported(site: Site) -> None:
    report = site.verify(examples.ASSERTION_ID, [f"email:{examples.ADDRESS}"])
    assert report.verdict is Verdict.VALID
    assert report
    assert [(check.number, check.id) for check in report.checks] == [
        (number, step.id) for number, step in enumerate(STEPS, start=1)
    ]
    skipped = {check.id for check in report.checks if check.outcome is Outcome.SKIPPED}
    assert skipped == {"links", "key", "signature", "expiry"}
    assert {check.outcome for check in report.checks} == {Outcome.PASSED, Outcome.SKIPPED}
    assert all(check.message for check in report.checks)
    assert report.recipient == f"email:{examples.ADDRESS}"
    assert "Fedora Badges awarded “Like a Rock”" in report.sentence
    assert report.raise_for_status() == examples.assertion()


@pytest.mark.parametrize("form", ["url", "object", "text", "bytes", "png", "svg", "picture-url"])
def test_a_hosted_badge_is_judged_at_its_url_however_it_comes(site: Site, form: str) -> None:
    # Only the id of what is handed in counts.
    lie = examples.assertion(recipient={}, issuedOn="2999")
    text = json.dumps(lie)
    site.documents[f"{EVIL}/picture"] = recorded(bake(PNG, text))
    sources: dict[str, Any] = {
        "url": f" {examples.ASSERTION_ID}\n",
        "object": lie,
        "text": text,
        "bytes": text.encode(),
        "png": bake(PNG, text),
        "svg": bake(SVG, text).decode(),
        "picture-url": f"{EVIL}/picture",
    }
    report = site.verify(sources[form])
    assert report.valid
    assert report.assertion == examples.assertion()


def test_a_copy_elsewhere_is_judged_at_its_own_id_with_a_note(site: Site) -> None:
    site.documents[f"{EVIL}/copy"] = {"json": examples.assertion(issuedOn="2019-01-01T00:00:00Z")}
    report = site.verify(f"{EVIL}/copy")
    assert report.valid
    assert report.assertion == examples.assertion()
    assert report.notes == (
        f"{EVIL}/copy names {examples.ASSERTION_ID} as its id, so that one was judged",
    )


def test_a_document_may_move_on_its_own_host(site: Site) -> None:
    badge = site.documents.pop(examples.BADGE_ID)
    moved = f"{examples.BADGE_ID}/moved"
    site.documents |= {moved: badge, examples.BADGE_ID: {"status": 302, "location": moved}}
    report = site.verify(ASSERTION)
    assert report.valid
    assert moved in {document.final_url for document in report.documents}


def test_an_old_address_may_redirect(site: Site) -> None:
    site.documents["https://old.example/1"] = {"status": 301, "location": examples.ASSERTION_ID}
    report = site.verify("https://old.example/1")
    assert report.valid
    assert report.notes == ()


def test_linked_documents_that_name_another_id_are_judged_there(site: Site) -> None:
    site.documents[f"{examples.BASE}/old-badge"] = {"json": examples.badge()}
    site.documents[examples.ASSERTION_ID] = {
        "json": examples.assertion(badge=f"{examples.BASE}/old-badge")
    }
    report = site.verify(examples.ASSERTION_ID)
    assert report.valid
    assert len(report.notes) == 1


def test_embedded_copies_are_not_believed(site: Site) -> None:
    site.documents[examples.ASSERTION_ID] = {
        "json": examples.assertion(badge=examples.badge(name="Something better"))
    }
    site.documents[examples.BADGE_ID] = {
        "json": examples.badge(issuer=examples.issuer(name="Somebody else"))
    }
    report = site.verify(examples.ASSERTION_ID)
    assert report.valid
    assert report.badge is not None
    assert report.badge["name"] == "Like a Rock"
    assert "Somebody else" not in report.sentence


def test_the_documents_that_were_read_are_listed_with_their_digests(site: Site) -> None:
    report = site.verify(examples.ASSERTION_ID)
    assert [document.url for document in report.documents] == [
        examples.ASSERTION_ID,
        examples.BADGE_ID,
        examples.ISSUER_ID,
        examples.IMAGE_ID,
    ]
    assert all(document.status == 200 for document in report.documents)
    assert all(len(document.sha256) == 64 for document in report.documents)


@pytest.mark.parametrize(
    ("recipients", "valid"),
    [
        pytest.param([examples.ADDRESS], True, id="untyped"),
        pytest.param(["email:LMacken@Example.org"], True, id="wrong-case"),
        pytest.param(["email:a@example.org", f"email:{examples.ADDRESS}"], True, id="one-of-two"),
        pytest.param(["email:a@example.org"], False, id="somebody-else"),
        pytest.param([f"url:{examples.ADDRESS}"], False, id="other-type"),
        pytest.param([""], False, id="empty"),
    ],
)
def test_the_recipient_is_compared(site: Site, recipients: list[str], valid: bool) -> None:
    report = site.verify(ASSERTION, recipients)
    assert report.valid == valid
    assert outcome(report, "recipient")[0] is (Outcome.PASSED if valid else Outcome.FAILED)
    if not valid:
        assert report.verdict is Verdict.INVALID
        assert "Compare the address" in report.remedy


def test_weak_matches_are_noted(site: Site) -> None:
    site.documents |= hosted(
        recipient={
            "type": "email",
            "hashed": True,
            "identity": "md5$b58996c504c5638798eb6b511e6f49af",
        }
    )
    report = site.verify(ASSERTION, ["USER@example.com"])
    assert report.valid
    assert len(report.notes) == 2
    assert "lower-cased" in report.notes[0]
    assert "md5" in report.notes[1]


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(recorded(SVG), id="svg"),
        pytest.param(recorded(PNG) | {"content_type": "text/plain"}, id="content-type-lies"),
    ],
)
def test_the_bytes_of_the_picture_decide(site: Site, image: dict[str, Any]) -> None:
    site.documents[IMAGE] = image
    assert site.verify(ASSERTION).valid


def test_an_embedded_picture_is_read(site: Site) -> None:
    embedded = "data:image/png;base64," + recorded(PNG)["base64"]
    site.documents |= of_badge(image={"id": embedded, "caption": "A rock"})
    assert site.verify(ASSERTION).valid
    site.documents |= of_badge(image="data:image/svg+xml,%3Csvg%20/%3E")
    assert site.verify(ASSERTION).valid
    site.documents |= of_badge(image="DATA:image/PNG;BASE64," + recorded(PNG)["base64"])
    assert site.verify(ASSERTION).valid


def test_a_badge_that_will_expire_is_valid_until_then(site: Site) -> None:
    site.documents |= hosted(expires="2026-11-21T12:00:01Z", issuedOn="2026-11-21T12:00:00Z")
    report = site.verify(ASSERTION)
    assert report.valid
    assert outcome(report, "expiry")[0] is Outcome.PASSED


def test_a_clock_may_be_five_minutes_wrong(site: Site) -> None:
    site.documents |= hosted(issuedOn="2026-11-21T12:05:00Z")
    assert site.verify(ASSERTION).valid


def test_the_picture_of_an_award_may_be_out_of_reach(site: Site) -> None:
    url = f"{examples.BASE}/assertions/1/image"
    site.documents |= hosted(image=url)
    report = site.verify(ASSERTION)
    assert report.valid
    assert "the picture of this award cannot be had" in report.notes[0]
    site.documents[url] = recorded(bake(PNG, ASSERTION))
    assert site.verify(ASSERTION).notes == ()


def test_a_picture_of_an_award_that_proves_nothing_is_noted(site: Site) -> None:
    url = f"{examples.BASE}/assertions/1/image"
    site.documents |= hosted(image=url)
    site.documents[url] = recorded(PNG)
    report = site.verify(ASSERTION)
    assert report.valid
    assert "nothing is baked into" in report.notes[0]
    once = bake(PNG, ASSERTION)
    site.documents[url] = recorded(once[:33] + once[33 : 33 + len(once) - len(PNG)] + once[33:])
    report = site.verify(ASSERTION)
    assert report.valid
    assert "holds 2" in report.notes[0]


def test_the_picture_of_an_award_is_png_or_svg(site: Site) -> None:
    url = f"{examples.BASE}/assertions/1/image"
    site.documents |= hosted(image=url)
    site.documents[url] = recorded(b"\xff\xd8\xff\xe0")
    report = site.verify(ASSERTION)
    assert report.verdict is Verdict.INVALID
    assert url in outcome(report, "image")[1]
