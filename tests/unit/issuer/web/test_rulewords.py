# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import date

import pytest

from issuer.charts import HEIGHT, MOST_BARS, WIDTH, chart
from issuer.paths import bundled_rules
from issuer.web.rulewords import in_words

TODAY = date(2026, 11, 21)


def test_every_rule_of_the_collection_can_be_said_in_words() -> None:
    for path in sorted(bundled_rules().glob("*.yml")):
        words = in_words(path.read_text("utf-8"))
        assert words is not None, path.name
        assert words.topics or words.categories, path.name
        assert words.number >= 1, path.name


def test_words_tell_kind_test_and_number() -> None:
    words = in_words((bundled_rules() / "update-tester-3.yml").read_text("utf-8"))
    assert words is not None
    assert words.topics == ("bodhi.update.comment",)
    assert words.tests == ('message.body["comment"]["karma"] != 0',)
    assert (words.number, words.is_special) == (10, False)


@pytest.mark.parametrize("text", ["", "name: [", "name: x"])
def test_what_is_no_rule_has_no_words(text: str) -> None:
    assert in_words(text) is None


@pytest.mark.parametrize(
    ("numbers", "bars", "months"),
    [
        ([(date(2026, 11, 1), 3)], 6, 1),
        ([(date(2025, 1, 1), 1), (date(2026, 3, 1), 4)], 23, 1),
        ([(date(2022, 1, 1), 1), (date(2026, 3, 1), 4)], 20, 3),
        ([(date(2001, 5, 1), 1), (date(2026, 3, 1), 4)], 24, 12),
    ],
)
def test_bars_fit_in_however_long_the_time(
    numbers: list[tuple[date, int]], bars: int, months: int
) -> None:
    found = chart(numbers, TODAY)
    assert found is not None
    assert (len(found.bars), found.months) == (bars, months)
    assert bars <= MOST_BARS
    assert found.most.number == max(number for _, number in numbers)
    assert found.most.height == HEIGHT
    for bar in found.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert bar.y + bar.height == pytest.approx(HEIGHT)


def test_without_an_award_there_is_no_chart() -> None:
    assert chart([], TODAY) is None


def test_a_number_is_told_only_where_messages_are_counted() -> None:
    words = in_words((bundled_rules() / "profile-complete.yml").read_text("utf-8"))
    assert words is not None
    assert words.is_special  # it counts different fields, in however many messages
