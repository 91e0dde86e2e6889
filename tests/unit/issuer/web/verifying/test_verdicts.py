# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from issuer.app import create_app
from issuer.services import awards, verifying
from openbadges.baking import bake
from tests.issuing import BASE_URL, NOW, give, make_badge, make_site
from tests.services.processes import free_ports
from tests.unit.issuer.web.verifying.handing_in import EVERY_FORM, headline, in_every_form, upload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site


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


def test_an_address_is_verified_with_every_check(client: FlaskClient, address: str) -> None:
    answer = client.get("/verify", query_string={"url": address})
    assert headline(answer.text) == "This badge is valid"
    assert answer.text.count('class="check check-') == 14
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", EVERY_FORM)
def test_each_form_of_a_badge_is_verified(client: FlaskClient, address: str, name: str) -> None:
    page = upload(client, name, in_every_form(client, address)[name])
    assert headline(page) == "This badge is valid"


@pytest.mark.parametrize("name", ["signed.jws", "hosted.json"])
def test_a_text_can_be_pasted(client: FlaskClient, address: str, name: str) -> None:
    text = in_every_form(client, address)[name].decode()
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
    token = bytearray(in_every_form(client, address)["signed.jws"])
    token[-9] = ord("A") if token[-9] != ord("A") else ord("B")
    page = upload(client, "x.jws", bytes(token))
    assert headline(page) == "This badge is not valid"
    assert "What it claims" in page


@pytest.mark.parametrize("name", EVERY_FORM)
def test_a_revoked_badge_is_said_to_be_revoked(
    client: FlaskClient, site: Site, address: str, name: str
) -> None:
    content = in_every_form(client, address)[name]
    with site.database.writing() as session:
        awards.revoke(session, awards.find(session, address), "by mistake", now=NOW)
    page = upload(client, name, content)
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
        assert headline(upload(open_client, name, content)) == "This badge is valid", name


def _forms_elsewhere(address: str) -> dict[str, bytes]:
    fetcher = verifying.GuardedFetcher(allow_loopback=True)
    ends = {"baked.png": "/image", "baked.svg": "/image.svg", "x.jws": ".jws", "x.json": ".json"}
    return {name: fetcher.fetch(address + end).body for name, end in ends.items()}


def test_a_badge_of_another_site_on_this_machine_needs_the_setting(
    client: FlaskClient, elsewhere: str
) -> None:
    page = client.get("/verify", query_string={"url": elsewhere}).text
    assert headline(page) == "This badge could not be verified"


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b'"\\ud800"'],
    ids=["empty", "nul", "bytes", "deep", "nan", "surrogate"],
)
def test_no_file_is_too_odd(client: FlaskClient, content: bytes) -> None:
    assert headline(upload(client, "x", content)) == "This is not a badge"


def test_a_baked_picture_of_another_kind_is_judged_by_its_content(
    client: FlaskClient, address: str
) -> None:
    forms = in_every_form(client, address)
    again = bake(forms["baked.png"], forms["hosted.json"].decode())
    assert headline(upload(client, "photo.jpg", again)) == "This badge is valid"
