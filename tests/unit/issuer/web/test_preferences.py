# SPDX-License-Identifier: AGPL-3.0-or-later
"""Light and dark, languages, and answers made smaller where that tells nothing."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from issuer.config import CLAIM
from issuer.models import Setting
from tests.unit.issuer.web.conftest import HTML, Shown, read
from tests.unit.issuer.web.seeds import NOW
from tools import catalogues

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from issuer.site import Site

HERE = {**HTML, "Referer": "http://localhost/explore?q=x"}
GZIP = {**HTML, "Accept-Encoding": "gzip"}
SHORT = 12  # letters in which two languages may agree


def test_a_look_is_remembered_until_it_is_the_systems_again(client: FlaskClient) -> None:
    assert "data-bs-theme" not in read(client, "/about").all("html")[0]
    answer = client.post("/preferences", data={"theme": "dark"}, headers=HERE)
    assert (answer.status_code, answer.location) == (303, "/explore?q=x")
    assert read(client, "/about").all("html")[0]["data-bs-theme"] == "dark"
    client.post("/preferences", data={"theme": "auto"}, headers=HERE)
    assert "data-bs-theme" not in read(client, "/about").all("html")[0]


@pytest.mark.parametrize("data", [{"theme": "x"}, {"language": "../de"}, {"language": "xx"}])
def test_what_is_no_choice_is_refused(client: FlaskClient, data: dict[str, str]) -> None:
    answer = client.post("/preferences", data=data, headers=HERE)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    "before",
    ["https://evil.example/", "http://localhost//evil.example/", "http://localhost/\\x", ""],
)
def test_the_way_back_leads_to_this_site_alone(client: FlaskClient, before: str) -> None:
    headers = {**HTML, "Referer": before}
    assert client.post("/preferences", data={"theme": "dark"}, headers=headers).location == "/"


@pytest.mark.parametrize(
    ("accepted", "cookie", "language", "words"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "", "de", ("Zum Inhalt springen", "1. März 2026")),
        ("de-AT,en;q=0.5", "", "de", ("Zum Inhalt springen",)),
        ("en-GB,de;q=0.9", "", "en", ("Skip to the content",)),
        ("fr,de;q=0,es-419;q=0.1", "", "es", ("Saltar al contenido",)),
        ("de", "es", "es", ("Saltar al contenido", "1 de marzo de 2026")),
        ("fr", "", "en", ("Skip to the content", "1 March 2026")),
        ("", "xx", "en", ("Skip to the content", "1 March 2026")),
    ],
)
def test_pages_speak_the_language_of_who_reads(
    client: FlaskClient, shown: Shown, accepted: str, cookie: str, language: str, words: tuple[str]
) -> None:
    if cookie:
        client.set_cookie("language", cookie)
    answer = client.get("/badges/tester-1", headers={**HTML, "Accept-Language": accepted})
    assert f'<html lang="{language}"' in answer.text
    for word in words:
        assert word in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_claim_is_said_in_every_language_until_somebody_words_it(
    client: FlaskClient, site: Site
) -> None:
    german = {**HTML, "Accept-Language": "de"}
    assert ">Abzeichen für das, was Menschen tun</h1>" in client.get("/", headers=german).text
    assert f">{CLAIM}</h1>" in client.get("/", headers=HTML).text
    with site.database.writing() as session:
        session.add(Setting(key="site_claim", value="About", updated_at=NOW))
    site.live.forget()
    assert ">About</h1>" in client.get("/", headers=german).text  # a word that has a translation


def test_every_text_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogues.main(["--check"]) == 0, capsys.readouterr().err


def test_no_catalogue_holds_texts_of_another_language() -> None:
    german, spanish = (
        read_po(io.BytesIO(Path(catalogues.path_of(code)).read_bytes())) for code in ("de", "es")
    )
    alike = [
        message.id
        for message in german
        if message.id
        and message.string == spanish[message.id].string
        and message.string != message.id
        and len(str(message.string)) > SHORT
    ]
    assert alike == []


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("br;q=0.1, gzip; q=0.9", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("zstd", None),
        ("", None),
    ],
)
def test_no_coding_is_sent_that_was_refused(
    client: FlaskClient, accepted: str, coding: str | None
) -> None:
    answer = client.get("/about", headers={**HTML, "Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_compressed_page_is_known_by_its_etag(client: FlaskClient, shown: Shown) -> None:
    plain = client.get("/", headers=HTML)
    small = client.get("/", headers=GZIP)
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 2
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in small.headers["Vary"]
    for answer, asked in ((plain, HTML), (small, GZIP)):
        headers = {**asked, "If-None-Match": answer.headers["ETag"]}
        assert client.get("/", headers=headers).status_code == 304


def test_what_may_hold_a_secret_is_not_compressed(app: Flask, shown: Shown) -> None:
    signed_in = app.test_client()
    signed_in.set_cookie(app.config["SESSION_COOKIE_NAME"], "x")
    for client, address in ((signed_in, "/"), (app.test_client(), "/verify"), (signed_in, "/none")):
        assert "Content-Encoding" not in client.get(address, headers=GZIP).headers, address
    for encoding, used in (("gzip", "gzip"), ("gzip, deflate, br, zstd", "br"), ("identity", None)):
        with signed_in.get("/static/site.css", headers={"Accept-Encoding": encoding}) as style:
            assert style.headers.get("Content-Encoding") == used
