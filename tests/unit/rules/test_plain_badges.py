# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from issuer.config import Settings
from rules.engine import RuleSet
from rules.loader import load
from rules.plain_badges import load_badges
from tests.shared import CHECKOUT
from tests.unit.rules.builders import message

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = CHECKOUT / "rules" / "badges"


def test_each_file_is_a_badge_that_nothing_triggers() -> None:
    loaded = load_badges([FOLDER])
    assert loaded.problems == ()
    assert [badge.slug for badge in loaded.rules] == sorted(path.stem for path in FOLDER.iterdir())
    assert list(RuleSet(loaded.rules).triggered(message())) == []
    others = load([FOLDER.parent / "catalog"]).rules
    names = Counter(badge.name for badge in (*loaded.rules, *others))
    assert max(names.values()) == 1
    levels = defaultdict(list)
    for badge in loaded.rules:
        assert badge.image_url == f"../artwork/{badge.slug}.svg"
        if badge.series is not None:
            levels[badge.series.slug].append(badge.series.level)
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in levels.values())


def test_the_settings_name_badges_of_the_collection() -> None:
    slugs = {badge.slug for badge in load_badges([FOLDER]).rules}
    settings = Settings()
    tables = ("lifecycle_badges", "group_badges", "anniversary_badges", "streak_badges")
    named = [badge for table in tables for badge in getattr(settings, table).values()]
    named += [settings.mirror_badge, settings.avatar_badge, settings.author_badge]
    assert {*named, settings.series_badge} == slugs - {"old-school"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "the file is no badge"),
        ("name: x", "the key 'image_url' is missing"),
        ("trigger: {topic: a}", "unknown key 'trigger'"),
        ("name: [", "not YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "wrong.yml").write_text(text)
    loaded = load_badges([tmp_path])
    assert loaded.rules == ()
    assert any(reason in problem.message for problem in loaded.problems)
