# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.models import ArchivedMessage
from issuer.services.replaying import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


def record(number: int, user: str = "asha", **changes: Any) -> dict[str, Any]:
    whole = {
        "n": number,
        "id": f"m{number}",
        "topic": "org.example.prod.wiki.edit",
        "timestamp": "2026-02-01T10:00:00Z",
        "body": {"user": user},
    }
    return {**whole, **changes}


def lines(*values: Any) -> bytes:
    return b"".join(
        value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"
        for value in values
    )


def archived(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ArchivedMessage)) or 0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines(record(1), record(2, "boris"), record(2, "boris"), record(3)))
    return path


def test_each_message_says_what_it_earned(call: Call, home: Path, file: Path, rules: Path) -> None:
    outcome = call("replay", file, "--rules", rules, "--json")
    assert outcome.code == 0
    assert outcome.lines == [
        {"n": 1, "id": "m1", "topic": record(1)["topic"], "awards": [["first-steps", "asha"]]},
        {"n": 2, "id": "m2", "topic": record(1)["topic"], "awards": [["first-steps", "boris"]]},
        {"n": 2, "id": "m2", "topic": record(1)["topic"], "awards": []},
        {"n": 3, "id": "m3", "topic": record(1)["topic"], "awards": []},
    ]


def test_people_read_a_summary(call: Call, home: Path, file: Path, rules: Path) -> None:
    outcome = call("replay", file, "--rules", rules)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "messages: 4, 3 new, 1 archived before\nnew awards: 2\n"


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_groups_of_any_size_give_the_same(
    call: Call, home: Path, file: Path, rules: Path, batch: int
) -> None:
    plain = call("replay", file, "--rules", rules, "--json")
    grouped = call("replay", file, "--rules", rules, "--json", "--batch", str(batch))
    assert (grouped.code, grouped.lines) == (0, plain.lines)
    assert sum(len(line["awards"]) for line in grouped.lines) == 2


@pytest.mark.parametrize("batch", ["0", "101", "many"])
def test_a_group_of_no_size_is_refused(call: Call, file: Path, batch: str) -> None:
    assert call("replay", file, "--batch", batch).code == 2


def test_a_scratch_database_leaves_the_site_alone(
    call: Call, site: Site, file: Path, rules: Path
) -> None:
    assert archived(site) == 0  # looking leaves files beside the database
    before = sorted(path.name for path in site.settings.home.rglob("*"))
    assert call("replay", file, "--rules", rules).code == 0
    assert archived(site) == 0
    assert sorted(path.name for path in site.settings.home.rglob("*")) == before


def test_without_options_it_is_the_site_that_learns(
    call: Call, site: Site, file: Path, rules: Path
) -> None:
    call("rules", "sync", rules)
    # Asha has the badge already, by an admin.
    assert "new awards: 1" in call("replay", file).out
    assert archived(site) == 3
    again = call("replay", file)
    assert again.out == "messages: 4, 0 new, 4 archived before\nnew awards: none\n"


def test_rules_may_be_tried_on_the_site_all_the_same(
    call: Call, site: Site, file: Path, rules: Path
) -> None:
    assert call("replay", file, "--rules", rules, "--keep").code == 0
    assert archived(site) == 3


@pytest.mark.parametrize(
    "broken",
    [
        {},
        [],
        "text",
        5,
        None,
        record(9, id=None),
        record(9, id="a\0"),
        record(9, topic=""),
        record(9, body=[]),
        record(9, body={"x": "\ud800"}),
        record(9, timestamp="never"),
        record(9, headers=5),
        b'{"id": "m9", "topic": "a.b.c.d", "timestamp": 1, "body": {"x": NaN}}\n',
        b'{"id": "m9", "topic": "a.b.c.d", "timestamp": 1, "body": {"x": 1e999}}\n',
    ],
)
def test_a_message_that_cannot_be_read_stops_no_other(
    call: Call, home: Path, tmp_path: Path, rules: Path, broken: Any
) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines(record(1), broken, record(2, "boris")))
    outcome = call("replay", path, "--rules", rules)
    assert outcome.code == 1
    assert "new awards: 2\nmessages that could not be read: 1\n" in outcome.out
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"{path}:2: ")


@pytest.mark.parametrize(
    ("changes", "awards"),
    [
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, 2),
        ({"agent_name": "a\ud800"}, 3),
        ({"schema": "journal.ipa.user_add.v1"}, 3),
        ({"id": "a\nb", "topic": ""}, 2),
    ],
    ids=str,
)
def test_these_messages_stop_no_other(
    call: Call, home: Path, tmp_path: Path, rules: Path, changes: dict[str, Any], awards: int
) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines(record(1), record(9, "nobody", **changes), record(2, "boris")))
    outcome = call("replay", path, "--rules", rules)
    assert outcome.code in {0, 1}
    assert f"new awards: {awards}" in outcome.out
    assert len(outcome.err.splitlines()) <= 1


@pytest.mark.parametrize(
    "line",
    [
        b"\0\xff\n",
        b"{\n",
        b"[" * 100_000 + b"\n",
        b'{"id": "m9", "body"',
        b'"' + b"x" * MAX_LINE + b'"\n',
        b'{"n": ' + b"9" * 5000 + b"}\n",
    ],
    ids=["binary", "cut-off", "deep", "the-last-line", "long", "a-long-number"],
)
def test_a_line_that_is_no_json_stops_no_other(
    call: Call, site: Site, tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines(record(1), record(2), line))
    outcome = call("replay", path)
    assert outcome.code == 1
    (said,) = outcome.err.splitlines()
    assert said.startswith(f"{path}:3: ")
    assert "messages that could not be read: 1" in outcome.out
    assert archived(site) == 2


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b'"\\ud800"'])
def test_json_is_json_whatever_the_file_holds(
    call: Call, home: Path, tmp_path: Path, rules: Path, number: bytes
) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_bytes(json.dumps(record(1)).encode().replace(b'"n": 1', b'"n": ' + number))
    outcome = call("replay", path, "--rules", rules, "--json")
    assert outcome.err or outcome.lines
    assert "defect" not in outcome.err


def test_awards_of_another_system_are_compared(
    call: Call, home: Path, tmp_path: Path, file: Path, rules: Path
) -> None:
    expected = tmp_path / "awards.jsonl"
    expected.write_bytes(
        lines(
            {"id": "m1", "awards": [["first-steps", "Asha"]]},
            {"id": "m3", "awards": [["first-steps", "chen"]]},
        )
    )
    outcome = call("replay", file, "--rules", rules, "--compare", expected, "--json")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 4
    assert outcome.err.splitlines() == [
        "missing: m3 first-steps chen",
        "more: m2 first-steps boris",
        "1 awards agree, 1 are missing, 1 are more",
    ]


def test_a_broken_rule_is_told_and_stops_nothing(
    call: Call, home: Path, file: Path, rules: Path
) -> None:
    text = (rules / "first.yml").read_text()
    broken = text.replace("First Steps", "Broken").replace("['user']", "['user'] + 1")
    (rules / "broken.yml").write_text(broken)
    outcome = call("replay", file, "--rules", rules)
    assert outcome.code == 0
    assert "new awards: 2" in outcome.out
    assert outcome.err.startswith("rule broken: fails: ")


@pytest.mark.parametrize("option", ["--rules", "--settings", "--compare"])
@pytest.mark.parametrize("name", ["absent", "binary", "folder"])
def test_what_an_option_names_must_be_right(
    call: Call, home: Path, tmp_path: Path, file: Path, option: str, name: str
) -> None:
    (tmp_path / "binary").write_bytes(b"\0\xff")
    (tmp_path / "folder").mkdir()
    outcome = call("replay", file, option, tmp_path / name)
    assert outcome.code == 2
    assert name in outcome.error


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_that_cannot_be_read_is_told(call: Call, home: Path, name: str) -> None:
    outcome = call("replay", name)
    assert outcome.code == 2
    assert "FILE" in outcome.error
