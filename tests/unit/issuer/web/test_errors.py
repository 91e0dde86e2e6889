# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import abort, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import TooManyRequests

from issuer import errors
from issuer.access import PUBLIC, needs
from tests.unit.issuer.web.conftest import HTML
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

CAUSES: dict[str, tuple[Exception, int, str]] = {
    "not-found": (errors.NotFoundError("badge 'x': there is none"), 404, "there is none"),
    "gone": (errors.GoneError("person 'x': was removed"), 410, "was removed"),
    "conflict": (errors.ConflictError("badge 'x': is retired"), 409, "is retired"),
    "opted-out": (errors.OptedOutError("person 'x': wants no badges"), 409, "wants no badges"),
    "invalid": (errors.InvalidInputError("<b>x</b>: no"), 400, "<b>x</b>: no"),
    "database": (errors.DatabaseNotReadyError("password=secret"), 503, "cannot be reached"),
    "key": (errors.KeyUnavailableError("/srv/secret.pem"), 503, "cannot be reached"),
    "driver": (OperationalError("SELECT secret", {}, Exception()), 503, "cannot be reached"),
    "other": (errors.AccoladesError("secret"), 500, "broke on our side"),
    "bug": (ZeroDivisionError("secret"), 500, ""),
    "slow-down": (TooManyRequests(retry_after=7), 429, ""),
}


@pytest.fixture
def app(app: Flask) -> Flask:
    def fail(name: str) -> str:
        raise CAUSES[name][0]

    app.add_url_rule("/fail/<name>", "fail", needs(PUBLIC)(fail))
    app.add_url_rule("/forbidden", "forbidden", needs(PUBLIC)(lambda: abort(403)))
    return app


@pytest.mark.parametrize("name", CAUSES)
def test_programs_get_json(client: FlaskClient, name: str) -> None:
    _, status, text = CAUSES[name]
    answer = client.get(f"/fail/{name}")
    assert answer.status_code == status
    assert answer.is_json
    assert list(answer.get_json()) == ["error"]
    assert text in answer.get_json()["error"]
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", CAUSES)
def test_browsers_get_a_page_with_navigation(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/fail/{name}", headers=HTML)
    assert answer.status_code == CAUSES[name][1]
    page = Page(answer.text)
    assert f"Error {answer.status_code}" in page.text
    assert {"/", "/explore"} <= set(page.links())
    assert "<b>x" not in answer.text
    assert "secret" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize(("accept", "html"), [("*/*", False), ("", False), ("text/*", True)])
def test_who_names_html_gets_html(client: FlaskClient, accept: str, html: bool) -> None:
    answer = client.get("/nothing", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype == "text/html") == (404, html)


def test_headers_of_protocol_errors_are_kept(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    assert "GET" in client.options("/about").headers["Allow"]
    wrong = client.put("/fail/bug")
    assert (wrong.status_code, "GET" in wrong.headers["Allow"]) == (405, True)
    assert client.get("/fail/slow-down").headers["Retry-After"] == "7"
    assert "try again in 7 seconds" in client.get("/fail/slow-down").get_json()["error"]
    assert "Try again in 7 seconds." in client.get("/fail/slow-down", headers=HTML).text
    assert client.get("/fail/database").headers["Retry-After"] == "10"
    assert client.get("/forbidden", headers=HTML).status_code == 403


def test_what_is_too_large_is_refused(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule("/take", "take", needs(PUBLIC)(lambda: request.get_data()), methods=["POST"])
    answer = client.post("/take", data=b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1))
    assert answer.status_code == 413
    assert answer.is_json
