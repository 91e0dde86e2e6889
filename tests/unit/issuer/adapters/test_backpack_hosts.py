# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from issuer.adapters.backpacks.hosts import origin
from issuer.errors import InvalidInputError


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
