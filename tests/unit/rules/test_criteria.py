# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rules.errors import EvaluationError
from tests.unit.rules.builders import message, rule

if TYPE_CHECKING:
    from rules.queries import Query


class Archive:
    """An archive that counts by the topic of a question, and notes each question."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, query: Query) -> int:
        (topic,) = query.topics or ("",)
        self.asked.append(topic)
        return int(topic)

    def rows(self, query: Query) -> list[Any]:
        return [None] * self.count(query)


def count(number: int, at_least: int = 1) -> dict[str, Any]:
    """Return a question whose answer is ``number``."""
    condition = {"greater than or equal to": at_least}
    return {
        "datanommer": {
            "filter": {"topics": [str(number)]},
            "operation": "count",
            "condition": condition,
        }
    }


TRUE, FALSE = count(1), count(0)
MISSING = {
    "datanommer": {
        "filter": {"users": ["%(msg.nope)s"]},
        "operation": "count",
        "condition": {"less than": 5},
    }
}
BROKEN = {
    "datanommer": {
        "filter": {"topics": ["5"]},
        "operation": {"lambda": "query[9]"},
        "condition": {"less than": 5},
    }
}


def decided(criteria: dict[str, Any], archive: Archive | None = None) -> bool:
    found = rule(criteria=criteria).criteria
    assert found is not None
    return found(message(), archive or Archive())


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"any": [FALSE, TRUE]}, True),
        ({"any": [FALSE, FALSE]}, False),
        ({"any": []}, False),
        ({"all": [TRUE, TRUE]}, True),
        ({"all": [TRUE, FALSE]}, False),
        ({"all": []}, False),
        ({"not": TRUE}, False),
        ({"not": {"not": TRUE}}, True),
        ({"all": [{"not": FALSE}, {"any": [FALSE, TRUE]}]}, True),
        ({"any": [MISSING, TRUE]}, True),
        ({"any": [MISSING, FALSE]}, False),
        ({"not": MISSING}, True),
        ({"any": [BROKEN, TRUE]}, True),
        ({"all": [BROKEN, FALSE]}, False),
    ],
)
def test_criteria_are_a_tree(criteria: dict[str, Any], expected: bool) -> None:
    assert decided(criteria) is expected


@pytest.mark.parametrize(
    "criteria",
    [{"any": [BROKEN, FALSE]}, {"all": [TRUE, BROKEN]}, {"not": BROKEN}],
    ids=["any", "all", "not"],
)
def test_a_broken_part_breaks_the_tree_where_the_others_do_not_decide(
    criteria: dict[str, Any],
) -> None:
    with pytest.raises(EvaluationError, match="IndexError"):
        decided(criteria)


def test_no_more_is_asked_than_needed() -> None:
    archive = Archive()
    assert decided({"any": [count(3), count(4)]}, archive)
    assert not decided({"all": [count(0), count(5)]}, archive)
    assert archive.asked == ["3", "0"]
