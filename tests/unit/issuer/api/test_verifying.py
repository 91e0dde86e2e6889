# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import gzip
import io
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from limits.errors import StorageError

from issuer.app import create_app
from issuer.limits import limiter
from issuer.services import verifying
from tests.filled import fill
from tests.issuing import BASE_URL, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from issuer.site import Site

ADDRESS = "/api/v1/verify"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no name be looked up, and no request of another test count."""
    made = verifying.GuardedFetcher

    def make(**options: Any) -> verifying.GuardedFetcher:
        return made(**options, resolve=lambda *_, **__: [])

    monkeypatch.setattr(verifying, "GuardedFetcher", make)
    yield
    limiter.reset()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    app = create_app(site=site)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    limiter.reset()
    return app.test_client()


@pytest.fixture
def address(site: Site) -> str:
    return fill(site, _give)


def _give(site: Site) -> str:
    with site.database.writing() as session:
        return give(session, make_badge(session, site), "asha").award.assertions[0].document_id


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """Return the problem details of an answer, which are as RFC 9457 wants them."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    found: dict[str, Any] = answer.get_json()
    assert found["status"] == status
    assert found["type"] == "about:blank"
    assert found["title"]
    assert found["detail"].isprintable()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    return found


def test_the_report_is_answered_whatever_the_verdict(client: FlaskClient, address: str) -> None:
    for recipient, valid in (("asha@example.org", True), ("x@example.org", False)):
        answer = client.post(ADDRESS, json={"source": address, "recipients": [recipient]})
        assert answer.status_code == 200
        report = answer.get_json()
        assert report["valid"] is valid
        assert len(report["checks"]) == 14
        assert {"verdict", "sentence", "documents", "subject", "verified_at"} <= report.keys()
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("end", "media_type"),
    [
        (".jws", "application/jose"),
        (".json", "application/ld+json"),
        (".json", "application/json"),
        (".json", "text/plain; charset=utf-8"),
        ("/image", "image/png"),
        ("/image.svg", "image/svg+xml"),
    ],
)
def test_a_badge_may_be_sent_as_it_is(
    client: FlaskClient, address: str, end: str, media_type: str
) -> None:
    badge = client.get(address.removeprefix(BASE_URL) + end).data
    answer = client.post(ADDRESS, data=badge, content_type=media_type)
    assert answer.get_json()["valid"] is True


@pytest.mark.parametrize("end", [".jws", ".json", "/image", "/image.svg"])
def test_a_file_may_be_sent_as_forms_do(client: FlaskClient, address: str, end: str) -> None:
    badge = client.get(address.removeprefix(BASE_URL) + end).data
    for recipient, valid in (("asha@example.org", True), ("x@example.org", False)):
        fields = {"file": (io.BytesIO(badge), "x"), "recipient": ["y@example.org", recipient]}
        assert client.post(ADDRESS, data=fields).get_json()["valid"] is valid


def test_an_address_may_be_sent_as_forms_do(client: FlaskClient, address: str) -> None:
    for options in ({}, {"content_type": "multipart/form-data"}):
        answer = client.post(ADDRESS, data={"source": address}, **options)
        assert answer.get_json()["valid"] is True


def test_a_document_may_be_the_source(client: FlaskClient, address: str) -> None:
    document = client.get(address.removeprefix(BASE_URL) + ".json").get_json(force=True)
    assert client.post(ADDRESS, json={"source": document}).get_json()["valid"] is True
    assert client.post(ADDRESS, json={"source": {"a": 1}}).get_json()["verdict"] == "not a badge"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "source"),
        ({"source": ""}, "source"),
        ({"source": 5}, "source"),
        ({"source": None}, "source"),
        ({"source": ["x"]}, "source"),
        ({"source": "x", "colour": "red"}, "colour"),
        ({"source": "x", "\x1b[31m": 1}, "\\x1b[31m"),
        ({"source": "x", "recipients": "a@example.org"}, "recipients"),
        ({"source": "x", "recipients": [5]}, "recipients.0"),
        ({"source": "x", "recipients": [""]}, "recipients.0"),
        ({"source": "x", "recipients": ["x" * 501]}, "recipients.0"),
        ({"source": "x", "recipients": ["x"] * 21}, "recipients"),
        ([], "body"),
        ("x", "body"),
        (5, "body"),
        (None, "body"),
    ],
    ids=str,
)
def test_a2_what_is_not_as_described_is_422(client: FlaskClient, body: object, where: str) -> None:
    answer = client.post(ADDRESS, data=json.dumps(body), content_type="application/json")
    found = problem(answer, 422)
    assert [mistake["where"] for mistake in found["errors"]] == [where]
    assert where in found["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"source": "x", "source": "y"}',
        b'{"source": NaN}',
        b'{"source": 1e999}',
        b'{"source": "a\\u0000b"}',
        b'{"source": "\\ud800"}',
        b'{"source": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"source": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "cut", "bytes", "twice", "nan", "infinite", "nul", "surrogate", "deep", "digits"],
)
def test_a2_what_cannot_be_read_is_400(client: FlaskClient, body: bytes) -> None:
    problem(client.post(ADDRESS, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize(
    "media_type", ["application/json", "image/png", "text/plain", "multipart/form-data; boundary=x"]
)
def test_a2_a_body_of_10_mb_is_413(client: FlaskClient, media_type: str) -> None:
    body = b"x" * 10_000_000
    problem(client.post(ADDRESS, data=body, content_type=media_type), 413)


def test_a2_json_is_smaller_than_pictures(client: FlaskClient) -> None:
    body = json.dumps({"source": "x" * 1_100_000}).encode()
    problem(client.post(ADDRESS, data=body, content_type="application/json"), 413)


@pytest.mark.parametrize(
    "media_type", ["", "image/jpeg", "application/xml", "nonsense", "text/html"]
)
def test_other_kinds_of_bodies_are_415(client: FlaskClient, media_type: str) -> None:
    found = problem(client.post(ADDRESS, data=b"x", content_type=media_type), 415)
    assert "application/json" in found["detail"]


def test_a_compressed_body_is_415(client: FlaskClient) -> None:
    body = gzip.compress(b'{"source": "x"}')
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    problem(client.post(ADDRESS, data=body, headers=headers), 415)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"recipient": "a@example.org"},
        {"source": ""},
        {"source": ["x", "y"]},
        {"source": "x", "file": (io.BytesIO(b"x"), "x.png")},
        {"file": [(io.BytesIO(b"x"), "x.png"), (io.BytesIO(b"y"), "y.png")]},
        {"picture": (io.BytesIO(b"x"), "x.png")},
        {"source": "x", "colour": "red"},
        {"source": "x", "recipient": [""]},
        {"source": "x", "recipient": ["a"] * 21},
    ],
    ids=[
        "nothing",
        "no-badge",
        "empty",
        "two-texts",
        "both",
        "two-files",
        "other-file",
        "other-field",
        "empty-recipient",
        "many-recipients",
    ],
)
def test_a2_a_form_that_is_not_as_described_is_422(
    client: FlaskClient, fields: dict[str, Any]
) -> None:
    problem(client.post(ADDRESS, data=fields, content_type="multipart/form-data"), 422)


@pytest.mark.parametrize("seed", range(40))
def test_a2_no_body_is_our_mistake(client: FlaskClient, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (the same bodies each time)
    kinds = ["application/json", "application/jose", "image/png", "image/svg+xml", "text/plain"]
    starts = [
        b"",
        b'{"source":"',
        b"\x89PNG\r\n\x1a\n",
        b"<svg ",
        b"eyJ",
        b'[{"@type":',
        b"http://",
    ]
    body = chance.choice(starts) + chance.randbytes(chance.randrange(200))
    answer = client.post(ADDRESS, data=body, content_type=chance.choice(kinds))
    assert answer.status_code in {200, 400, 422}
    limiter.reset()


def test_a6_whoever_asks_too_often_is_told_when_to_come_back(client: FlaskClient) -> None:
    for _ in range(15):  # the page and the interface count together
        assert client.post("/verify", data={"text": "x"}).status_code == 200
        assert client.post(ADDRESS, json={}).status_code == 422
    found = problem(client.post(ADDRESS, json={"source": "x"}), 429)
    assert "30" in found["detail"]
    answer = client.post(ADDRESS, json={"source": "x"})
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert client.options(ADDRESS).status_code == 200
    other = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.post(ADDRESS, json={"source": "x"}, environ_base=other).status_code == 200


def test_a6_a_limiter_that_is_away_lets_everybody_in(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> bool:
        raise StorageError(ConnectionError("away"))

    monkeypatch.setattr(limiter.limiter, "hit", away)
    assert client.post(ADDRESS, json={"source": "x"}).status_code == 200


def test_pages_of_other_sites_may_ask(client: FlaskClient) -> None:
    headers = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.options(ADDRESS, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers
    posted = client.post(ADDRESS, json={"source": "x"}, headers=headers)
    assert posted.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_problems_too(client: FlaskClient, method: str) -> None:
    answer = getattr(client, method)(ADDRESS, headers={"Accept": "text/html"})
    assert answer.status_code == 405
    assert answer.mimetype == "application/problem+json"
    assert "POST" in answer.headers["Allow"]


def test_an_address_that_is_none_is_a_problem_too(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_database_that_is_away_is_a_problem_too(
    client: FlaskClient, site: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def away() -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(type(site.database), "reading", lambda _: away())
    answer = client.post(ADDRESS, json={"source": address})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
