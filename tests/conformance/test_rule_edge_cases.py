# SPDX-License-Identifier: AGPL-3.0-or-later
"""The engine against what fedbadges was measured to do at the edges of its rule languages.

Version 2.3.0 speaks the current one, 1.0.3 that of 2014. Ours decides alike but for the cases of
`differences`, each of which names a defect of fedbadges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rules.loader import load
from rules.migrating import migrate
from tests.conformance.differences import CURRENT, OF_2014, Cases
from tests.conformance.edge_cases import Outcome, cases, run
from tests.shared import shared_path

if TYPE_CHECKING:
    from rules.errors import DefinitionError

DIALECTS = pytest.mark.parametrize(
    ("dialect", "different"), [("v1", OF_2014), ("v2", CURRENT)], ids=["of-2014", "current"]
)


#: Lists of people under a word for one: migrated rules take them for what the word says.
NAMED = frozenset(
    {
        "recipient list of dicts with name",
        "recipient list of dicts, a null name",
        "recipient mixed list",
    }
)


@DIALECTS
def test_every_edge_case_is_decided_alike_or_differs_for_a_named_defect(
    dialect: str, different: Cases
) -> None:
    unexpected = []
    for name, case in cases(dialect).items():
        ours = run(case)
        if name in different:
            defect, expected = different[name]
            problem = expected if isinstance(expected, str) else ""
            known = problem in ours.problem if problem else ours.awards == expected
            if not known:
                unexpected.append(f"{name} ({defect.title}): {ours}")
        elif not is_alike(ours, case):
            unexpected.append(f"{name}: {ours}, fedbadges {case['load']} {case['results']}")
    assert unexpected == []


def is_alike(ours: Outcome, case: dict[str, Any]) -> bool:
    """Whether ours refuses or loads a rule as fedbadges does, awards as it does, and fails alike.

    What 1.0.3 reported counts for nothing: it kept silent about errors inside of triggers, and
    called a message that lacks a key an error.
    """
    if ours.problem or case["load"] is not None:
        return bool(ours.problem) and case["load"] is not None
    alike = ours.awards == [result["awards"] for result in case["results"]]
    if case["dialect"] == "v1":
        return alike
    failures = [bool(result["errors"]) for result in case["results"]]
    return alike and [bool(errors) for errors in ours.errors] == failures


@DIALECTS
def test_every_difference_is_one_that_was_measured(dialect: str, different: Cases) -> None:
    assert set(different) <= set(cases(dialect))


def test_a_migrated_case_is_decided_as_its_original() -> None:
    checked = 0
    for name, case in cases("v1").items():
        problems: list[DefinitionError] = []

        def migrated(text: str, problems: list[DefinitionError] = problems) -> str:
            found = migrate(text)
            problems.extend(found.problems)
            return found.text

        ours = run(case, migrated)
        if problems or name in NAMED:
            continue
        assert (name, people(ours)) == (name, people(run(case)))
        checked += 1
    assert checked >= 25


def people(outcome: Outcome) -> list[list[str]]:
    """Return who gets the badge: names are those of people without regard to case."""
    return [[name.lower() for name in names] for names in outcome.awards]


@DIALECTS
def test_the_168_rules_load_without_a_problem(dialect: str, different: Cases) -> None:
    loaded = load([shared_path(f"data/rules/rules-{dialect}")])
    assert loaded.problems == ()
    assert len(loaded.rules) == 168


def test_the_168_rules_of_2014_can_all_be_migrated() -> None:
    paths = sorted(shared_path("data/rules/rules-v1").glob("*.yml"))
    found = [migrate(path.read_text("utf-8")) for path in paths]
    assert [problem for one in found for problem in one.problems] == []
    assert sum(one.changed for one in found) == 168
