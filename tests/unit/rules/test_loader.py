# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from rules.errors import DefinitionError, ExpressionError
from rules.loader import compile_text, load, parse
from tests.unit.rules.builders import rule_text

if TYPE_CHECKING:
    from pathlib import Path

RULE = """\
name: "Test Badge"
image_url: ../artwork/test.svg
description: A badge
creator: tester
discussion: https://example.org/
issuer_id: tests
trigger:
  topic: test.thing
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_rules_are_found_below_folders_in_their_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        b_yml=rule_text(name="B"),
        a_yaml=rule_text(name="A"),
        sub__c_yml=rule_text(name="C"),
        README="no rule",
        x_yml_disabled="no rule",
        _git__d_yml="no rule",
        _hidden_yml="no rule",
    )
    (tmp_path / "folder.yml").mkdir()
    loaded = load([tmp_path])
    assert [rule.name for rule in loaded.rules] == ["A", "B", "C"]
    assert loaded.problems == ()


def test_one_file_can_be_given_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, rule_txt=RULE)
    loaded = load([tmp_path / "rule.txt"])
    (rule,) = loaded.rules
    assert rule.source == str(tmp_path / "rule.txt")
    assert rule.text == RULE
    assert rule.fingerprint == hashlib.sha256(RULE.encode()).hexdigest()
    assert rule.line == 1
    assert rule.image_url == "../artwork/test.svg"


def test_a_broken_file_stops_no_other_and_says_all_that_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, a_yml=RULE.replace("topic:", "topik:") + "bogus: 1\n", b_yml=RULE)
    loaded = load([tmp_path])
    assert [rule.name for rule in loaded.rules] == ["Test Badge"]
    path = tmp_path / "a.yml"
    assert [str(problem) for problem in loaded.problems] == [
        f"{path}:9:1: unknown key 'bogus': use {KEYS}",
        f"{path}:8:3: unknown trigger 'topik': did you mean topic?",
    ]
    assert loaded.problems[0].column == 1


KEYS = (
    "condition, creator, criteria_text, description, discussion, expires_after, image_url, "
    "issuer_id, name, points, previous, recipient, recipient_distgit2fas, recipient_email2fas, "
    "recipient_github2fas, recipient_krb2fas, recipient_nick2fas, recipient_openid2fas, "
    "repeatable, series, slug, tags, trigger"
)


def test_an_expression_is_pointed_at_where_it_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, a_yml=RULE + "recipient: |\n  message.body[\n  messag]\n")
    (problem,) = load([tmp_path]).problems
    assert str(problem) == (
        f"{tmp_path}/a.yml:11:1: recipient: the name 'messag' does not exist here: "
        "did you mean message?"
    )


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"name: \xff", 1, "not UTF-8"),
        (b"a: 1\nname: \xff", 2, "not UTF-8"),
        (b"x" * (5 << 20), 1, "the file is too large"),
        (b"", 1, "the file is empty"),
        (b"\xef\xbb\xbf[1]", 1, "the file is no rule"),
    ],
)
def test_files_that_cannot_be_rules(tmp_path: Path, data: bytes, line: int, reason: str) -> None:
    (tmp_path / "a.yml").write_bytes(data)
    (problem,) = load([tmp_path]).problems
    assert (problem.line, problem.message) == (line, reason)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (problem,) = load([tmp_path / "absent.yml"]).problems
    assert problem.message == "not a file"


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    name = "x" * 300 + ".yml"
    (problem,) = load([tmp_path / name]).problems
    assert problem.message.startswith(("cannot be read", "not a file"))


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", secret_yml=RULE)
    inside = write(tmp_path / "inside", a_yml=rule_text(name="A"))
    (inside / "link.yml").symlink_to(outside / "secret.yml")
    (inside / "own.yml").symlink_to(inside / "a.yml")
    loaded = load([inside])
    assert [problem.message for problem in loaded.problems] == ["the link leads out of the folder"]
    assert [rule.name for rule in loaded.rules] == ["A", "A"]


def test_links_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to(tmp_path / "b.yml")
    (tmp_path / "b.yml").symlink_to(tmp_path / "a.yml")
    assert [problem.path.name for problem in load([tmp_path]).problems] == ["a.yml", "b.yml"]


def test_a_folder_with_too_many_rules_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules.loader.MAX_FILES", 1)
    write(tmp_path, a_yml=RULE, b_yml=RULE)
    loaded = load([tmp_path])
    assert len(loaded.rules) == 1
    assert loaded.problems[0].message == "the folder holds too many rules"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "C"}, {"name": "C++"}),
        ({"name": "One"}, {"name": "One", "slug": "other"}),
        ({"name": "One", "slug": "same"}, {"name": "Two", "slug": "same"}),
    ],
)
def test_two_badges_never_share_an_address(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    write(tmp_path, a_yml=rule_text(**first), b_yml=rule_text(**second))
    loaded = load([tmp_path])
    assert [rule.source for rule in loaded.rules] == [f"{tmp_path}/a.yml"]
    (problem,) = loaded.problems
    assert problem.path == tmp_path / "b.yml"
    assert problem.message.startswith("the badge is confused with")


def test_two_rules_of_one_name_share_a_badge(tmp_path: Path) -> None:
    write(tmp_path, a_yml=RULE, b_yml=rule_text(name="Test Badge", trigger={"topic": "other"}))
    loaded = load([tmp_path])
    assert len(loaded.rules) == 2
    assert loaded.problems == ()


def test_dialects_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    asked = {"datanommer": {"filter": {}, "operation": "count", "condition": {"equal to": 1}}}
    old = rule_text(name="Old", criteria=asked, recipient="%(msg.user)s")
    write(tmp_path, a_yml=RULE, b_yml=old, c_yml=RULE + "criteria: {pkgdb: {}}\n", d_yml="[]")
    loaded = load([tmp_path])
    assert [rule.slug for rule in loaded.rules] == ["test-badge", "old"]
    gone, empty = loaded.problems
    assert (gone.path, gone.line) == (tmp_path / "c.yml", 9)
    assert gone.message == "criteria pkgdb asks the package database, which is gone"
    assert empty.message == "the file is no rule"


def test_a_text_is_parsed_or_refused() -> None:
    assert parse(RULE, source="a.yml").source == "a.yml"
    with pytest.raises(DefinitionError, match="the key 'trigger' is missing"):
        parse(RULE.partition("trigger:")[0])
    with pytest.raises(ExpressionError, match="not an expression"):
        parse(RULE + "recipient: 'message.'")


def test_compiling_raises_nothing() -> None:
    assert compile_text("[").rule is None
    assert compile_text(RULE).errors == ()
