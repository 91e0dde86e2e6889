# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from issuer.adapters.backpacks.hosts import DISCOVERY, discover, origin
from issuer.adapters.backpacks.results import Kind
from issuer.errors import InvalidInputError
from openbadges.fetching import DocumentFetcher

HERE = "https://host.example"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("api.badgr.io", "https://api.badgr.io"),
        (" https://API.Badgr.io:443/v2/ ", "https://api.badgr.io"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
    ],
)
def test_an_address_that_was_typed_is_an_origin(typed: str, expected: str) -> None:
    assert origin(typed, allow_loopback=True) == expected


@pytest.mark.parametrize(
    "typed",
    ["", "a\0b", "a b", "ä.example", "https://user@example.org", "x" * 3000, "http://example.org"],
)
def test_anything_else_is_refused(typed: str) -> None:
    """Attacks A2: a NUL would break the question to the database."""
    with pytest.raises(InvalidInputError, match=r"^address "):
        origin(typed, allow_loopback=True)


def described(server: str) -> DocumentFetcher:
    """Return a host that describes itself so."""
    flow = {"tokenUrl": f"{HERE}/token", "authorizationUrl": f"{HERE}/authorize"}
    scheme = {
        "x-imssf-registrationUrl": f"{HERE}/register",
        "flows": {"authorizationCode": flow},
    }
    document = {
        "servers": [{"url": server}],
        "components": {"securitySchemes": {"OAuth2ACG": scheme}},
    }
    return DocumentFetcher({f"{HERE}{DISCOVERY}": {"json": document}})


@pytest.mark.parametrize(
    ("server", "api"),
    [
        ("https://host.example/api/ims/ob/v3p0/", "https://host.example/api/ims/ob/v3p0"),
        ("/api/ims/ob/v3p0", "https://host.example/api/ims/ob/v3p0"),
        ("https://example.org/ims/ob/v3p0", "https://host.example/ims/ob/v3p0"),
        ("//elsewhere.example/x", "https://host.example/ims/ob/v3p0"),
        ("https://[", "https://host.example/ims/ob/v3p0"),
        ("", "https://host.example/ims/ob/v3p0"),
    ],
)
def test_the_api_of_a_host_is_at_that_host(server: str, api: str) -> None:
    """Many a description still names the server of the specification's example."""
    found = discover(described(server), Kind.OB3, HERE, allow_loopback=False)
    assert found.api == api
