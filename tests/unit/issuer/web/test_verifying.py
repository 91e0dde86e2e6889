# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.services import awards
from tests.issuing import BASE_URL, NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


@pytest.fixture
def address(site: Site) -> str:
    with site.database.writing() as session:
        return give(session, make_badge(session, site), "asha").award.assertions[0].document_id


def _forms(client: FlaskClient, address: str) -> dict[str, bytes]:
    path = address.removeprefix(BASE_URL)
    return {
        "baked.png": client.get(f"{path}/image").data,
        "baked.svg": client.get(f"{path}/image.svg").data,
        "signed.jws": client.get(f"{path}.jws").data,
        "hosted.json": client.get(f"{path}.json").data,
    }


def _upload(client: FlaskClient, name: str, content: bytes) -> str:
    return client.post("/verify", data={"file": (io.BytesIO(content), name)}).text


def test_the_form_needs_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/verify")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Hand in a badge" in answer.text


def test_an_address_is_verified_with_every_check(client: FlaskClient, address: str) -> None:
    page = client.get("/verify", query_string={"url": address}).text
    assert "<strong>Valid.</strong>" in page
    assert page.count('class="check check-') == 14


@pytest.mark.parametrize("name", ["baked.png", "baked.svg", "signed.jws", "hosted.json"])
def test_each_form_of_a_badge_is_verified(client: FlaskClient, address: str, name: str) -> None:
    page = _upload(client, name, _forms(client, address)[name])
    assert "<strong>Valid.</strong>" in page


def test_signed_text_can_be_pasted(client: FlaskClient, address: str) -> None:
    token = _forms(client, address)["signed.jws"].decode()
    assert "<strong>Valid.</strong>" in client.get("/verify", query_string={"url": token}).text
    assert "<strong>Valid.</strong>" in client.post("/verify", data={"text": token}).text


def test_a_changed_letter_is_noticed(client: FlaskClient, address: str) -> None:
    token = bytearray(_forms(client, address)["signed.jws"])
    token[-9] = ord("A") if token[-9] != ord("A") else ord("B")
    assert "<strong>Invalid.</strong>" in _upload(client, "x.jws", bytes(token))


@pytest.mark.parametrize("name", ["baked.png", "baked.svg", "signed.jws", "hosted.json"])
def test_a_revoked_badge_is_said_to_be_revoked(
    client: FlaskClient, site: Site, address: str, name: str
) -> None:
    content = _forms(client, address)[name]
    with site.database.writing() as session:
        awards.revoke(session, awards.find(session, address), "by mistake", now=NOW)
    page = _upload(client, name, content)
    assert "<strong>Revoked.</strong>" in page
    assert "by mistake" in page


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("nonsense", "Not a badge"),
        ("https://badges.example.com/assertions/1", "Unverifiable"),
        (f"{BASE_URL}/assertions/00000000-0000-4000-8000-000000000000", "Unverifiable"),
        ("http://169.254.169.254/latest", "Unverifiable"),
        ('{"a": 1}', "Not a badge"),
    ],
)
def test_what_is_no_badge_of_ours_is_said_so(
    client: FlaskClient, source: str, verdict: str
) -> None:
    assert (
        f"<strong>{verdict}.</strong>" in client.get("/verify", query_string={"url": source}).text
    )


def test_what_is_handed_in_is_shown_as_text(client: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script>'
    page = client.get("/verify", query_string={"url": hostile}).text
    assert "<script>alert" not in page


def test_nothing_handed_in_is_said_so(client: FlaskClient) -> None:
    assert client.post("/verify", data={}, headers=BROWSER).status_code == 400


@pytest.mark.requirement("M2")
def test_a_share_page_says_what_was_found_just_now(client: FlaskClient, address: str) -> None:
    page = client.get(address.removeprefix(BASE_URL), headers=BROWSER).text
    assert "Checked now." in page
    assert "This badge is valid" in page


def test_only_signed_forms_need_the_key(client: FlaskClient, site: Site, address: str) -> None:
    for file in site.settings.keys.iterdir():
        file.unlink()
    path = address.removeprefix(BASE_URL)
    assert client.get(path, headers=BROWSER).status_code == 200
    assert client.get(f"{path}.json").status_code == 200
    answer = client.get(f"{path}.jws")
    assert answer.status_code == 503
    assert str(site.settings.keys) not in answer.text
