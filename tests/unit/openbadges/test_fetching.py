# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from openbadges.errors import FetchError
from openbadges.fetching import DocumentFetcher

URL = "https://badges.example.org/a"


def fetcher(**document: Any) -> DocumentFetcher:
    return DocumentFetcher({URL: document})


@pytest.mark.parametrize(
    ("document", "status", "content_type", "body"),
    [
        pytest.param(
            {"json": {"a": "é"}}, 200, "application/ld+json", b'{"a": "\\u00e9"}', id="json"
        ),
        pytest.param({"text": "é", "status": 404}, 404, "", "é".encode(), id="text"),
        pytest.param(
            {"base64": "AAE=", "content_type": "image/png"}, 200, "image/png", b"\0\1", id="base64"
        ),
        pytest.param(
            {"status": 410, "headers": {"Content-Type": "text/plain"}},
            410,
            "text/plain",
            b"",
            id="headers",
        ),
    ],
)
def test_a_recorded_answer_is_given(
    document: dict[str, Any], status: int, content_type: str, body: bytes
) -> None:
    response = fetcher(**document).fetch(URL + "#fragment")
    assert (response.status, response.content_type, response.body) == (status, content_type, body)
    assert (response.final_url, response.redirects) == (URL, ())


def test_redirects_are_followed() -> None:
    documents: dict[str, dict[str, Any]] = {
        URL: {"status": 302, "location": "/b"},
        "https://badges.example.org/b": {"status": 308, "headers": {"Location": "c"}},
        "https://badges.example.org/c": {"text": "there"},
    }
    response = DocumentFetcher(documents).fetch(URL)
    assert (response.final_url, response.body) == ("https://badges.example.org/c", b"there")
    assert response.redirects == (URL, "https://badges.example.org/b")


def test_a_redirect_to_nowhere_is_an_answer() -> None:
    assert fetcher(status=302).fetch(URL).status == 302


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param({"error": "connection refused"}, "connection refused", id="error"),
        pytest.param({"status": 301, "location": URL}, "redirects more than 5", id="loop"),
        pytest.param({"status": 301, "location": "/x"}, "no document", id="redirect-to-nothing"),
        pytest.param({"status": 301, "location": "http://[x"}, "no address", id="no-address"),
        pytest.param({"base64": "?"}, "cannot be read", id="bad-base64"),
    ],
)
def test_what_cannot_be_fetched_is_an_error(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        fetcher(**document).fetch(URL)
