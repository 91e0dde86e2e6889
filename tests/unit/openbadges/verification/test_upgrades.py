# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges of version 0.5, 1.0 and 1.1, judged as what they say in the words of 2.0."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.baking import bake
from openbadges.signing import sign
from openbadges.verification import Verdict
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import EVIL, outcome
from tests.unit.openbadges.verification.site import Site, recorded

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey

V1 = "https://w3id.org/openbadges/v1"
OLD = "https://old.example"
ASSERTION = f"{OLD}/1"
BADGE = f"{OLD}/badge"
ISSUER = f"{OLD}/issuer"
IMAGE = f"{OLD}/badge.png"
KEY = f"{OLD}/key.pem"
LIST = f"{OLD}/revoked"
EMAIL = "email:a@example.org"


def assertion(**changes: Any) -> dict[str, Any]:
    return {
        "uid": "42",
        "recipient": {"type": "email", "hashed": False, "identity": "a@example.org"},
        "badge": BADGE,
        "verify": {"type": "hosted", "url": ASSERTION},
        "issuedOn": "2015-04-30",
        "evidence": f"{OLD}/evidence",
    } | changes


def badge(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Rock",
        "description": "Hard.",
        "image": IMAGE,
        "criteria": f"{OLD}/criteria",
        "issuer": ISSUER,
        "alignment": [{"name": "A", "url": f"{OLD}/a"}],
    } | changes


def issuer(**changes: Any) -> dict[str, Any]:
    return {"name": "Old", "url": OLD, "org": "Org"} | changes


def signed(**changes: Any) -> dict[str, Any]:
    return assertion(verify={"type": "signed", "url": KEY}, **changes)


def v0_5(**changes: Any) -> dict[str, Any]:
    inside = {"origin": OLD, "name": "Old"}
    members = ("name", "description", "image", "criteria", "alignment")
    own = {name: value for name, value in badge(image="/badge.png").items() if name in members}
    return {
        "recipient": "a@example.org",
        "issued_on": "2011-06-01",
        "badge": {**own, "version": "0.5.0", "issuer": inside},
    } | changes


def v1_1(document: dict[str, Any], kind: str, url: str, **changes: Any) -> dict[str, Any]:
    return {"@context": V1, "type": kind, "id": url} | document | changes


@pytest.fixture
def old(site: Site, key: PrivateKey) -> Site:
    site.documents = {
        ASSERTION: {"json": assertion()},
        BADGE: {"json": badge()},
        ISSUER: {"json": issuer()},
        IMAGE: recorded(PNG),
        KEY: {"text": key.public.to_pem(), "content_type": "application/x-pem-file"},
        LIST: {"json": {"7": "By mistake"}},
    }
    return site


@pytest.fixture
def newer(old: Site) -> Site:
    old.documents[ASSERTION] = {"json": v1_1(assertion(), "Assertion", ASSERTION)}
    old.documents[BADGE] = {"json": v1_1(badge(), "BadgeClass", BADGE)}
    old.documents[ISSUER] = {"json": v1_1(issuer(), "IssuerOrg", ISSUER)}
    return old


def test_a_badge_of_1_0_is_read(old: Site) -> None:
    report = old.verify(ASSERTION, [EMAIL])
    assert report.valid
    assert report.upgraded == "1.0"
    assert report.assertion is not None
    assert report.assertion["issuedOn"] == "2015-04-30T00:00:00Z"
    assert report.notes == tuple(
        f"{url} is Open Badges 1.0 and was read as 2.0" for url in (ASSERTION, BADGE, ISSUER)
    )
    assert report.to_dict()["upgraded"] == "1.0"


@pytest.mark.parametrize("form", ["json", "png", "copy"])
def test_a_badge_of_1_0_is_judged_where_it_says_it_lies(old: Site, form: str) -> None:
    lie = assertion(recipient={}, issuedOn=0)
    old.documents[f"{EVIL}/copy"] = {"json": lie}
    sources: dict[str, Any] = {
        "json": lie,
        "png": bake(PNG, json.dumps(lie)),
        "copy": f"{EVIL}/copy",
    }
    report = old.verify(sources[form], [EMAIL])
    assert report.valid
    assert report.recipient == EMAIL


def test_a_badge_of_1_1_is_read(newer: Site) -> None:
    report = newer.verify(ASSERTION, [EMAIL])
    assert report.valid
    assert report.upgraded == "1.1"
    assert len(report.notes) == 3


def test_a_badge_of_1_1_may_hold_extensions(newer: Site) -> None:
    context = "https://w3id.org/openbadges/extensions/applyLinkExtension/context.json"
    link: dict[str, Any] = {"@context": context, "type": ["Extension", "extensions:ApplyLink"]}
    extended = v1_1(badge(), "BadgeClass", BADGE, **{"extensions:ApplyLink": link})
    newer.documents[BADGE] = {"json": extended | {"@context": [V1, {}]}}
    assert "'url' is a required" in outcome(newer.verify(ASSERTION), "badge")[1]
    link["url"] = f"{OLD}/apply"
    report = newer.verify(ASSERTION)
    assert report.valid
    assert report.badge is not None
    assert report.badge["alignment"] == [{"targetName": "A", "targetUrl": f"{OLD}/a"}]


def test_a_badge_of_0_5_is_read(old: Site) -> None:
    old.documents[ASSERTION] = {"json": v0_5()}
    report = old.verify(ASSERTION, [EMAIL])
    assert report.valid
    assert report.upgraded == "0.5"
    assert "Old awarded “Rock”" in report.sentence
    assert {document.url for document in report.documents} == {ASSERTION, IMAGE}


def test_a_badge_of_0_5_lies_on_the_site_of_its_issuer(old: Site) -> None:
    old.documents[f"{EVIL}/1"] = {"json": v0_5()}
    report = old.verify(f"{EVIL}/1")
    assert report.verdict is Verdict.INVALID
    assert "out of the scope" in outcome(report, "scope")[1]


def test_a_badge_of_0_5_as_text_lies_nowhere(old: Site) -> None:
    report = old.verify(v0_5())
    assert report.verdict is Verdict.INVALID
    assert "no URL where it could be read" in report.sentence


@pytest.mark.parametrize(
    ("url", "document", "verdict", "check"),
    [
        pytest.param(
            ASSERTION, assertion(recipient="a@example.org"), "invalid", "data", id="recipient"
        ),
        pytest.param(ASSERTION, assertion(verify={}), "invalid", "assertion", id="no-method"),
        pytest.param(ASSERTION, assertion(issuedOn="x"), "invalid", "assertion", id="time"),
        pytest.param(ASSERTION, assertion(expires="2016-01-01"), "expired", "expiry", id="expired"),
        pytest.param(ASSERTION, {"revoked": True}, "revoked", "revocation", id="revoked"),
        pytest.param(
            ASSERTION, assertion(revoked=True), "revoked", "revocation", id="revoked-in-full"
        ),
        pytest.param(ASSERTION, assertion(revoked="yes"), "invalid", "data", id="revoked-as-text"),
        pytest.param(BADGE, badge(name=None), "invalid", "badge", id="badge-name"),
        pytest.param(BADGE, badge(image="x.png"), "invalid", "badge", id="badge-image"),
        pytest.param(ISSUER, issuer(url=None), "invalid", "issuer", id="issuer-url"),
        pytest.param(ISSUER, issuer(email="x"), "invalid", "issuer", id="issuer-email"),
        pytest.param(
            ISSUER, issuer(type="Issuer"), "unverifiable", "issuer", id="type-without-context"
        ),
        pytest.param(
            ISSUER, issuer(**{"@context": V1, "type": []}), "invalid", "issuer", id="no-type"
        ),
    ],
)
def test_a_fault_of_an_old_badge_is_found(
    old: Site, url: str, document: dict[str, Any], verdict: str, check: str
) -> None:
    old.documents[url] = {"json": document}
    report = old.verify(ASSERTION)
    assert report.verdict.value == verdict
    assert outcome(report, check)[0].value in ("failed", "error")


def test_nobody_hosts_an_old_badge_for_somebody_elses_issuer(old: Site) -> None:
    url = f"{EVIL}/1"
    for forged in (assertion(verify={"type": "hosted", "url": url}), assertion(id=url)):
        old.documents[url] = {"json": forged}
        assert old.verify(url).verdict is Verdict.INVALID


def test_a_newer_document_asks_for_all_of_2_0(newer: Site) -> None:
    modern = v1_1(issuer(), "Issuer", ISSUER, **{"@context": "https://w3id.org/openbadges/v2"})
    newer.documents[ISSUER] = {"json": modern}
    report = newer.verify(ASSERTION)
    assert report.verdict is Verdict.INVALID
    assert "Profile.email is missing" in report.sentence or "email is missing" in report.sentence


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_signed_badge_before_2_0_is_read(
    old: Site, newer: Site, key: PrivateKey, version: str
) -> None:
    document = signed()
    if version == "1.1":
        document = v1_1(document, "Assertion", f"{OLD}/signed")
    report = old.verify(sign(document, key), [EMAIL])
    assert report.valid
    assert report.upgraded == version
    assert (report.key_id, report.algorithm) == (KEY, "RS256")
    assert "lies on the site of issuer" in outcome(report, "key")[1]


def test_the_key_of_an_old_badge_may_come_in_json(old: Site, key: PrivateKey) -> None:
    token = sign(signed(), key)
    pem = key.public.to_pem()
    for document, valid in (
        ({"publicKeyPem": pem, "owner": ISSUER}, True),
        ({"text": pem}, True),
        ({"a": pem, "b": pem}, False),
        ({"a": "x", "b": 7}, False),
    ):
        old.documents[KEY] = {"json": document}
        assert old.verify(token).valid is valid


def test_a_stranger_signs_no_old_badge(old: Site, key: PrivateKey, other_key: PrivateKey) -> None:
    assert old.verify(sign(signed(), other_key)).verdict is Verdict.INVALID
    pem = other_key.public.to_pem()
    old.documents[f"{EVIL}/key.pem"] = {"text": pem}
    for verify in (
        {"type": "signed", "url": f"{EVIL}/key.pem"},
        {"type": "signed", "url": "http://old.example/key.pem"},
        {"type": "signed"},
    ):
        forged = sign(assertion(verify=verify), other_key)
        assert old.verify(forged).verdict is Verdict.INVALID
    # A key of the issuer's site that redirects elsewhere is not on the issuer's site.
    old.documents[KEY] = {"status": 302, "location": f"{EVIL}/key.pem"}
    assert old.verify(sign(signed(), other_key)).verdict is Verdict.INVALID


def test_an_old_form_does_not_get_around_the_keys_that_an_issuer_lists(
    old: Site, key: PrivateKey
) -> None:
    listed = f"{OLD}/keys/1"
    old.documents[ISSUER] = {"json": issuer(publicKey=listed)}
    assert "is not one that" in outcome(old.verify(sign(signed(), key)), "key")[1]
    old.documents[ISSUER] = {"json": issuer(publicKey=KEY)}
    assert old.verify(sign(signed(), key)).valid
    modern = {"@context": "https://w3id.org/openbadges/v2", "type": "Issuer", "id": ISSUER}
    old.documents[ISSUER] = {"json": issuer(email="a@example.org", **modern)}
    assert "lists no key" in outcome(old.verify(sign(signed(), key)), "key")[1]


def test_an_old_list_names_assertions_by_their_uid(old: Site, key: PrivateKey) -> None:
    old.documents[ISSUER] = {"json": issuer(revocationList=LIST)}
    assert old.verify(sign(signed(), key)).valid
    report = old.verify(sign(signed(uid="7"), key))
    assert report.verdict is Verdict.REVOKED
    assert "By mistake" in report.sentence
    url = f"{OLD}/signed"
    old.documents[LIST] = {"json": {url: "By mistake"}}
    assert old.verify(sign(signed(uid="7", id=url), key)).verdict is Verdict.REVOKED
    old.documents[LIST] = {"json": {"7": ["no", "reason"]}}
    assert old.verify(sign(signed(), key)).verdict is Verdict.UNVERIFIABLE


def test_a_signed_badge_without_a_uid_cannot_be_named(old: Site, key: PrivateKey) -> None:
    report = old.verify(sign(signed(uid=None), key))
    assert report.verdict is Verdict.INVALID
    assert "id is missing" in report.sentence


def test_an_old_issuer_is_a_sound_profile(newer: Site) -> None:
    newer.documents[f"{EVIL}/issuer"] = {"json": v1_1(issuer(), "Issuer", ISSUER)}
    report = newer.verify(f"{EVIL}/issuer")
    assert report.valid
    assert report.subject == "Profile"
    assert report.upgraded == "1.1"
