# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from issuer.models import ArchivedMessage, Award
from tests.unit.issuer.cli.conftest import RULE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.services.datagrepper import Grepper
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]

MESSAGE: dict[str, Any] = {
    "id": "m-1",
    "topic": "org.example.prod.wiki.edit",
    "body": {"user": "Asha"},
    "timestamp": "2026-03-01T12:00:00+00:00",
    "agent_name": "asha",
    "usernames": ["asha"],
    "packages": ["kernel"],
}
COUNTED = (
    RULE.replace("First Steps", "Two Edits")
    + """\
previous:
  filter: {users: [recipient], packages: ["message.packages[0]"]}
  operation: count
condition: {greater than or equal to: 2}
"""
)


@pytest.fixture
def edit(tmp_path: Path) -> Path:
    """Return a file with an edit."""
    file = tmp_path / "message.json"
    file.write_text(json.dumps(MESSAGE, indent=1))
    return file


def test_without_a_site_the_message_alone_is_explained(
    call: Call, home: Path, rules: Path, edit: Path
) -> None:
    outcome = call("rules", "explain", rules / "first.yml", edit)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("first-steps: would award: it earns the badge for Asha\ntrigger:")
    (rules / "first.yml").write_text(COUNTED)
    outcome = call("rules", "explain", rules / "first.yml", edit, "--json")
    assert outcome.code == 1
    (report,) = outcome.lines
    assert (report["rule"], report["would_award"], report["users"]) == ("two-edits", False, [])
    assert "only this message" in report["note"]
    assert report["steps"][-1]["detail"] == "the value is 1"
    assert not list(home.iterdir())


def test_a_rule_that_reads_rows_is_explained_without_a_site(
    call: Call, home: Path, rules: Path, edit: Path
) -> None:
    rule = COUNTED.replace("count\n", "{lambda: 'len([row.msg_id for row in results]) + 1'}\n")
    (rules / "first.yml").write_text(rule)
    assert call("rules", "explain", rules / "first.yml", edit).code == 0
    (rules / "first.yml").write_text(RULE + "condition: {equal to: 1}\n")
    assert call("rules", "explain", rules / "first.yml", edit).code == 0


def test_the_archive_of_the_site_is_counted_and_nothing_is_changed(
    call: Call, site: Site, rules: Path, edit: Path, tmp_path: Path
) -> None:
    (rules / "first.yml").write_text(COUNTED)
    assert call("rules", "sync", rules).code == 0
    first = tmp_path / "first.jsonl"
    first.write_text(json.dumps({**MESSAGE, "id": "m-0"}))
    assert call("replay", first).code == 0
    with site.database.reading() as session:
        before = session.query(ArchivedMessage).count(), session.query(Award).count()
    outcome = call("rules", "explain", "two-edits", edit)
    assert outcome.code == 0
    assert "messages found: 2" in outcome.out
    archived = call("rules", "explain", "two-edits", "m-0")
    assert archived.code == 1
    assert "messages found: 1" in archived.out
    with site.database.reading() as session:
        assert before == (session.query(ArchivedMessage).count(), session.query(Award).count())
    second = tmp_path / "second.jsonl"
    second.write_text(json.dumps(MESSAGE))
    call("replay", second)
    held = call("rules", "explain", "two-edits", edit)
    assert (held.code, "has the badge" in held.out) == (1, True)


def test_triggers_are_counted_from_the_counter_or_from_the_archive(
    call: Call, site: Site, rules: Path, edit: Path, tmp_path: Path
) -> None:
    (rules / "first.yml").write_text(
        RULE.replace("First", "Wiki") + "condition: {greater than or equal to: 2}\n"
    )
    stream = tmp_path / "stream.jsonl"
    stream.write_text(json.dumps({**MESSAGE, "id": "m-0"}))
    call("replay", stream)
    outcome = call("rules", "explain", rules / "first.yml", edit)
    assert "the value is 2" in outcome.out
    assert outcome.code == 0
    call("rules", "sync", rules)
    stream.write_text(json.dumps({**MESSAGE, "id": "m-2"}).replace("Asha", "ben"))
    call("replay", stream)
    outcome = call("rules", "explain", "wiki-steps", "m-2")
    assert (outcome.code, "the value is 1" in outcome.out) == (1, True)


@pytest.mark.parametrize("what", ["rule", "badge", "person"])
def test_who_is_away_is_told(call: Call, site: Site, rules: Path, edit: Path, what: str) -> None:
    from issuer.models import Badge, Person, Rule
    from tests.issuing import NOW

    call("rules", "sync", rules)
    with site.database.writing() as session:
        session.query(Rule).one().active = what != "rule"
        session.query(Badge).filter_by(slug="first-steps").one().retired_at = (
            NOW if what == "badge" else None
        )
        session.query(Person).filter_by(key="asha").one().opted_out = what == "person"
    outcome = call("rules", "explain", "first-steps", edit)
    assert outcome.code == 1
    said = {"rule": "the rule is retired", "badge": "the badge is retired", "person": "opted out"}
    assert said[what] in outcome.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "MESSAGE"), "no rule of the site"),
        (("RULE", "nothing"), "no message of the archive"),
        (("FOLDER", "MESSAGE"), "holds 2 rules"),
        (("BROKEN", "MESSAGE"), "broken.yml:"),
        (("RULE", "RULE"), "not JSON"),
    ],
)
def test_wrong_use_is_told(
    call: Call, site: Site, rules: Path, edit: Path, arguments: tuple[str, ...], said: str
) -> None:
    (rules / "second.yml").write_text(RULE.replace("First", "Second"))
    broken = rules.parent / "broken.yml"
    broken.write_text("trigger: 5\n")
    known = {"RULE": rules / "first.yml", "MESSAGE": edit, "FOLDER": rules, "BROKEN": broken}
    outcome = call("rules", "explain", *(known.get(name, name) for name in arguments))
    assert outcome.code == 2
    assert said in outcome.error


def test_a_slug_needs_the_database(call: Call, home: Path, edit: Path) -> None:
    outcome = call("rules", "explain", "first-steps", edit)
    assert outcome.code == 2
    assert "db upgrade" in outcome.error


def test_a_history_outside_is_counted_too(
    call: Call,
    site: Site,
    rules: Path,
    edit: Path,
    grepper: Grepper,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grepper.keep({**MESSAGE, "id": "m-0", "timestamp": "2026-02-01T12:00:00+00:00"})
    (rules / "first.yml").write_text(COUNTED)
    assert call("rules", "explain", rules / "first.yml", edit).code == 1
    monkeypatch.setenv("ACCOLADES_HISTORY", "datagrepper")
    monkeypatch.setenv("ACCOLADES_HISTORY_URL", grepper.url)
    assert call("rules", "explain", rules / "first.yml", edit).code == 0
    with site.database.reading() as session:
        assert session.query(ArchivedMessage).count() == 0
