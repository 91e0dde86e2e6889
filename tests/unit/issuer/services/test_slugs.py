# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from issuer.services.slugs import slug_of
from rules.dialects import values


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Straße", "strasse"),
        ("Ёлка", "elka"),
        ("北京奖章", "beijingjiangzhang"),
        ("हिन्दी बैज", "hindi-baij"),
        ("سلام", "slm"),
        ("Test 北京", "test-beijing"),
    ],
)
def test_a_name_in_any_script_has_a_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    "name", ["Naïve café", "C++", "Don't Panic", "Gold 🏅", "", "!!!", "x" * 300, "Ünï", "½ way"]
)
def test_a_name_in_latin_has_the_slug_that_a_rule_file_gives_it(name: str) -> None:
    assert slug_of(name) == values.slug_of(name)
