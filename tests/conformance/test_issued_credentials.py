# SPDX-License-Identifier: AGPL-3.0-or-later
"""What we issue as Open Badges 3.0, judged by a stranger and by ourselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.models import Assertion
from issuer.services import awards
from issuer.services.credentials import did
from tests.issuing import NOW, give, make_badge, make_site
from tests.services import judge3
from tests.services.missing import MissingError, stop_test

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from flask.testing import FlaskClient

    from issuer.site import Site

UNUSUAL = "Zażółć „gęślą” jaźń \U0001f3c5 שלום\u200f \\ \"'<&> 学\nnext\tline"


@pytest.fixture(scope="module")
def judge() -> judge3.Judge3:
    try:
        return judge3.prepare()
    except MissingError as error:
        stop_test(str(error))


def issue(site: Site) -> UUID:
    with site.database.writing() as session:
        badge = make_badge(
            session,
            site,
            "First Steps",
            description=UNUSUAL,
            criteria_text=UNUSUAL * 40,
            tags=("zwei wörter", "שלום"),
            alignments=({"targetName": "Pack", "targetUrl": "https://example.org/pack"},),
        )
        cause = awards.Cause(
            source="admin",
            narrative=UNUSUAL,
            evidence=[{"id": "https://example.org/1", "narrative": UNUSUAL}],
        )
        award = give(session, badge, "asha", cause=cause).award
        return session.scalars(select(Assertion).filter_by(award_id=award.id)).one().uuid


def documents(site: Site, client: FlaskClient, forms: list[str]) -> dict[str, Any]:
    """Return all that a stranger would look up, by its address."""
    with site.database.reading() as session:
        assertion = session.scalars(select(Assertion)).one()
        issuer = assertion.edition.badge.issuer
        name, kid = did(issuer), assertion.key.kid
        base_url = site.settings.base_url
    addresses = [f"/keys/{kid}.jwk", *forms]
    found = {base_url + path: client.get(path).json for path in addresses}
    return {**found, name: client.get("/issuers/accolades/did.json").json}


def test_both_forms_are_valid_and_a_revocation_reaches_them(
    tmp_path: Path, judge: judge3.Judge3
) -> None:
    site = make_site(tmp_path, "")
    uuid = issue(site)
    client = create_app(site=site).test_client()
    proof = client.get(f"/assertions/{uuid}/ob3")
    token = client.get(f"/assertions/{uuid}/ob3.jwt")
    assert (proof.mimetype, token.mimetype) == ("application/vc+ld+json", "text/plain")
    assert client.get(f"/assertions/{uuid}/ob3").data == proof.data
    listed = proof.json["credentialStatus"]["statusListCredential"]
    path = listed.removeprefix(site.settings.base_url)
    known = documents(site, client, [path])
    for form in (proof.text, token.text):
        report = judge.judge(form, known)
        assert report["valid"], report["failed"]
    changed = json.loads(proof.text)
    changed["credentialSubject"]["achievement"]["name"] += "!"
    assert not judge.judge(json.dumps(changed), known)["valid"]
    with site.database.writing() as session:
        award = session.scalars(select(Assertion)).one().award
        awards.revoke(session, award, "a mistake", now=NOW)
    assert client.get(f"/assertions/{uuid}/ob3").status_code == 410
    after = documents(site, client, [path])
    for form in (proof.text, token.text):
        report = judge.judge(form, after)
        assert not report["valid"]
        assert report["failed"][0]["id"].startswith("status")
    site.database.dispose()
