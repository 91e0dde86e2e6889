# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from issuer.web import texts

SAFE = {
    "Left **25** comments": "<p>Left <strong>25</strong> comments</p>\n",
    "# Loud": "<p><strong>Loud</strong></p>\n",
    "[a](https://a.example/)": (
        '<p><a href="https://a.example/" rel="nofollow noopener ugc">a</a></p>\n'
    ),
}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '<p onclick="alert(1)">x</p>',
    "link": "[x](javascript:alert(1))",
    "data-link": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "picture": "![x](https://evil.example/pixel.png)",
    "broken": '[x](https://a"onmouseover=alert(1))',
    "deep": ">" * 5000 + "x",
    "many": "[" * 5000,
}


@pytest.mark.parametrize("text", SAFE)
@pytest.mark.requirement("A14")
def test_markdown_becomes_plain_html(text: str) -> None:
    assert texts.markdown(text) == SAFE[text]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.requirement("A14")
def test_hostile_markdown_neither_runs_nor_loads(name: str) -> None:
    html = texts.markdown(HOSTILE[name])
    for danger in ("<script", "<p on", "<img", 'href="javascript', 'href="data', '" on'):
        assert danger not in html


@pytest.mark.parametrize(
    ("value", "usable"),
    [
        ("https://a.example/x?y#z", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("//a.example", False),
        ("https:///x", False),
        ("https://[", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(value: str | None, usable: bool) -> None:
    assert bool(texts.web_address(value)) is usable


def test_values_become_words() -> None:
    moment = datetime(2026, 11, 3, 23, 59, tzinfo=UTC)
    assert texts.day(moment) == "3 November 2026"
    assert texts.day(moment, short=True) == "3 Nov 2026"
    assert texts.number(1234567) == "1,234,567"
    assert (texts.counted(1, "badge"), texts.counted(2000, "badge")) == ("1 badge", "2,000 badges")
    assert texts.counted(0, "person", "people") == "0 people"
    assert texts.host("https://www.example.org/x") == "example.org"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Asha Raman", "AR"), ("mei-lin", "ML"), ("ada", "A"), ("Ž", "Ž"), ("(((", "?"), ("", "?")],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert texts.initials(name) == letters


def test_a_name_always_has_the_same_colour() -> None:
    assert texts.tone("asha") == texts.tone("asha")
    assert {texts.tone(f"p{n}") for n in range(99)} == set(range(texts.TONES))
