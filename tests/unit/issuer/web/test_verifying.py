# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
import io
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from werkzeug.serving import make_server

from issuer.app import create_app
from issuer.limits import limiter
from issuer.services import awards, verifying
from openbadges.baking import bake
from tests.issuing import BASE_URL, NOW, give, make_badge, make_site
from tests.services.processes import free_ports
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site

BROWSER = {"Accept": "text/html"}
EVERY_FORM = ["baked.png", "baked.svg", "signed.jws", "hosted.json"]


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no name be looked up, and nothing be remembered from another test."""
    made = verifying.GuardedFetcher

    def make(**options: Any) -> verifying.GuardedFetcher:
        return made(**options, resolve=lambda *_, **__: [])

    monkeypatch.setattr(verifying, "GuardedFetcher", make)
    monkeypatch.setattr(verifying, "CACHE", verifying.AnswerCache())


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


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Serve another site on this machine; give the address of its assertion."""
    (port,) = free_ports(1)
    (tmp_path / "elsewhere").mkdir()
    other = make_site(tmp_path / "elsewhere", "", base_url=f"http://127.0.0.1:{port}")
    with other.database.writing() as session:
        badge = make_badge(session, other, "Far Away")
        found = give(session, badge, "asha").award.assertions[0].document_id
    server = make_server("127.0.0.1", port, create_app(site=other), threaded=True)
    worker = threading.Thread(target=server.serve_forever)
    worker.start()
    yield found
    server.shutdown()
    worker.join()
    server.server_close()
    other.database.dispose()


@pytest.fixture
def open_client(tmp_path: Path) -> Iterator[FlaskClient]:
    """Return a browser at a site that may fetch from this machine."""
    (tmp_path / "open").mkdir()
    made = make_site(tmp_path / "open", "", allow_loopback=True)
    yield create_app(site=made).test_client()
    made.database.dispose()


def _forms(client: FlaskClient, address: str) -> dict[str, bytes]:
    path = address.removeprefix(BASE_URL)
    return {
        "baked.png": client.get(f"{path}/image").data,
        "baked.svg": client.get(f"{path}/image.svg").data,
        "signed.jws": client.get(f"{path}.jws").data,
        "hosted.json": client.get(f"{path}.json").data,
    }


def _upload(client: FlaskClient, name: str, content: bytes, **fields: str) -> str:
    return client.post("/verify", data={"file": (io.BytesIO(content), name), **fields}).text


def headline(page: str) -> str:
    found = re.search(r'<h1 id="verdict">(.*?)</h1>', page)
    assert found, page
    return found[1]


def test_the_form_needs_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/verify")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Hand in a badge" in answer.text


def test_an_address_is_verified_with_every_check(client: FlaskClient, address: str) -> None:
    answer = client.get("/verify", query_string={"url": address})
    assert headline(answer.text) == "This badge is valid"
    assert answer.text.count('class="check check-') == 14
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", EVERY_FORM)
def test_each_form_of_a_badge_is_verified(client: FlaskClient, address: str, name: str) -> None:
    page = _upload(client, name, _forms(client, address)[name])
    assert headline(page) == "This badge is valid"


@pytest.mark.parametrize("name", ["signed.jws", "hosted.json"])
def test_a_text_can_be_pasted(client: FlaskClient, address: str, name: str) -> None:
    text = _forms(client, address)[name].decode()
    asked = client.get("/verify", query_string={"url": f" {text}\n"}).text
    assert headline(asked) == headline(client.post("/verify", data={"text": text}).text)
    assert headline(asked) == "This badge is valid"


@pytest.mark.parametrize(
    "form",
    [
        "{}#top",
        "{}?from=mail",
        "{}/image?download=1",
        "HTTP:{0[1]}",
    ],
)
def test_our_own_address_may_be_written_in_many_ways(
    client: FlaskClient, address: str, form: str
) -> None:
    url = form.format(address.split(":", 1)) if "[" in form else form.format(address)
    page = client.get("/verify", query_string={"url": url}).text
    assert headline(page) == "This badge is valid"


def test_a_changed_letter_is_noticed(client: FlaskClient, address: str) -> None:
    token = bytearray(_forms(client, address)["signed.jws"])
    token[-9] = ord("A") if token[-9] != ord("A") else ord("B")
    page = _upload(client, "x.jws", bytes(token))
    assert headline(page) == "This badge is not valid"
    assert "What it claims" in page


@pytest.mark.parametrize("name", EVERY_FORM)
def test_a_revoked_badge_is_said_to_be_revoked(
    client: FlaskClient, site: Site, address: str, name: str
) -> None:
    content = _forms(client, address)[name]
    with site.database.writing() as session:
        awards.revoke(session, awards.find(session, address), "by mistake", now=NOW)
    page = _upload(client, name, content)
    assert headline(page) == "This badge was revoked"
    assert "by mistake" in page


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("nonsense", "This is not a badge"),
        ("https://badges.example.com/assertions/1", "This badge could not be verified"),
        (
            f"{BASE_URL}/assertions/00000000-0000-4000-8000-000000000000",
            "This badge could not be verified",
        ),
        ("http://169.254.169.254/latest", "This badge could not be verified"),
        ("http://127.0.0.1:1/", "This badge could not be verified"),
        ('{"a": 1}', "This is not a badge"),
    ],
)
def test_what_is_no_badge_of_ours_is_said_so(
    client: FlaskClient, source: str, verdict: str
) -> None:
    assert headline(client.get("/verify", query_string={"url": source}).text) == verdict


def test_a_badge_of_another_site_is_fetched_from_there(
    open_client: FlaskClient, elsewhere: str
) -> None:
    page = open_client.get("/verify", query_string={"url": elsewhere}).text
    assert headline(page) == "This badge is valid"
    assert "Far Away" in page
    assert 'src="data:image/png;base64,' in page
    for name, content in _forms_elsewhere(elsewhere).items():
        assert headline(_upload(open_client, name, content)) == "This badge is valid", name


def _forms_elsewhere(address: str) -> dict[str, bytes]:
    fetcher = verifying.GuardedFetcher(allow_loopback=True)
    ends = {"baked.png": "/image", "baked.svg": "/image.svg", "x.jws": ".jws", "x.json": ".json"}
    return {name: fetcher.fetch(address + end).body for name, end in ends.items()}


def test_a_badge_of_another_site_on_this_machine_needs_the_setting(
    client: FlaskClient, elsewhere: str
) -> None:
    page = client.get("/verify", query_string={"url": elsewhere}).text
    assert headline(page) == "This badge could not be verified"


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
        assert f"<summary>{kind} as it was read</summary>" in text
    assert text.count("SHA-256") == 5


@pytest.mark.parametrize("form", ["get", "text", "recipient", "file name"])
def test_what_is_handed_in_is_shown_as_text(client: FlaskClient, form: str) -> None:
    hostile = '"></textarea><script>alert(1)</script>{{7*7}}'
    if form == "get":
        page = client.get("/verify", query_string={"url": hostile}).text
    elif form == "file name":
        page = _upload(client, hostile, b"{}")
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


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b'"\\ud800"'],
    ids=["empty", "nul", "bytes", "deep", "nan", "surrogate"],
)
def test_no_file_is_too_odd(client: FlaskClient, content: bytes) -> None:
    assert headline(_upload(client, "x", content)) == "This is not a badge"


def test_a_file_that_is_too_large_is_refused(client: FlaskClient) -> None:
    kind = "multipart/form-data; boundary=x"
    answer = client.post("/verify", data=b"x" * (7 << 20), content_type=kind, headers=BROWSER)
    assert answer.status_code == 413


def test_a_baked_picture_of_another_kind_is_judged_by_its_content(
    client: FlaskClient, address: str
) -> None:
    forms = _forms(client, address)
    again = bake(forms["baked.png"], forms["hosted.json"].decode())
    assert headline(_upload(client, "photo.jpg", again)) == "This badge is valid"


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
