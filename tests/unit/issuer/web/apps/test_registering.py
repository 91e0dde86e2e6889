# SPDX-License-Identifier: AGPL-3.0-or-later
"""What makes itself known: within limits, and answered nowhere but where it may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from authlib.oauth2 import rfc8414, rfc9207
from sqlalchemy import select

from issuer.limits import limiter
from issuer.models import App
from issuer.services import app_addresses
from tests.wallet import ALL, BACK, Wallet

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site

BIG = b'{"redirect_uris": ["https://wallet.example/back"]}' + b" " * 20_000


def test_what_is_noted_is_told_and_the_secret_is_kept_nowhere(site: Site, wallet: Wallet) -> None:
    assert wallet.known["scope"].split() == list(ALL)
    secret = wallet.known["client_secret"]
    with site.database.reading() as session:
        kept = session.scalars(select(App).filter_by(client_id=wallet.known["client_id"])).one()
        assert secret not in repr(vars(kept))
        assert kept.redirect_uris == [BACK]
    answer = wallet.register()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_program_without_a_secret_gets_none(app: Flask) -> None:
    known = Wallet(app, auth="none").known
    assert "client_secret" not in known
    assert known["token_endpoint_auth_method"] == "none"  # noqa: S105 (no secret)


@pytest.mark.parametrize(
    "uri",
    [
        "https://wallet.example/back?x=1",
        "http://127.0.0.1/back",
        "http://[::1]:4711/back",
        "http://localhost:8000/my/backpacks/return",
        "com.example.wallet:/back",
    ],
)
def test_addresses_where_an_app_may_be_answered(uri: str) -> None:
    app_addresses.check_redirect(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://wallet.example/back",
        "https://wallet.example/back#part",
        "https://wallet.example/back#",
        "https://user@wallet.example/back",
        "https:///back",
        "https://wallet.example\\@evil.example",
        "https://wallet.example/a b",
        "https://wallet.example/\nback",
        "https://wallet.example:port/",
        "https://wallet.example/;x",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/back",
        "javascript.x://wallet/%0aalert(1)",
        "//wallet.example/back",
        "/back",
        "",
        pytest.param("https://wallet.example/" + "a" * 500, id="long"),
    ],
)
def test_addresses_where_no_app_is_answered(wallet: Wallet, uri: str) -> None:
    answer = wallet.register(redirect_uris=[uri])
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": BACK}, "invalid_redirect_uri"),
        ({"redirect_uris": [BACK] * 6}, "invalid_redirect_uri"),
        ({"redirect_uris": [1]}, "invalid_redirect_uri"),
        ({"client_name": "x" * 101}, "invalid_client_metadata"),
        ({"client_name": "My\u202eWallet"}, "invalid_client_metadata"),
        ({"client_name": ["x"]}, "invalid_client_metadata"),
        ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"logo_uri": "http://wallet.example/logo"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"scope": "admin"}, "invalid_client_metadata"),
        ({"scope": "x" * 2001}, "invalid_client_metadata"),
        ({"tos_uri": 7}, "invalid_client_metadata"),
    ],
)
def test_what_cannot_be_is_refused_in_the_words_of_the_standard(
    wallet: Wallet, changes: dict[str, Any], error: str
) -> None:
    answer = wallet.register(**changes)
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"] == error
    assert answer.get_json()["error_description"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", BIG], ids=range(6))
def test_a_body_that_is_no_small_object_is_refused(wallet: Wallet, body: bytes) -> None:
    answer = wallet.client.post("/oauth/register", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}


def test_scopes_that_we_do_not_have_are_left_out(wallet: Wallet) -> None:
    asked = f"offline_access {ALL[0]} openid"
    assert wallet.register(scope=asked).get_json()["scope"] == ALL[0]


def test_what_we_do_not_know_of_is_passed_over(wallet: Wallet) -> None:
    answer = wallet.register(jwks_uri="https://wallet.example/keys", contacts=["a@b.example"])
    assert answer.status_code == 201
    assert "contacts" not in answer.get_json()


def test_many_registrations_are_slowed_down(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    answers = [wallet.register(redirect_uris=[]) for _ in range(21)]
    assert [each.status_code for each in answers[-2:]] == [400, 429]
    assert answers[-1].get_json()["error"] == "temporarily_unavailable"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_the_description_of_the_server_is_sound(wallet: Wallet) -> None:
    answer = wallet.client.get("/.well-known/oauth-authorization-server")
    told = answer.get_json()
    secure = json.loads(json.dumps(told).replace("http://127.0.0.1:8000", "https://b.example"))
    metadata = rfc8414.AuthorizationServerMetadata(secure)
    metadata.validate(metadata_classes=[rfc9207.AuthorizationServerMetadata])
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_ports_of_a_device_may_differ_and_nothing_else() -> None:
    known = ["http://127.0.0.1/back", "https://wallet.example/back", "com.example:/back"]
    for asked in (*known, "http://127.0.0.1:51004/back"):
        assert app_addresses.fits(known, asked), asked
    for asked in (
        "http://127.0.0.1:51004/other",
        "http://127.0.0.2:51004/back",
        "http://localhost:51004/back",
        "https://127.0.0.1/back",
        "https://wallet.example:444/back",
        "https://wallet.example/back/",
        "https://wallet.example/back?x",
        "http://127.0.0.1@evil.example/back",
        "http://[::1",
    ):
        assert not app_addresses.fits(known, asked), asked
