# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from issuer.errors import InvalidInputError
from issuer.services.checking import check_address, web_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org/a?b=c&d=%20#e", "https://example.org/a?b=c&d=%20#e"),
        ("HTTPS://Example.org/X", "https://example.org/X"),
        ("https://example.org/a|b{c}^`d", "https://example.org/a%7Cb%7Bc%7D%5E%60d"),
        ('https://example.org/a[1]?x="<y>"', "https://example.org/a%5B1%5D?x=%22%3Cy%3E%22"),
        ("https://example.org/100%/%zz", "https://example.org/100%25/%25zz"),
        ("https://example.org/a#b#c", "https://example.org/a#b%23c"),
        ("https://exämple.org/学", "https://xn--exmple-cua.org/%E5%AD%A6"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
    ],
)
def test_an_address_is_written_as_machines_write_it(text: str, address: str) -> None:
    """The reference validator refuses the badge that names the left one (RFC 3986)."""
    assert web_address(text) == address
    assert web_address(address) == address
    check_address("page", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "https://",
        "https://user@example.org/",
        "https://a..b/",
        "https://exa%41mple.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://[::1/",
        "https://example.org/a b",
        "https://example.org/a\u00a0b",
        "https://example.org/\u202eabc",
        "https://example.org\\@evil.example/",
        f"https://example.org/{'学' * 300}",
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert web_address(text, 2000) == ""
    with pytest.raises(InvalidInputError):
        check_address("page", text)
