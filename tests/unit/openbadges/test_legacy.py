# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from openbadges.errors import MalformedError
from openbadges.legacy import upgrade, upgrade_assertion_0_5
from openbadges.models import Assertion, BadgeClass, BasicProfile, RevocationList

SITE = "https://old.example"
URL = f"{SITE}/1"
HASH = "sha256$" + "ab" * 32


def v0_5(**changes: Any) -> dict[str, Any]:
    return {
        "recipient": "a@example.org",
        "issued_on": "2011-06-01",
        "badge": {
            "version": "0.5.0",
            "name": "Rock",
            "image": "/rock.png",
            "description": "Hard.",
            "criteria": "criteria/rock",
            "issuer": {"origin": SITE, "name": "Old", "org": "Org", "contact": "a@example.org"},
        },
    } | changes


def v1(**changes: Any) -> dict[str, Any]:
    return {
        "uid": "42",
        "recipient": {"type": "email", "hashed": False, "identity": "a@example.org"},
        "badge": f"{SITE}/rock",
        "verify": {"type": "hosted", "url": URL},
        "issuedOn": 1355788800,
    } | changes


def test_an_assertion_of_0_5_becomes_three_documents() -> None:
    document, inside = upgrade_assertion_0_5(v0_5(evidence=f"{SITE}/e", snood="game"), URL)
    assertion = Assertion.from_dict(document)
    assert assertion.id == URL
    assert assertion.issued_on == "2011-06-01T00:00:00Z"
    assert assertion.recipient.identity == "a@example.org"
    assert assertion.recipient.hashed is False
    assert assertion.verification.method == "HostedBadge"
    assert assertion.evidence[0].id == f"{SITE}/e"
    assert assertion.extra == {"snood": "game"}
    badge = BadgeClass.from_dict(inside[assertion.badge_id])
    assert badge.image.id == f"{SITE}/rock.png"
    assert badge.criteria.id == f"{SITE}/criteria/rock"
    assert badge.version is None
    issuer = BasicProfile.from_dict(inside[badge.issuer_id])
    assert (issuer.name, issuer.url, issuer.email) == ("Old", SITE, "a@example.org")


def test_a_hashed_recipient_of_0_5_keeps_its_salt() -> None:
    document, _ = upgrade_assertion_0_5(v0_5(recipient=HASH, salt="s"), URL)
    recipient = Assertion.from_dict(document).recipient
    assert (recipient.hashed, recipient.identity, recipient.salt) == (True, HASH, "s")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipient": None}, "recipient must be"),
        ({"recipient": {"identity": "x"}}, "recipient must be"),
        ({"badge": f"{SITE}/rock"}, "must hold its badge"),
        ({"badge": {"issuer": f"{SITE}/issuer"}}, "must hold its badge"),
        ({"badge": {"issuer": {"name": "x"}}}, "issuer.origin"),
        ({"badge": {"issuer": {"origin": "old.example"}}}, "issuer.origin"),
        ({"issued_on": None}, "issued_on must be"),
        ({"issued_on": "yesterday"}, "issued_on must be"),
        ({"expires": True}, "expires must be"),
    ],
)
def test_what_is_no_assertion_of_0_5_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        upgrade_assertion_0_5(v0_5(**changes), URL)


@pytest.mark.parametrize("address", [7, "http://[broken/", None])
def test_an_address_that_is_none_is_left_for_the_model_to_refuse(address: object) -> None:
    old = v0_5()
    old["badge"]["image"] = address
    document, inside = upgrade_assertion_0_5(old, URL)
    with pytest.raises(MalformedError, match=r"BadgeClass\.image"):
        BadgeClass.from_dict(inside[document["badge"]])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (1355788800, "2012-12-18T00:00:00Z"),
        ("2015-04-30", "2015-04-30T00:00:00Z"),
        ("2015-04-30T10:00:00", "2015-04-30T10:00:00Z"),
        ("2015-04-30T10:00:00+02:00", "2015-04-30T10:00:00+02:00"),
    ],
)
def test_times_get_a_zone(given: object, wanted: str) -> None:
    document = upgrade(v1(issuedOn=given, expires=given), "Assertion", "")
    assertion = Assertion.from_dict(document)
    assert assertion.issued_on == assertion.expires == wanted


@pytest.mark.parametrize("given", [10**30, -(10**30), 1.5, True, "", "30 April 2015", None, []])
def test_what_is_no_time_is_refused(given: object) -> None:
    with pytest.raises(MalformedError, match="issuedOn"):
        upgrade(v1(issuedOn=given), "Assertion", URL)


@pytest.mark.parametrize(
    ("changes", "url", "wanted"),
    [
        pytest.param({}, f"{SITE}/copy", URL, id="where-it-says"),
        pytest.param({"verify": {"type": "hosted"}}, URL, URL, id="where-it-was-found"),
        pytest.param({"id": f"{SITE}/id"}, URL, f"{SITE}/id", id="its-own-id"),
        pytest.param(
            {"verify": {"type": "signed", "url": f"{SITE}/key"}},
            "",
            "urn:uuid:ba293c61-ad33-57b9-9671-f3319f57d789",
            id="from-the-uid",
        ),
    ],
)
def test_an_assertion_gets_an_id(changes: dict[str, Any], url: str, wanted: str) -> None:
    document = upgrade(v1(**changes), "Assertion", url)
    assert Assertion.from_dict(document).id == wanted


@pytest.mark.parametrize("uid", [None, "", 7])
def test_a_signed_assertion_without_a_uid_has_no_id(uid: object) -> None:
    verify = {"type": "signed", "url": f"{SITE}/key"}
    document = upgrade(v1(verify=verify, uid=uid), "Assertion", "")
    with pytest.raises(MalformedError, match=r"Assertion\.id"):
        Assertion.from_dict(document)


@pytest.mark.parametrize("verify", [None, "hosted", {}, {"type": ["hosted"]}, {"type": "blog"}])
def test_a_method_that_is_none_stays_none(verify: object) -> None:
    document = upgrade(v1(verify=verify), "Assertion", URL)
    assert document["verification"]["type"] not in ("HostedBadge", "SignedBadge")


def test_a_withdrawn_assertion_need_not_say_anything_else() -> None:
    document = upgrade({"revoked": True, "revocationReason": "By mistake"}, "Assertion", URL)
    assert document["revoked"] is True
    assert document["id"] == URL
    assert document["revocationReason"] == "By mistake"


def test_words_that_came_later_meant_nothing() -> None:
    old = {"name": "Old", "url": SITE, "verification": {"allowedOrigins": "evil.example"}}
    issuer = BasicProfile.from_dict(upgrade(old | {"org": "Org"}, "Issuer", URL))
    assert issuer.verification is None
    assert issuer.extra == {"org": "Org"}


@pytest.mark.parametrize("missing", ["name", "url"])
def test_an_issuer_says_its_name_and_its_site(missing: str) -> None:
    old = {"name": "Old", "url": SITE}
    del old[missing]
    with pytest.raises(MalformedError, match=f"Issuer.{missing} is missing"):
        upgrade(old, "Issuer", URL)


def test_alignments_get_their_new_names() -> None:
    old = {
        "name": "Rock",
        "description": "Hard.",
        "image": f"{SITE}/rock.png",
        "criteria": f"{SITE}/rock",
        "issuer": f"{SITE}/issuer",
        "alignment": [{"name": "A", "url": f"{SITE}/a", "description": "B"}],
    }
    badge = BadgeClass.from_dict(upgrade(old, "BadgeClass", URL))
    assert badge.alignment[0].target_name == "A"
    assert badge.alignment[0].target_description == "B"
    lone = upgrade(old | {"alignment": old["alignment"][0]}, "BadgeClass", URL)
    assert BadgeClass.from_dict(lone) == badge
    with pytest.raises(MalformedError, match="alignment"):
        BadgeClass.from_dict(upgrade(old | {"alignment": ["A"]}, "BadgeClass", URL))


def test_a_list_of_1_x_maps_uids_to_reasons() -> None:
    document = upgrade({"42": "By mistake"}, "RevocationList", URL)
    revocations = RevocationList.from_dict(document)
    found = revocations.find("", "42")
    assert found is not None
    assert found.revocation_reason == "By mistake"
    with pytest.raises(MalformedError, match="maps uids"):
        upgrade({"revokedAssertions": []}, "RevocationList", URL)


@pytest.mark.parametrize("kind", ["Endorsement", "CryptographicKey", ""])
def test_what_there_was_not_before_is_refused(kind: str) -> None:
    with pytest.raises(MalformedError, match="before Open Badges"):
        upgrade({}, kind, URL)
