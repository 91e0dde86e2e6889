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
@pytest.mark.parametrize("command", ["check", "migrate", "sync"])
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


OLD = (
    RULE.replace("First Steps", "Old").partition("recipient:")[0]
    + """\
criteria:
  datanommer: {filter: {}, operation: count, condition: {equal to: 1}}
recipient: "%(msg.user)s"   # who
"""
)


@pytest.fixture
def old(rules: Path) -> Path:
    path = rules / "old.yml"
    path.write_text(OLD, "utf-8")
    path.chmod(0o640)
    return path


def test_a_migration_is_shown_and_changes_nothing(call: Call, rules: Path, old: Path) -> None:
    outcome = call("rules", "migrate", rules)
    assert outcome.code == 0
    assert outcome.err == "to rewrite: 1, current: 1, left alone: 0\n"
    assert f"--- {old}\n+++ {old}\n" in outcome.out
    assert '-recipient: "%(msg.user)s"   # who\n' in outcome.out
    assert "+recipient: 'message.body[\"user\"]' # who\n" in outcome.out
    assert old.read_text("utf-8") == OLD


def test_a_check_names_the_files_to_rewrite(call: Call, rules: Path, old: Path) -> None:
    outcome = call("rules", "migrate", rules, "--check")
    assert (outcome.code, outcome.out) == (1, f"{old}\n")
    assert old.read_text("utf-8") == OLD
    old.unlink()
    assert call("rules", "migrate", rules, "--check").code == 0


def test_writing_replaces_the_file(call: Call, rules: Path, old: Path) -> None:
    link = rules / "link.yml"
    old.rename(rules / "target.yml")
    link.symlink_to("target.yml")
    outcome = call("rules", "migrate", link, "--write")
    assert (outcome.code, outcome.out) == (0, f"{link}\n")
    assert outcome.err == "rewritten: 1, current: 0, left alone: 0\n"
    assert link.is_symlink()
    assert "previous:" in link.read_text("utf-8")
    assert link.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in rules.glob(".*")) == []
    assert call("rules", "check", link).out.endswith("right: 1, problems: 0, notes: 1\n")


def test_a_rule_that_cannot_be_expressed_is_left_alone(call: Call, rules: Path, old: Path) -> None:
    other = rules / "other.yml"
    other.write_text(OLD.replace("%(msg.user)s", "%(username)s"), "utf-8")
    outcome = call("rules", "migrate", rules, "--write")
    assert outcome.code == 1
    place = f"{other}:{OLD[: OLD.index('recipient')].count(chr(10)) + 1}"
    assert outcome.err.splitlines() == [
        f"{place}:13: messages have no 'username' any more: write this part by hand",
        "rewritten: 1, current: 1, left alone: 1",
    ]
    assert "criteria:" in other.read_text("utf-8")
    assert "previous:" in old.read_text("utf-8")


def test_a_file_that_cannot_be_written_is_told(
    call: Call, rules: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("issuer.cli.rules.write_whole", refuse)
    outcome = call("rules", "migrate", rules, "--write")
    assert outcome.code == 2
    assert outcome.error == f"{old}: cannot be written: Permission denied"


def test_writing_and_checking_exclude_each_other(call: Call, rules: Path) -> None:
    outcome = call("rules", "migrate", rules, "--write", "--check")
    assert outcome.code == 2
    assert "exclude each other" in outcome.err
