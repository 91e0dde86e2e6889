# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the site tells of its API, to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.adapters.backpacks import hosts
from issuer.adapters.backpacks.results import Kind
from issuer.app import create_app
from issuer.config import Settings
from openbadges.fetching import DocumentFetcher

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

BASE = "http://127.0.0.1:8000"
PATH = "/ims/ob/v3p0/discovery"


def test_all_that_the_standard_asks_for_is_told(app: Flask) -> None:
    answer = app.test_client().get(PATH)
    told = answer.get_json()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert told["openapi"].startswith("3.0.")
    info = told["info"]
    assert set(info) >= {"title", "version", "termsOfService", "x-imssf-privacyPolicyUrl"}
    scheme = told["components"]["securitySchemes"]["OAuth2ACG"]
    flow = scheme["flows"]["authorizationCode"]
    pages = [info[name] for name in ("termsOfService", "x-imssf-privacyPolicyUrl", "x-imssf-image")]
    client = app.test_client()
    for address in pages:
        assert client.get(address).status_code == 200, address
    posted = [scheme["x-imssf-registrationUrl"], flow["tokenUrl"], flow["refreshUrl"]]
    for address in posted:
        assert client.post(address).status_code == 400, address
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            answer = client.open(f"/ims/ob/v3p0{path}", method=method)
            assert answer.status_code == 401, (method, path)
            (needs,) = operation["security"][0]["OAuth2ACG"]
            assert needs in flow["scopes"]


def test_our_own_client_understands_it(app: Flask) -> None:
    text = app.test_client().get(PATH).text
    fetcher = DocumentFetcher({BASE + PATH: {"text": text}})
    host = hosts.discover(fetcher, Kind.OB3, BASE, allow_loopback=True)
    assert (host.api, host.name) == (f"{BASE}/ims/ob/v3p0", "Accolades")
    assert set(host.scopes) == set(hosts.WANTED[Kind.OB3])


def test_a_site_where_nobody_can_sign_in_has_none(tmp_path: Path) -> None:
    client = create_app(Settings(home=tmp_path)).test_client()
    for path in (PATH, "/.well-known/oauth-authorization-server", "/oauth/authorize"):
        assert client.get(path).status_code == 404
