# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.issuer.cli.conftest import RULE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


KNOWN = RULE.replace("wiki.edit", "wiki.article.edit")


def test_sound_rules_are_right(call: Call, rules: Path) -> None:
    (rules / "first.yml").write_text(KNOWN)
    outcome = call("rules", "check", rules)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "right: 1, problems: 0\n"
    assert call("rules", "check", rules, "--json").lines == [
        {"rules": 1, "problems": [], "warnings": []}
    ]


def test_warnings_fail_only_a_strict_check(call: Call, home: Path, rules: Path) -> None:
    (rules / "first.yml").write_text(KNOWN.replace("{topic: wiki.article.edit}", "{any: []}"))
    outcome = call("rules", "check", rules)
    assert outcome.code == 0
    assert outcome.out.startswith(f"{rules / 'first.yml'}:7:11: warning: the trigger never holds")
    assert outcome.out.endswith("right: 1, problems: 0, warnings: 1\n")
    assert call("rules", "check", "--strict", rules).code == 1
    assert call("rules", "check", "--strict", "--allow", "never", rules).code == 0
    (report,) = call("rules", "check", "--json", rules).lines
    kinds = [(found["kind"], found["severity"]) for found in report["warnings"]]
    assert kinds == [("never", "warning")]


def test_topics_of_the_archive_are_known(call: Call, site: Site, rules: Path) -> None:
    from issuer.models import Topic

    note = "no known topic ends with 'wiki.edit': compared with 30 topics of the bundled sample and"
    assert note in call("rules", "check", "--strict", rules).out
    with site.database.writing() as session:
        session.add(Topic(name="org.example.prod.wiki.edit", category="wiki"))
    assert call("rules", "check", rules).out == "right: 1, problems: 0\n"


def test_an_error_has_its_column_and_hint(call: Call, home: Path, rules: Path) -> None:
    (rules / "first.yml").write_text(
        KNOWN + "previous: {filter: {categories: [wiki]}, operation: count}\n"
    )
    (report,) = call("rules", "check", "--json", rules).lines
    (problem,) = report["problems"]
    assert (problem["line"], problem["column"], problem["severity"]) == (9, 34, "error")
    assert "quotes" in problem["hint"]


@pytest.mark.parametrize(
    "content",
    [b"\0\xff", b"", b"- a\n", b"a: [", b"trigger: 5\n", b"x" * (2 << 20), b"\xff\xfea\0"],
    ids=["binary", "empty", "list", "cut-off", "poor", "large", "utf-16"],
)
def test_a_broken_file_is_told_with_its_place(call: Call, rules: Path, content: bytes) -> None:
    (rules / "broken.yml").write_bytes(content)
    outcome = call("rules", "check", rules)
    assert (outcome.code, outcome.err) == (1, "")
    assert f"{rules / 'broken.yml'}:" in outcome.out
    as_json = call("rules", "check", rules, "--json")
    assert as_json.code == 1
    (report,) = as_json.lines
    assert report["rules"] == 1
    assert {problem["file"] for problem in report["problems"]} == {str(rules / "broken.yml")}


@pytest.mark.parametrize("name", ["absent", "empty"])
@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_folder_without_rules_is_told(
    call: Call, site: Site, tmp_path: Path, command: str, name: str, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "empty").mkdir()
    outcome = call("rules", command, tmp_path / name)
    assert outcome.code == 2
    assert name in outcome.error


def test_rules_are_loaded_into_the_site(call: Call, site: Site, rules: Path) -> None:
    (rules / "first.yml").write_text(RULE.replace("First Steps", "Second Steps"))
    outcome = call("rules", "sync", rules)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == "1 added, 0 changed, 0 retired, 0 unchanged, 0 refused"
    assert (
        call("rules", "sync", rules).out.splitlines()[-1]
        == "0 added, 0 changed, 0 retired, 1 unchanged, 0 refused"
    )
    (rules / "first.yml").write_text(RULE.replace("First Steps", "Second Steps") + "points: 5\n")
    assert (
        call("rules", "sync", rules).out.splitlines()[-1]
        == "0 added, 1 changed, 0 retired, 0 unchanged, 0 refused"
    )
    assert call("badges", "show", "second-steps", "--json").lines[0]["points"] == 5


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("absent.svg", "No such file"),
        ("../../secret.svg", "leaves the collection"),
        ("/etc/passwd", "leaves the collection"),
        ("text.svg", "neither PNG nor safe SVG"),
        (".", "Is a directory"),
    ],
)
def test_a_picture_that_cannot_be_taken_refuses_its_badge_alone(
    call: Call, site: Site, rules: Path, image: str, said: str
) -> None:
    (rules / "text.svg").write_text("no picture")
    (rules.parent.parent / "secret.svg").write_text("secret")
    (rules / "second.yml").write_text(RULE.replace("First", "Second").replace("red.svg", image))
    outcome = call("rules", "sync", rules)
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == "1 added, 0 changed, 0 retired, 0 unchanged, 1 refused"
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"{rules / 'second.yml'}:")
    assert said in line


def test_a_picture_in_an_unknown_encoding_refuses_its_badge_alone(
    call: Call, site: Site, rules: Path
) -> None:
    (rules / "odd.svg").write_text('<?xml version="1.0" encoding="klingon"?><svg/>')
    (rules / "second.yml").write_text(RULE.replace("First", "Second").replace("red.svg", "odd.svg"))
    outcome = call("rules", "sync", rules)
    assert outcome.out.splitlines()[-1] == "1 added, 0 changed, 0 retired, 0 unchanged, 1 refused"


def test_a_retired_badge_is_not_brought_back_by_a_rule_that_did_not_change(
    call: Call, site: Site, rules: Path, request: pytest.FixtureRequest
) -> None:
    from issuer.services import badges
    from tests.issuing import NOW

    call("rules", "sync", rules)
    with site.database.writing() as session:
        badges.find(session, "first-steps").retired_at = NOW
    call("rules", "sync", rules)
    assert call("badges", "show", "first-steps", "--json").lines[0]["retired"]
