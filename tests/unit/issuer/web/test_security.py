# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Response, session
from itsdangerous import URLSafeTimedSerializer

from issuer.access import PUBLIC, needs
from issuer.app import create_app
from issuer.config import Settings
from tests.browsing import SEAL

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def _site(tmp_path: Path, base_url: str) -> Flask:
    app = create_app(Settings(home=tmp_path, base_url=base_url))

    def come() -> str:
        session["who"] = "asha"
        return "welcome"

    app.add_url_rule("/come", "come", needs(PUBLIC)(come))
    app.add_url_rule("/act", "act", needs(PUBLIC)(lambda: "done"), methods=["POST"])
    app.add_url_rule("/folder/", "folder", needs(PUBLIC)(lambda: "here"))
    app.add_url_rule("/deep/folder/", "deep", needs(PUBLIC)(lambda: "here"))
    return app


@pytest.fixture
def secure(tmp_path: Path) -> FlaskClient:
    return _site(tmp_path, "https://badges.example.org").test_client()


@pytest.fixture
def plain(tmp_path: Path) -> FlaskClient:
    return _site(tmp_path, "http://127.0.0.1:8000").test_client()


@pytest.mark.parametrize("path", ["/about", "/nothing", "/healthz/live", "/static/site.css"])
def test_every_answer_has_the_policy(plain: FlaskClient, path: str) -> None:
    with plain.get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_a_view_may_have_a_policy_of_its_own(tmp_path: Path) -> None:
    app = _site(tmp_path, "http://127.0.0.1:8000")
    own = {"Content-Security-Policy": "sandbox"}
    app.add_url_rule("/own", "own", needs(PUBLIC)(lambda: Response("x", headers=own)))
    assert app.test_client().get("/own").headers["Content-Security-Policy"] == "sandbox"


def test_cookies_fit_a_plain_loopback_site(plain: FlaskClient) -> None:
    cookie = plain.get("/come").headers["Set-Cookie"]
    assert cookie.startswith("session=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_cookies_of_a_public_site_need_tls(secure: FlaskClient) -> None:
    cookie = secure.get("/come", base_url="https://x").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_plain_requests_are_sent_to_the_public_address(secure: FlaskClient) -> None:
    answer = secure.get("/about?x=1", headers={"Host": "evil.example"})
    assert answer.status_code == 308
    assert answer.location == "https://badges.example.org/about?x=1"


def test_health_is_never_redirected_and_proxies_are_believed(secure: FlaskClient) -> None:
    assert secure.get("/healthz/live").status_code == 200
    answer = secure.get("/about", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_plain_site_redirects_nobody(plain: FlaskClient) -> None:
    answer = plain.get("/about")
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("path", ["/folder", "/deep//folder/", "/folder?next=//evil.example"])
def test_redirects_of_the_router_name_no_host(plain: FlaskClient, path: str) -> None:
    """Attacks W10."""
    answer = plain.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 308
    assert answer.location.startswith(("/folder/", "/deep/folder/"))


def test_a_form_without_its_token_is_refused(plain: FlaskClient) -> None:
    plain.get("/come")
    answer = plain.post("/act")
    assert answer.status_code == 400
    assert "CSRF" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("https://badges.example.org/come", 200),
        ("https://evil.example/come", 400),
        ("https://badges.example.org.evil.example/", 400),
        ("", 400),
    ],
)
def test_a_form_of_a_foreign_page_is_refused(secure: FlaskClient, page: str, status: int) -> None:
    """Attacks W2: even with a token that is right."""
    host = {"base_url": "https://badges.example.org"}
    with secure.session_transaction(**host) as kept:
        kept["csrf_token"] = SEAL
    key = secure.application.config["SECRET_KEY"]
    token = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(SEAL)
    headers = {"Referer": page} if page else {}
    answer = secure.post("/act", data={"csrf_token": token}, headers=headers, **host)
    assert answer.status_code == status
