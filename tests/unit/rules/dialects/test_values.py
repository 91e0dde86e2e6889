# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta

import pytest

from rules.dialects.values import badge_id, slug_of, span, tags
from rules.documents import read_document


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mirror, Mirror on the Wall", "mirror,-mirror-on-the-wall"),
        ("If you build it... (Koji Success I)", "if-you-build-it...-koji-success-i"),
        ("""Let's "do" lunch! *&?""", "lets-do-lunch!-"),
        ("All your $arch: yes", "all-your-$arch:-yes"),
    ],
)
def test_badge_ids_are_those_of_fedbadges(name: str, expected: str) -> None:
    assert badge_id(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mirror, Mirror on the Wall", "mirror-mirror-on-the-wall"),
        ("If you build it... (Koji Success I)", "if-you-build-it-koji-success-i"),
        ("Let's do lunch!", "lets-do-lunch"),
        ("Café für Ünal", "cafe-fur-unal"),
        ("C++", "c"),
        ("???", ""),
        ("日本", ""),
        ("a" * 150, "a" * 100),
    ],
)
def test_slugs_are_clean(name: str, expected: str) -> None:
    assert slug_of(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", timedelta(days=30)),
        ("30 days", timedelta(days=30)),
        ("1 week", timedelta(weeks=1)),
        ("2years", timedelta(days=730)),
        ("36 hours", timedelta(hours=36)),
    ],
)
def test_spans_of_time(text: str, expected: timedelta) -> None:
    assert span(read_document(text), "expires_after") == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("[a, b, a]", ("a", "b")), ("'a, b,,'", ("a", "b")), ("''", ())]
)
def test_tags(text: str, expected: tuple[str, ...]) -> None:
    assert tags(read_document(text), "tags") == expected
