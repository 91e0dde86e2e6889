# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
import json

import pytest

from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, keyword_for
from openbadges.baking.contents import address_of
from openbadges.errors import BakingError


def jws(payload: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256'})}.{part(payload)}.c2ln"


@pytest.mark.parametrize(
    ("document", "keyword"),
    [
        pytest.param({"id": "urn:a", "type": "Assertion"}, KEYWORD, id="assertion"),
        pytest.param({"id": "urn:a", "type": ["Assertion", 7]}, KEYWORD, id="many-types"),
        pytest.param({"id": "urn:a"}, KEYWORD, id="no-type"),
        pytest.param({"id": "a", "type": "OpenBadgeCredential"}, CREDENTIAL_KEYWORD, id="one-type"),
        pytest.param(
            {"type": ["VerifiableCredential", "AchievementCredential"]},
            CREDENTIAL_KEYWORD,
            id="credential",
        ),
    ],
)
def test_the_type_tells_the_keyword(document: dict[str, object], keyword: str) -> None:
    assert keyword_for(json.dumps(document)) == keyword
    assert keyword_for(jws(document)) == keyword


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "neither a JWS nor", id="empty"),
        pytest.param("hello", "neither a JWS nor", id="word"),
        pytest.param("www.example.org", "neither a JWS nor", id="three-words"),
        pytest.param("[]", "neither a JWS nor", id="array"),
        pytest.param(jws([]), "neither a JWS nor", id="array-inside"),
        pytest.param("{}", "no id", id="nothing-inside"),
        pytest.param('{"id":7}', "no id", id="number-as-id"),
    ],
)
def test_what_is_no_badge_has_no_keyword(text: str, reason: str) -> None:
    with pytest.raises(BakingError, match=reason):
        keyword_for(text)


@pytest.mark.parametrize(
    ("document", "address"),
    [
        pytest.param({"id": "https://a.example/1"}, "https://a.example/1", id="2.0"),
        pytest.param(
            {"uid": "1", "verify": {"type": "hosted", "url": "https://a.example/2"}},
            "https://a.example/2",
            id="1.0",
        ),
    ],
)
def test_an_assertion_says_where_it_is_hosted(document: dict[str, object], address: str) -> None:
    assert address_of(document) == address


@pytest.mark.parametrize("document", [{}, {"verify": "https://a.example"}, {"id": ""}])
def test_an_assertion_without_an_address_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(BakingError, match="no id"):
        address_of(document)
