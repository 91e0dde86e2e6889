# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.limits import limiter
from issuer.services import persons
from tests.browsing import ADMINS, Browser
from tests.issuing import NOW, make_badge, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

#: What costs us or others something, and how it is asked for.
LIMITED = (
    ("GET", "/login"),
    ("GET", "/login/callback"),
    ("GET", "/verify?url=x"),
    ("POST", "/verify"),
    ("POST", "/invitations/any"),
    ("POST", "/badges/first-steps/claim"),
    ("POST", "/claims/1/withdraw"),
    ("POST", "/settings/emails"),
    ("POST", "/settings/emails/1/link"),
    ("POST", "/admin/rules/of/first-steps/try"),
    ("POST", "/admin/rules/of/first-steps/explain"),
    ("POST", "/admin/rules/of/first-steps/lint"),
    ("POST", "/settings/tokens"),
)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    login = {"oidc_issuer": "https://id.example.org", "oidc_client_id": "accolades"}
    site = make_site(tmp_path, "", **login)
    with site.database.writing() as session:
        make_badge(session, site)
        persons.ensure(session, "asha", now=NOW)
    return create_app(site=site)


def test_whoever_asks_too_often_is_told_when_to_come_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attacks A6: a page for browsers, for programs a problem document or a sentence."""
    monkeypatch.setattr(limiter.limiter, "hit", lambda *_, **__: False)
    browser = Browser(app, "asha", ADMINS)
    for method, address in LIMITED:
        answer = browser.get(address) if method == "GET" else browser.post(address)
        assert answer.status_code == 429, address
        assert "Try again in" in answer.text, address
        assert "Retry-After" in answer.headers, address
    plain = browser.client.get("/login").get_json()["error"]
    assert plain.startswith("too many requests (40 per 1 minute): try again in ")
    problem = browser.client.post("/api/v1/verify", json={})
    assert (problem.status_code, problem.mimetype) == (429, "application/problem+json")
    assert "try again in" in problem.get_json()["detail"]
    problem = browser.client.get("/api/v1/me")
    assert (problem.status_code, problem.mimetype) == (429, "application/problem+json")
