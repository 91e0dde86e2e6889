# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from issuer.limits import limiter
from issuer.services import awards
from tests.issuing import BASE_URL, NOW, give, make_badge
from tests.unit.issuer.web.community import statements_of
from tests.unit.issuer.web.html import Page
from tests.unit.issuer.web.verifying.handing_in import BROWSER, headline, upload

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from issuer.site import Site


def test_the_form_needs_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/verify")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Hand in a badge" in answer.text


def test_the_facts_are_shown_as_they_are_known(client: FlaskClient, site: Site) -> None:
    hostile = '<b>bold</b> "quoted"'
    with site.database.writing() as session:
        badge = make_badge(session, site, "First Steps", description=hostile)
        cause = awards.Cause(
            source="admin",
            narrative=f"Ten tests.\n{hostile}",
            evidence=[
                {"id": "https://evidence.example/1", "name": "The log", "narrative": hostile}
            ],
        )
        given = give(session, badge, "asha", cause=cause)
        address = given.award.assertions[0].document_id
    text = client.get("/verify", query_string={"url": address}).text
    page = Page(text)
    for words in ("First Steps", "Accolades", "1 March 2026", "The log", "Ten tests."):
        assert words in page.text
    assert "https://evidence.example/1" in page.links()
    assert "not compared" in page.text
    assert "<b>" not in text


def test_no_byte_of_a_strangers_picture_is_served(client: FlaskClient, address: str) -> None:
    page = Page(client.get("/verify", query_string={"url": address}).text)
    pictures = [tag["src"] for tag in page.all("img") if tag["src"].startswith("data:")]
    (picture,) = pictures
    drawn = base64.b64decode(picture.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.format == "PNG"
        assert max(image.size) <= 400
        assert image.info == {}
    assert all(url.startswith(("/", "data:image/png;base64,")) for url in page.loaded())


def test_the_holder_can_be_compared(client: FlaskClient, address: str) -> None:
    mine = client.post("/verify", data={"text": address, "recipient": "asha@example.org"}).text
    assert headline(mine) == "This badge is valid"
    assert "asha@example.org, as you asked" in mine
    other = client.post("/verify", data={"text": address, "recipient": "x@example.org"}).text
    assert headline(other) == "This badge is not valid"
    checks = re.findall(r'class="check check-(\w+)"', other)
    assert checks[0] == "failed"
    assert checks == sorted(checks, key=["failed", "error", "passed", "skipped"].index)


def test_skipped_checks_are_folded(client: FlaskClient, address: str) -> None:
    text = client.get("/verify", query_string={"url": address}).text
    open_part, _, folded = text.partition("checks skipped</summary>")
    assert "check-skipped" not in open_part
    assert folded.count("check-skipped") == 5


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/issuers/accolades", "This is a profile, and no badge"),
        ("/badges/first-steps", "This is a badge class, and the award of nothing"),
        ("/issuers/accolades/revocations", "This is a revocation list, and no badge"),
    ],
)
def test_a_sound_document_that_awards_nothing_is_not_called_a_valid_badge(
    client: FlaskClient, address: str, path: str, words: str
) -> None:
    text = client.get("/verify", query_string={"url": f"{BASE_URL}{path}"}).text
    assert headline(text) == words
    assert f"<title>{words} ·" in text
    assert "verdict-note" in text
    assert "verdict-good" not in text
    assert "is valid" not in Page(text).text


def test_what_was_upgraded_is_said(client: FlaskClient, address: str) -> None:
    old = {
        "uid": "1",
        "recipient": {"type": "email", "hashed": False, "identity": "asha@example.org"},
        "badge": f"{BASE_URL}/badges/first-steps",
        "verify": {"type": "hosted", "url": f"{BASE_URL}/nothing"},
        "issuedOn": "2015-04-30",
    }
    text = client.post("/verify", data={"text": json.dumps(old)}).text
    assert "Open Badges 1.0" in text


def test_the_raw_documents_are_shown(client: FlaskClient, address: str) -> None:
    text = client.get("/verify", query_string={"url": address}).text
    for kind in ("Assertion", "BadgeClass", "Profile"):
        assert f"{kind} as it was read</summary>" in text
    assert text.count("SHA-256") == 5


@pytest.mark.parametrize("form", ["get", "text", "recipient", "file name"])
def test_what_is_handed_in_is_shown_as_text(client: FlaskClient, form: str) -> None:
    hostile = '"></textarea><script>alert(1)</script>{{7*7}}'
    if form == "get":
        page = client.get("/verify", query_string={"url": hostile}).text
    elif form == "file name":
        page = upload(client, hostile, b"{}")
    else:
        page = client.post("/verify", data={"text": "nonsense", form: hostile}).text
    assert "<script>alert" not in page
    assert ">49<" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Nothing was handed in"),
        ({"text": " \n"}, "Nothing was handed in"),
        ({"text": "x", "file": (io.BytesIO(b"{}"), "a.json")}, "one badge at a time"),
        ({"text": "x" * 400_001}, "longer than"),
        ({"text": "x", "recipient": "x" * 501}, "not that long"),
    ],
    ids=["nothing", "blank", "two", "long", "long-recipient"],
)
def test_what_cannot_be_verified_leads_back_to_the_form(
    client: FlaskClient, fields: dict[str, object], words: str
) -> None:
    answer = client.post("/verify", data=fields, headers=BROWSER)
    assert answer.status_code == 400
    assert words in answer.text
    assert 'id="hand-in"' in answer.text


@pytest.mark.requirement("M2")
def test_a_share_page_says_what_was_found_just_now(client: FlaskClient, address: str) -> None:
    page = client.get(address.removeprefix(BASE_URL), headers=BROWSER).text
    assert "Checked now." in page
    assert "This badge is valid" in page


def test_a_share_page_asks_little_though_it_verifies(
    client: FlaskClient, site: Site, address: str
) -> None:
    path = address.removeprefix(BASE_URL)
    with statements_of(site.database.engine) as seen:
        page = client.get(path, headers=BROWSER).text
    assert "This badge is valid" in page
    assert len(seen) <= 3, seen
    with site.database.writing() as session:
        awards.revoke(session, awards.find(session, address), "by mistake", now=NOW)
    with statements_of(site.database.engine) as seen:
        page = client.get(path, headers=BROWSER).text
    assert "This badge was revoked" in page
    assert len(seen) <= 5, seen


def test_a_file_that_is_too_large_is_refused(client: FlaskClient) -> None:
    kind = "multipart/form-data; boundary=x"
    answer = client.post("/verify", data=b"x" * (7 << 20), content_type=kind, headers=BROWSER)
    assert answer.status_code == 413


def test_a_share_page_says_what_was_found_and_links_to_the_verifier(
    client: FlaskClient, address: str
) -> None:
    page = Page(client.get(address.removeprefix(BASE_URL), headers=BROWSER).text)
    assert "Checked now." in page.text
    assert "This badge is valid" in page.text
    (link,) = [link for link in page.links() if link.startswith("/verify?")]
    assert headline(client.get(link).text) == "This badge is valid"


def test_a_verdict_can_be_passed_on(client: FlaskClient, address: str) -> None:
    page = Page(client.post("/verify", data={"text": address}).text)
    (link,) = [link for link in page.links() if link.startswith("/verify?")]
    assert headline(client.get(link).text) == "This badge is valid"


def test_only_signed_forms_need_the_key(client: FlaskClient, site: Site, address: str) -> None:
    for file in site.settings.keys.iterdir():
        file.unlink()
    path = address.removeprefix(BASE_URL)
    assert client.get(path, headers=BROWSER).status_code == 200
    assert client.get(f"{path}.json").status_code == 200
    answer = client.get(f"{path}.jws")
    assert answer.status_code == 503
    assert str(site.settings.keys) not in answer.text


def test_a_caller_may_ask_so_often_and_no_more(client: FlaskClient) -> None:
    limiter.reset()
    for number in range(30):
        one = {"REMOTE_ADDR": f"2001:db8::{number:x}"}  # one household
        assert client.get("/verify?url=x", environ_base=one).status_code == 200
    answer = client.post("/verify", data={"text": "x"}, environ_base={"REMOTE_ADDR": "2001:db8::"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert client.get("/verify", environ_base=one).status_code == 200  # the form costs nothing
    other = {"REMOTE_ADDR": "2001:db8:0:1::"}
    assert client.get("/verify?url=x", environ_base=other).status_code == 200
    limiter.reset()
