# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.unit.issuer.web.conftest import HTML, Shown, read

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from issuer.site import Site


@pytest.mark.parametrize("address", ["/", "/badges", "/people/Asha", "/badges/tester-1", "/about"])
def test_an_unchanged_page_is_not_sent_again(
    client: FlaskClient, shown: Shown, address: str
) -> None:
    first = client.get(address, headers=HTML)
    again = client.get(address, headers={**HTML, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"].startswith("public")
    assert {"Accept", "Cookie"} <= set(first.headers["Vary"].split(", "))


def test_a_changed_page_is_sent(client: FlaskClient, site: Site, shown: Shown) -> None:
    first = client.get("/people/Asha", headers=HTML)
    with site.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE persons SET bio = 'new' WHERE key = 'asha'")
    again = client.get("/people/Asha", headers={**HTML, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_pages_of_who_is_signed_in_are_kept_by_no_shared_cache(
    app: Flask, client: FlaskClient
) -> None:
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], "x")
    assert client.get("/about", headers=HTML).headers["Cache-Control"] == "private, no-cache"


def test_static_files_are_kept_for_ever_under_their_content(client: FlaskClient) -> None:
    styles = [
        link["href"] for link in read(client, "/about").all("link") if link["rel"] == "stylesheet"
    ]
    assert len(styles) == 2
    for address in styles:
        assert re.search(r"\?v=[0-9a-f]{12}$", address)
        with client.get(address) as answer:
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("address", ["/static/site.css", "/static/site.css?v=000000000000"])
def test_static_files_under_other_addresses_are_asked_for_again(
    client: FlaskClient, address: str
) -> None:
    with client.get(address) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "nothing.css"])
def test_static_files_end_at_their_folder(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404
