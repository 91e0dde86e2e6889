# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.models import Award, Person
from issuer.services import backfilling, persons
from tests.issuing import NOW
from tests.services import datanommer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]

TWICE = (
    "previous:\n  filter: {topics: [message.topic], users: [recipient]}\n  operation: count\n"
    "condition: {greater than or equal to: 2}\n"
)


def message(number: int, user: str) -> str:
    record = {
        "id": f"m{number}",
        "topic": "org.example.prod.wiki.edit",
        "timestamp": f"2026-02-0{number}T10:00:00Z",
        "body": {"user": user},
        "usernames": [user],
    }
    return json.dumps(record) + "\n"


@pytest.fixture
def archive(call: Call, site: Site, tmp_path: Path, rules: Path) -> Path:
    """Return the file of a rule that came after its messages: asha has the badge already."""
    file = tmp_path / "messages.jsonl"
    users = ("boris", "chen", "asha", "chen", "boris", "asha")
    file.write_text("".join(message(n, user) for n, user in enumerate(users, start=1)))
    assert call("replay", file).code == 0
    (rule,) = rules.glob("*.yml")
    rule.write_text(rule.read_text() + TWICE)
    assert call("rules", "sync", rules, "--yes").code == 0
    return rule


def everything(site: Site) -> list[str]:
    with closing(sqlite3.connect(site.settings.home / "accolades.sqlite")) as connection:
        return list(connection.iterdump())


def holders(site: Site) -> dict[str, tuple[str, str | None]]:
    statement = select(Person.username, Award.issued_at, Award.cause_id).join(Award.person)
    with site.database.reading() as session:
        return {name: (at.isoformat(), cause) for name, at, cause in session.execute(statement)}


def test_a_dry_run_shows_who_would_get_it_and_changes_nothing(
    call: Call, site: Site, archive: Path
) -> None:
    before = everything(site)
    for command in (
        ("rules", "dry-run", archive),
        ("rules", "dry-run", "first-steps"),
        ("backfill", "first-steps", "--dry-run"),
    ):
        outcome = call(*command)
        assert outcome.code == 0
        assert outcome.out.splitlines() == [
            "chen  2026-02-04T10:00:00+00:00  m4",
            "boris  2026-02-05T10:00:00+00:00  m5",
            "2 would be awarded",
        ]
    assert everything(site) == before


def test_a_backfill_awards_as_of_the_message_that_earned_it(
    call: Call, site: Site, archive: Path
) -> None:
    assert call("backfill", "first-steps").out.splitlines()[-1] == "2 awarded"
    held = holders(site)
    assert held["chen"] == ("2026-02-04T10:00:00+00:00", "m4")
    assert held["boris"] == ("2026-02-05T10:00:00+00:00", "m5")


def test_a_backfill_that_is_begun_again_adds_nothing(call: Call, site: Site, archive: Path) -> None:
    call("backfill", "first-steps")
    before = holders(site)
    assert call("backfill", "first-steps").out == "0 awarded\n"
    assert holders(site) == before


def test_what_was_earned_before_a_moment_can_be_left_out(
    call: Call, site: Site, archive: Path
) -> None:
    outcome = call("backfill", "first-steps", "--since", "2026-02-05", "--json")
    assert outcome.lines == [
        {
            "badge": "first-steps",
            "user": "boris",
            "message": "m5",
            "earned_at": "2026-02-05T10:00:00+00:00",
        }
    ]
    assert "chen" not in holders(site)


def test_whoever_wants_no_badges_gets_none(call: Call, site: Site, archive: Path) -> None:
    with site.database.writing() as session:
        persons.ensure(session, "chen", now=NOW).opted_out = True
    assert "chen" not in call("rules", "dry-run", "first-steps").out
    assert call("backfill", "first-steps").out.splitlines()[-1] == "1 awarded"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("backfill", "absent"), "rule absent: is no file and no rule of the site"),
        (("rules", "dry-run", "absent"), "rule absent: is no file and no rule of the site"),
        (("backfill", "first-steps", "--since", "lately"), "--since lately: needs a time like"),
    ],
    ids=["backfill", "dry-run", "since"],
)
def test_wrong_use_is_one_line(
    call: Call, archive: Path, arguments: tuple[str, ...], reason: str
) -> None:
    outcome = call(*arguments)
    assert outcome.code == 2
    assert outcome.error.startswith(reason)


def test_a_file_that_is_no_rule_is_named(call: Call, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text("trigger: {}\n")
    outcome = call("rules", "dry-run", file)
    assert outcome.code == 2
    assert "broken.yml:" in outcome.error


def test_datanommer_counts_too_and_a_run_that_was_killed_is_begun_anew(
    call: Call,
    site: Site,
    archive: Path,
    datanommer_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """dora has two messages there, boris has his first there; a message that both have is one."""
    records = [json.loads(message(n, user)) for n, user in ((1, "boris"), (7, "dora"), (8, "dora"))]
    records.append({**json.loads(message(9, "boris")), "timestamp": "2026-01-09T10:00:00Z"})
    datanommer.fill(datanommer.prepare(), datanommer_url, records)
    monkeypatch.setenv("ACCOLADES_HISTORY", "datanommer")
    monkeypatch.setenv("ACCOLADES_HISTORY_URL", datanommer_url)
    monkeypatch.setenv("ACCOLADES_HISTORY_UNTIL", "2026-02-20T00:00:00Z")
    before = everything(site)
    wanted = {
        "boris": ("2026-02-01T10:00:00+00:00", "m1"),
        "chen": ("2026-02-04T10:00:00+00:00", "m4"),
        "dora": ("2026-02-08T10:00:00+00:00", "m8"),
    }
    shown = call("rules", "dry-run", "first-steps", "--json").lines
    assert {line["user"]: (line["earned_at"], line["message"]) for line in shown} == wanted
    assert everything(site) == before
    give, given = backfilling.give, []

    def killed_after_one(*arguments: Any, **named: Any) -> Any:
        if given:
            raise KeyboardInterrupt
        given.append(1)
        return give(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr("issuer.cli.backfill.MAX_GROUP", 1)
        patched.setattr(backfilling, "give", killed_after_one)
        assert call("backfill", "first-steps").code == 130
    assert len(holders(site)) == 2  # asha, and one more
    assert call("backfill", "first-steps").out.splitlines()[-1] == "2 awarded"
    assert {name: held for name, held in holders(site).items() if name != "asha"} == wanted
    assert call("backfill", "first-steps").out == "0 awarded\n"


def test_rules_that_look_at_each_message_see_datanommer_too(
    call: Call, site: Site, archive: Path, datanommer_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = archive.read_text().replace("operation: count", "operation: {lambda: len(results)}")
    archive.write_text(text)
    records = [json.loads(message(n, user)) for n, user in ((1, "boris"), (7, "dora"), (8, "dora"))]
    datanommer.fill(datanommer.prepare(), datanommer_url, records)
    monkeypatch.setenv("ACCOLADES_HISTORY", "datanommer")
    monkeypatch.setenv("ACCOLADES_HISTORY_URL", datanommer_url)
    found = call("rules", "dry-run", archive, "--json").lines
    assert {line["user"]: line["message"] for line in found} == {
        "dora": "m8",
        "chen": "m4",
        "boris": "m5",
    }


def test_a_history_that_is_away_awards_nobody_and_says_so(
    call: Call, site: Site, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOLADES_HISTORY", "datanommer")
    monkeypatch.setenv("ACCOLADES_HISTORY_URL", "postgresql://reader@127.0.0.1:9/messages")
    before = everything(site)
    outcome = call("backfill", "first-steps")
    assert outcome.code == 2
    assert outcome.error.startswith("datanommer: cannot be asked: ")
    assert everything(site) == before
