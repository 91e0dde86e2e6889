# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.models import SigningKey
from issuer.services import awards, documents
from tests.issuing import BASE_URL, give, make_badge, make_issuer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


@pytest.mark.requirement("B7", "N2", "N7")
def test_an_assertion_holds_what_a_backpack_needs(session: Session, site: Site) -> None:
    badge = make_badge(session, site, expires_after=timedelta(days=30))
    assertion = give(session, badge, "Asha").award.assertions[0]
    document = json.loads(assertion.document)
    assert document["id"] == assertion.document_id == f"{BASE_URL}/assertions/{assertion.uuid}"
    assert document["badge"] == f"{BASE_URL}/badges/first-steps"
    assert document["verification"] == {"type": "HostedBadge"}
    assert (document["issuedOn"], document["expires"]) == (
        "2026-03-01T12:00:00Z",
        "2026-03-31T12:00:00Z",
    )
    assert f"{document['id']}/image" in json.dumps(document["image"])


@pytest.mark.requirement("E6", "N1", "N10")
def test_a_recipient_is_a_salted_hash_of_the_lower_case_address(
    session: Session, site: Site
) -> None:
    badge = make_badge(session, site)
    first, second = (
        json.loads(give(session, badge, name).award.assertions[0].document)
        for name in ("Asha", "boris")
    )
    recipient = first["recipient"]
    digest = hashlib.sha256(f"asha@example.org{recipient['salt']}".encode()).hexdigest()
    assert recipient["identity"] == f"sha256${digest}"
    assert recipient["hashed"] is True
    assert recipient["salt"] != second["recipient"]["salt"]
    assert "asha" not in json.dumps(first).lower().replace(recipient["identity"], "")


@pytest.mark.requirement("N3", "N9")
def test_the_signed_twin_differs_in_its_verification_alone(session: Session, site: Site) -> None:
    assertion = give(session, make_badge(session, site), "asha").award.assertions[0]
    key_id = documents.key_id(assertion.key.issuer, assertion.key.kid)
    twin = json.loads(documents.signed_twin(assertion.document, key_id))
    hosted = json.loads(assertion.document)
    assert twin.pop("verification") == {"type": "SignedBadge", "creator": key_id}
    hosted.pop("verification")
    assert twin == hosted


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_revocation_list_never_has_one_entry(session: Session, site: Site, number: int) -> None:
    issuer = make_issuer(session, site)
    revoked = [(f"{BASE_URL}/assertions/{place}", "by mistake") for place in range(number)]
    document = json.loads(documents.revocation_list(issuer, revoked).text)
    entries = document["revokedAssertions"]
    ids = [entry if isinstance(entry, str) else entry["id"] for entry in entries]
    assert ids == issuer.sentinels + [one for one, _ in revoked]
    assert all(entry["revocationReason"] == "by mistake" for entry in entries[2:])


@pytest.mark.parametrize(
    ("base_url", "scope"),
    [
        (
            "https://badges.example.org",
            {
                "type": "VerificationObject",
                "startsWith": "https://badges.example.org/",
                "allowedOrigins": "badges.example.org",
            },
        ),
        ("https://badges.example.org:8443", None),
        ("http://127.0.0.1", None),
        ("http://localhost", None),
        ("http://[::1]:8000", None),
    ],
)
@pytest.mark.requirement("F9", "N6")
def test_a_profile_says_where_its_assertions_lie_where_that_can_be_said(
    session: Session, site: Site, base_url: str, scope: dict[str, Any] | None
) -> None:
    issuer = make_issuer(session, site)
    issuer.base_url = base_url
    kid = session.scalars(select(SigningKey.kid)).one()
    found = json.loads(documents.profile(issuer, kid, 1).text).get("verification")
    if scope is None:
        assert found is None
    else:
        assert {key: found[key] for key in ("startsWith", "allowedOrigins")} == {
            key: scope[key] for key in ("startsWith", "allowedOrigins")
        }


def test_the_stub_of_a_revoked_assertion_says_no_more_than_it_needs() -> None:
    stub = json.loads(documents.revocation_stub(f"{BASE_URL}/assertions/1", "by mistake"))
    assert stub["revoked"] is True
    assert stub["id"] == f"{BASE_URL}/assertions/1"
    assert "recipient" not in stub


@pytest.mark.requirement("C10", "L2")
def test_the_second_edition_names_the_first(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    first = json.loads(documents.badge_class(badge, "https://x.org/i", 1).text)
    second = json.loads(documents.badge_class(badge, "https://x.org/i", 2).text)
    assert "version" not in first
    assert "related" not in first
    assert second["version"] == "2"
    assert first["id"] in json.dumps(second["related"])


def test_addresses_are_written_as_the_reference_validator_reads_them(
    session: Session, site: Site
) -> None:
    typed, written = "https://exämple.org/a|b[1]", "https://xn--exmple-cua.org/a%7Cb%5B1%5D"
    targets = ({"targetName": "A target", "targetUrl": typed},)
    badge = make_badge(session, site, criteria_url=typed, alignments=targets)
    cause = awards.Cause(source="admin", evidence=[{"id": typed, "name": "A page"}, {"id": typed}])
    assertion = give(session, badge, "asha", cause=cause).award.assertions[0]
    evidence = [{"id": written, "name": "A page"}, written]
    assert json.loads(assertion.document)["evidence"] == evidence
    about = json.loads(assertion.edition.document)
    assert about["criteria"]["id"] == about["alignment"][0]["targetUrl"] == written
