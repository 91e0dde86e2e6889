# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import socket
from contextlib import nullcontext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from issuer.app import create_app
from issuer.config import Settings
from issuer.services import awards, verifying
from issuer.services.verifying import Elsewhere, OwnFetcher, make_fetcher, own_parts
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
    return OwnFetcher(lambda: nullcontext(session), BASE_URL, site.keys, site.objects, Elsewhere())


def paths(assertion: Assertion) -> list[str]:
    """Return every address of a badge that a verifier may ask for."""
    document_id = assertion.document_id
    return [
        document_id,
        f"{document_id}.json",
        f"{document_id}.jws",
        f"{document_id}/image",
        f"{document_id}/image.svg",
        f"{document_id}/image?download=1",
        document_id.replace(assertion.uuid.hex[:8], assertion.uuid.hex[:8].upper()),
        f"{BASE_URL}/badges/first-steps",
        f"{BASE_URL}/badges/first%2Dsteps",
        f"{BASE_URL}/badges/first-steps.json",
        f"{BASE_URL}/badges/first-steps/image",
        f"{BASE_URL}/badges/first-steps/image.svg",
        f"{BASE_URL}/badges/first-steps/editions/1",
        f"{BASE_URL}/badges/first-steps/editions/1/image.svg",
        f"{BASE_URL}/issuers/accolades",
        f"{BASE_URL}/issuers/accolades/image",
        f"{BASE_URL}/issuers/accolades/revocations",
        f"{BASE_URL}/keys/{assertion.key.kid}",
    ]


def test_it_answers_what_the_web_server_answers(
    session: Session, site: Site, assertion: Assertion, own: OwnFetcher
) -> None:
    session.commit()
    client = create_app(site=site).test_client()
    for url in paths(assertion):
        parts = urlsplit(url)
        served = client.get(
            f"{parts.path}?{parts.query}",
            base_url=BASE_URL,
            headers={"Accept": "application/ld+json"},
        )
        answer = own.fetch(url)
        assert (answer.status, answer.final_url) == (served.status_code, url)
        if answer.status == 200:
            assert answer.body == served.data, url
            assert answer.content_type == served.mimetype, url


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "{}.json",
        "{}.jws",
        "{}/image",
        "{}/image.svg",
        "{}/image?download=1",
        "{}#fragment",
        "{}?utm_source=elsewhere",
    ],
)
def test_a_badge_of_ours_verifies(assertion: Assertion, own: OwnFetcher, form: str) -> None:
    report = verify(form.format(assertion.document_id), fetcher=own, now=NOW)
    assert report.valid, report.sentence


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8000",
        "HTTP://127.0.0.1:8000",
        "http://localhost:8000",
        "http://LocalHost.:8000",
        "http://[::1]:8000",
    ],
)
def test_no_connection_is_made_for_what_is_ours(
    session: Session,
    site: Site,
    assertion: Assertion,
    monkeypatch: pytest.MonkeyPatch,
    origin: str,
) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("connected")

    settings = Settings(**{**site.settings.model_dump(), "allow_loopback": True})
    fetcher = make_fetcher(settings, lambda: nullcontext(session), site.keys, site.objects)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(fetcher.elsewhere, "resolve", refuse)
    for form in ("{}", "{}#part", "{}.jws", "{}/image", "{}/nothing"):
        url = form.format(assertion.document_id.replace(BASE_URL, origin))
        report = verify(url, fetcher=fetcher, now=NOW)
        assert report.valid is (form != "{}/nothing"), report.sentence
    assert asked == []
    assert not verify("https://elsewhere.example/1", fetcher=fetcher, now=NOW).valid
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("url", "base_url", "path"),
    [
        ("https://badges.example.org/a", "https://badges.example.org", "/a"),
        ("https://Badges.EXAMPLE.org/a", "https://badges.example.org", "/a"),
        ("HTTPS://badges.example.org:443/a", "https://badges.example.org", "/a"),
        ("https://badges.example.org/a", "https://badges.example.org:443", "/a"),
        ("https://badges.example.org./a", "https://badges.example.org", "/a"),
        ("http://badges.example.org/a", "https://badges.example.org", "/a"),
        ("http://badges.example.org:80/a", "https://badges.example.org", "/a"),
        ("https://badges.example.org", "https://badges.example.org", ""),
        ("https://badges.example.org:8443/a", "https://badges.example.org", None),
        ("https://badges.example.org/a", "http://badges.example.org", None),
        ("http://badges.example.org/a", "https://badges.example.org:8443", None),
        ("https://badges.example.org.evil.example/a", "https://badges.example.org", None),
        ("https://badges.example.org@evil.example/a", "https://badges.example.org", None),
        ("https://a@badges.example.org/a", "https://badges.example.org", None),
        ("https://badges.example.org\\@evil.example/a", "https://badges.example.org", None),
        ("https://badges.example.org/a\n", "https://badges.example.org", None),
        ("https://badges.example.org:x/a", "https://badges.example.org", None),
        ("https://[badges.example.org/a", "https://badges.example.org", None),
        ("ftp://badges.example.org/a", "https://badges.example.org", None),
        ("http://localhost:8000/a", "https://badges.example.org:8000", None),
        ("", "https://badges.example.org", None),
    ],
)
def test_our_origin_may_be_written_in_many_ways(url: str, base_url: str, path: str | None) -> None:
    parts = own_parts(url, base_url)
    assert (parts.path if parts else None) == path


def test_a_redirect_to_this_site_is_answered_without_asking_it(
    session: Session, site: Site, assertion: Assertion
) -> None:
    fetcher = make_fetcher(site.settings, lambda: nullcontext(session), site.keys, site.objects)
    inside = fetcher.elsewhere.inside  # type: ignore[attr-defined]  # the guarded fetcher's own
    assert inside(assertion.document_id).status == 200
    assert inside("https://elsewhere.example/") is None
    # Even a page of ours: verifying it would begin to verify, and so on.
    assert inside(f"{BASE_URL}/verify?url=https://elsewhere.example/").status == 404


def test_the_settings_decide_where_may_be_fetched(site: Site) -> None:
    for name in ("allow_loopback", "allow_http"):
        for value in (True, False):
            settings = Settings(**{**site.settings.model_dump(), name: value})
            made = make_fetcher(settings, site.database.reading, site.keys, site.objects)
            assert getattr(made.elsewhere, name) is value
            assert made.elsewhere.cache is verifying.CACHE  # type: ignore[attr-defined]  # as above


def test_a_revoked_badge_does_not(session: Session, assertion: Assertion, own: OwnFetcher) -> None:
    awards.revoke(session, assertion.award, "by mistake", now=NOW)
    answer = own.fetch(assertion.document_id)
    assert answer.status == 410
    assert b"by mistake" in answer.body
    assert not verify(assertion.document_id, fetcher=own, now=NOW).valid


def test_a_key_that_is_away_is_told_as_the_web_server_does(
    site: Site, assertion: Assertion, own: OwnFetcher
) -> None:
    for file in site.settings.keys.iterdir():
        file.unlink()
    assert own.fetch(f"{assertion.document_id}.jws").status == 503
    assert own.fetch(assertion.document_id).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/nothing",
        "/assertions/0e5bfb7c-9c63-4c86-a2c3-0b7a5d0f3a11",
        "/badges/none",
        "/badges/first-steps/editions/2",
        "/badges/first-steps/editions/2/image.svg",
        "/badges/../badges/first-steps",
        "/badges/first-steps%0A",
        "/badges/first-steps%00",
        "/issuers/nobody",
        "/issuers/nobody/image",
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
        "http://127.0.0.1:8001/badges/first-steps",
        "",
        "file:///etc/passwd",
    ],
)
def test_other_addresses_are_asked_elsewhere(own: OwnFetcher, url: str) -> None:
    with pytest.raises(FetchError, match="not of this site"):
        own.fetch(url)
