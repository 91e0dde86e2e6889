# SPDX-License-Identifier: AGPL-3.0-or-later
"""The OpenAPI document says what the site does, no more and no less."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from issuer.access import PUBLIC, declared
from issuer.api.programs import OPERATIONS
from issuer.app import create_app
from tests import described
from tests.issuing import make_site
from tests.programs import API, Program, token_of
from tests.unit.issuer.api.conftest import settle
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

#: Addresses that describe the others.
ABOUT = {f"{API}/openapi.json", "/api/docs"}


def test_every_address_is_described_and_no_other(app: Flask) -> None:
    routed = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.rule not in ABOUT:
            path = re.sub(r"<(?:[^<>:]*:)?(\w+)>", r"{\1}", rule.rule)
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            routed |= {(method.lower(), path) for method in methods}
    paths = described.described()["paths"]
    assert {(method, path) for path, methods in paths.items() for method in methods} == routed


def test_the_document_is_sound() -> None:
    """Whatever is referred to is there, each schema is one, and each id is unique."""
    document = described.described()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    text = str({**document, "components": {name: schemas[name] for name in schemas}})
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(schemas)
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    for each in OPERATIONS:
        assert each.summary.endswith("."), each
        assert {401, 403, 429, 503} <= set(each.problems)


def test_each_address_answers_as_it_is_described(tmp_path: Path, database_url: str) -> None:
    """`Program` judges every answer; here is one that goes well for each address."""
    site = make_site(tmp_path, database_url)
    settle(site)
    dora = Program(create_app(site=site), token_of(site, "dora", now=datetime.now(UTC)))
    made = dora.post("/invitations", badge="first-steps", codes=1).get_json()
    given = dora.post("/awards", badge="first-steps", people=["boris"]).get_json()
    asked = [
        ("GET", "/me"),
        ("GET", "/badges"),
        ("GET", "/awards"),
        ("GET", "/invitations"),
        ("GET", "/invitations?state=open&badge=first-steps"),
        ("GET", f"/invitations/{made['id']}"),
        ("GET", f"/invitations/{made['id']}/sheet.pdf"),
        ("DELETE", f"/invitations/{made['id']}"),
        ("DELETE", f"/awards/{given['lines'][0]['award']}"),
    ]
    good = {"make_invitation", "give_awards"}
    for method, path in asked:
        answer = dora.ask(method, path)
        assert answer.status_code < 300, path
        good.add(described.check(method, f"{API}{path}", answer))
    answer = dora.ask("POST", "/verify", json={"source": given["lines"][0]["url"]})
    assert answer.status_code == 200
    good.add("verify_badge")
    paths = described.described()["paths"].values()
    assert good == {one["operationId"] for methods in paths for one in methods.values()}
    site.database.dispose()


def test_anybody_reads_it_as_a_document_and_as_a_page(app: Flask) -> None:
    assert all(
        declared(app, rule.endpoint) == PUBLIC
        for rule in app.url_map.iter_rules()
        if rule.rule in ABOUT
    )
    client = app.test_client()
    answer = client.get(f"{API}/openapi.json")
    assert answer.get_json() == described.described()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    html = client.get("/api/docs", headers={"Accept": "text/html"})
    assert "Set-Cookie" not in html.headers
    page = Page(html.text)
    for path, methods in described.described()["paths"].items():
        for method, one in methods.items():
            assert f"{method.upper()} {path}" in page.text
            assert one["summary"] in page.text
    ids = {item["id"] for kind in ("section", "h2") for item in page.all(kind) if "id" in item}
    assert {link[1:] for link in page.links() if link.startswith("#")} - ids <= {"main"}
