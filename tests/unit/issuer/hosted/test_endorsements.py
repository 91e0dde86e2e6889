# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.models import Endorsement
from issuer.services import endorsements, persons
from openbadges.signing import peek
from tests.issuing import BASE_URL, NOW, give, make_badge, make_issuer, make_site
from tests.unit.issuer.services.endorsing import ROOT
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site

BADGE = f"{BASE_URL}/badges/first-steps"
HTML = {"Accept": "text/html"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


def issue(site: Site, about: str = BADGE, comment: str = "Worth having.") -> str:
    """Endorse something; return the path of the endorsement."""
    with site.database.writing() as session:
        make_badge(session, site)
        issuer = make_issuer(session, site)
        made = endorsements.issue(session, ROOT, issuer, about, comment, site.keys, now=NOW)
        return f"/endorsements/{made.uuid}"


def test_an_endorsement_is_open_to_all_in_each_form(site: Site, client: FlaskClient) -> None:
    path = issue(site)
    types = {
        path: "application/ld+json",
        f"{path}.json": "application/ld+json",
        f"{path}.jws": "application/jose",
        f"{path}/ob3": "application/vc+ld+json",
        f"/endorsements?of={BADGE}": "application/json",
    }
    for address, media_type in types.items():
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, media_type), address
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Accept" in answer.headers["Vary"]
        etag = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(address, headers=etag).status_code == 304
        assert client.get(address).data == answer.data
    document = client.get(path).json
    assert document["id"] == BASE_URL + path
    assert document["claim"] == {"id": BADGE, "endorsementComment": "Worth having."}
    signed = json.loads(peek(client.get(f"{path}.jws").text)[1])
    assert {**signed, "verification": {"type": "HostedBadge"}} == document
    told = client.get(f"/endorsements?of={BADGE}").json
    assert told["endorsements"] == [
        {
            "id": BASE_URL + path,
            "issuer": f"{BASE_URL}/issuers/accolades",
            "issuedOn": "2026-03-01T12:00:00+00:00",
        }
    ]
    assert client.get("/endorsements").json == {"of": "", "endorsements": []}
    assert "Endorsement" in Page(client.get(path, headers=HTML).text).text


def test_a_revoked_one_is_gone_in_each_form(site: Site, client: FlaskClient) -> None:
    path = issue(site)
    with site.database.writing() as session:
        found = session.scalars(select(Endorsement)).one()
        endorsements.revoke(session, ROOT, found.uuid, "We were wrong.", now=NOW)
    for address in (path, f"{path}.json", f"{path}.jws", f"{path}/ob3"):
        answer = client.get(address)
        assert answer.status_code == 410, address
        assert answer.json == {
            "@context": "https://w3id.org/openbadges/v2",
            "type": "Endorsement",
            "id": BASE_URL + path,
            "issuer": f"{BASE_URL}/issuers/accolades",
            "revoked": True,
            "revocationReason": "We were wrong.",
        }
    listed = client.get("/issuers/accolades/revocations").json["revokedAssertions"]
    assert listed[-1]["id"] == BASE_URL + path
    assert client.get(path, headers=HTML).status_code == 410
    assert client.get(f"/endorsements?of={BADGE}").json["endorsements"] == []


def test_what_is_said_of_somebody_hidden_is_not_shown(site: Site, client: FlaskClient) -> None:
    with site.database.writing() as session:
        award = give(session, make_badge(session, site), "asha").award
        about = award.assertions[0].document_id
    path, page = issue(site, about, "Asha worked hard."), about.removeprefix(BASE_URL)
    assert "Asha worked hard." in client.get(page, headers=HTML).text
    assert "Asha worked hard." in client.get(path, headers=HTML).text
    assert client.get(f"/endorsements?of={about}").json["endorsements"]
    assert client.get(f"/endorsements?of={about}/ob3").json["endorsements"]
    with site.database.writing() as session:
        persons.find(session, "asha").opted_out = True
    for address in (page, path, f"/verify?url={about}"):
        assert "Asha worked hard." not in client.get(address, headers=HTML).text
    assert client.get(f"/endorsements?of={about}").json["endorsements"] == []


def test_the_pages_of_an_issuer_an_award_and_the_verifier_show_what_is_said(
    site: Site, client: FlaskClient
) -> None:
    with site.database.writing() as session:
        award = give(session, make_badge(session, site), "asha").award
        about = award.assertions[0].document_id
    issuer = f"{BASE_URL}/issuers/accolades"
    issue(site, about, "A fine award.")
    issue(site, BADGE, "A fine badge.")
    issue(site, issuer, "A fine issuer.")
    page = about.removeprefix(BASE_URL)
    shown = {
        "/issuers/accolades": {"A fine issuer."},
        "/badges/first-steps": {"A fine badge."},
        page: {"A fine award.", "A fine badge.", "A fine issuer."},
        f"/verify?url={about}": {"A fine award.", "A fine badge.", "A fine issuer."},
    }
    for address, words in shown.items():
        text = Page(client.get(address, headers=HTML).text).text
        assert {each for each in shown[page] if each in text} == words, address
    assert "of the badge" in Page(client.get(page, headers=HTML).text).text


def test_the_verifier_lists_what_a_credential_carries(site: Site, client: FlaskClient) -> None:
    with site.database.writing() as session:
        award = give(session, make_badge(session, site), "asha").award
        about = award.assertions[0].document_id
    issue(site, BADGE, "A fine badge.")
    text = client.get(f"{about.removeprefix(BASE_URL)}/ob3").text
    html = client.post("/verify", data={"text": text}).text
    page = Page(html).text
    assert "It carries these endorsements; each was checked by itself." in page
    assert html.count("<p>A fine badge.</p>") == 1
    issue(site, about, "A fine award.")  # which is too late for the credential
    html = client.post("/verify", data={"text": text}).text
    assert "This site knows of these endorsements." in html
    shown = [html.count(f"<p>A fine {what}.</p>") for what in ("badge", "award")]
    assert shown == [1, 1]
    with site.database.writing() as session:
        for uuid in session.scalars(select(Endorsement.uuid)).all():
            endorsements.revoke(session, ROOT, uuid, "We were wrong.", now=NOW)
    page = Page(client.post("/verify", data={"text": text}).text).text
    assert "This badge is valid" in page
    assert "withdrawn" in page


def test_words_of_strangers_are_text_and_lead_nowhere(site: Site, client: FlaskClient) -> None:
    issue(site, comment="[here](javascript:alert(1)) <script>alert(1)</script>")
    with site.database.writing() as session:
        found = session.scalars(select(Endorsement)).one()
        found.endorser_name = "<b>Guild</b>"
        found.document_id = "javascript:alert(1)"
    page = Page(client.get("/badges/first-steps", headers=HTML).text)
    assert "<script>alert(1)</script>" in page.text
    assert "<b>Guild</b>" in page.text
    assert not [link for link in page.links() if link.startswith("javascript")]
