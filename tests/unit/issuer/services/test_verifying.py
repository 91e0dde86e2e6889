# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from issuer.app import create_app
from issuer.services import awards
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.errors import FetchError
from openbadges.verification import verify
from tests.issuing import BASE_URL, NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Assertion
    from issuer.site import Site


@pytest.fixture
def assertion(session: Session, site: Site) -> Assertion:
    return give(session, make_badge(session, site), "asha").award.assertions[0]


@pytest.fixture
def own(session: Session, site: Site) -> OwnFetcher:
    return OwnFetcher(session, BASE_URL, site.keys, site.objects, Elsewhere())


def paths(assertion: Assertion) -> list[str]:
    """Return every address of a badge that a verifier may ask for."""
    document_id = assertion.document_id
    return [
        document_id,
        f"{document_id}.json",
        f"{document_id}.jws",
        f"{document_id}/image",
        f"{BASE_URL}/badges/first-steps",
        f"{BASE_URL}/badges/first-steps.json",
        f"{BASE_URL}/badges/first-steps/image",
        f"{BASE_URL}/issuers/accolades",
        f"{BASE_URL}/issuers/accolades/revocations",
        f"{BASE_URL}/keys/{assertion.key.kid}",
    ]


def test_it_answers_what_the_web_server_answers(
    session: Session, site: Site, assertion: Assertion, own: OwnFetcher
) -> None:
    session.commit()
    client = create_app(site=site).test_client()
    for url in paths(assertion):
        served = client.get(
            urlsplit(url).path, base_url=BASE_URL, headers={"Accept": "application/ld+json"}
        )
        answer = own.fetch(url)
        assert (answer.status, answer.final_url) == (served.status_code, url)
        assert answer.body == served.data, url
        assert answer.content_type == served.mimetype, url


@pytest.mark.parametrize("form", ["{}", "{}.jws", "{}#fragment"])
def test_a_badge_of_ours_verifies(assertion: Assertion, own: OwnFetcher, form: str) -> None:
    report = verify(form.format(assertion.document_id), fetcher=own, now=NOW)
    assert report.valid, report.sentence


def test_a_revoked_badge_does_not(session: Session, assertion: Assertion, own: OwnFetcher) -> None:
    awards.revoke(session, assertion.award, "by mistake", now=NOW)
    answer = own.fetch(assertion.document_id)
    assert answer.status == 410
    assert b"by mistake" in answer.body
    assert not verify(assertion.document_id, fetcher=own, now=NOW).valid


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/assertions/0e5bfb7c-9c63-4c86-a2c3-0b7a5d0f3a11",
        "/badges/none",
        "/badges/first-steps/editions/2",
        "/badges/../badges/first-steps",
        "/badges/first-steps?x=1",
        "/badges/first-steps\n",
        "/issuers/nobody",
        "/keys/none",
        "/people/asha",
        pytest.param("/assertions/------------------------------------"),
        pytest.param("/assertions/0e5bfb7c-9c63-4c86-a2c3-0b7a5d0f3a1-"),
    ],
)
def test_what_is_not_here_is_404(assertion: Assertion, own: OwnFetcher, path: str) -> None:
    assert own.fetch(f"{BASE_URL}{path}").status == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/assertions/1",
        f"{BASE_URL}.evil.example/badges/first-steps",
        f"{BASE_URL}@evil.example/badges/first-steps",
        BASE_URL,
        "",
        "file:///etc/passwd",
    ],
)
def test_other_addresses_are_asked_elsewhere(own: OwnFetcher, url: str) -> None:
    with pytest.raises(FetchError, match="not of this site"):
        own.fetch(url)
