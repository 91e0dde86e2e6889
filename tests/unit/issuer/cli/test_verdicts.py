# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of a verification on a terminal."""

from __future__ import annotations

import dataclasses
import os
import pty
import subprocess
from typing import TYPE_CHECKING, Any

import click
import pytest
from sqlalchemy import select

from issuer.cli.verdicts import lines
from issuer.models import Assertion
from openbadges.fetching import DocumentFetcher
from openbadges.verification import Check, Outcome, Report, Verdict, verify
from tests.demo import PROGRAM
from tests.issuing import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.site import Site

HOSTILE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\u200b\r\n"


def report(**changes: Any) -> Report:
    made = verify("nonsense", fetcher=DocumentFetcher({}), now=NOW)
    return dataclasses.replace(made, **changes)


def text(found: Report, width: int = 80) -> str:
    return click.unstyle("\n".join(lines(found, width)))


def award() -> Report:
    return report(
        verdict=Verdict.VALID,
        sentence="This badge is valid: The Issuer awarded it.",
        remedy="",
        subject="Assertion",
        document={
            "id": "https://a.example/1",
            "issuedOn": "2026-03-01T12:00:00Z",
            "evidence": {"id": "https://e.example/1", "name": "The log"},
            "narrative": "Ten tests.",
        },
        badge={"id": "https://a.example/b", "name": "First Steps"},
        issuer={"id": "https://a.example/i", "name": "The Issuer"},
        recipient="asha@example.org",
        key_id="https://a.example/k",
        algorithm="RS256",
        notes=("the revocation list is old",),
    )


def test_the_verdict_comes_first_then_the_facts_then_the_checks() -> None:
    shown = text(award())
    assert shown.splitlines()[0] == "VALID"
    places = [
        shown.index(words)
        for words in (
            "This badge is valid",
            "First Steps <https://a.example/b>",
            "The Issuer <https://a.example/i>",
            "1 March 2026",
            "asha@example.org",
            "RS256, key https://a.example/k",
            "The log <https://e.example/1>",
            "Ten tests.",
            "Checked\n",
            "Worth knowing",
            "the revocation list is old",
        )
    ]
    assert places == sorted(places)


def test_what_failed_comes_before_what_held() -> None:
    checks = (
        Check(1, "input", Outcome.PASSED, "this is a URL"),
        Check(2, "expiry", Outcome.SKIPPED, "the badge does not expire"),
        Check(3, "signature", Outcome.FAILED, "does not hold"),
        Check(4, "links", Outcome.SKIPPED, "not reached, because the check 'issuer' did not pass"),
        Check(5, "key", Outcome.SKIPPED, "not reached, because the check 'issuer' did not pass"),
        Check(6, "issuer", Outcome.ERROR, "away"),
    )
    shown = text(report(checks=checks)).partition("Checked\n")[2]
    words = [line.split()[:2] for line in shown.splitlines()]
    assert words == [
        ["3", "FAILED"],
        ["6", "ERROR"],
        ["1", "ok"],
        ["2", "skipped"],
        ["not", "reached:"],
    ]
    assert "not reached: links, key" in shown


@pytest.mark.parametrize("subject", ["BadgeClass", "Profile", "CryptographicKey"])
def test_what_is_no_award_is_not_called_valid(subject: str) -> None:
    shown = text(report(verdict=Verdict.VALID, subject=subject, sentence="This is sound."))
    assert shown.splitlines()[0] == "SOUND, BUT NO AWARD"
    assert "VALID" not in shown


def test_what_was_upgraded_is_said() -> None:
    assert "Open Badges 1.1, read as 2.0" in text(dataclasses.replace(award(), upgraded="1.1"))


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_lines_fit_the_terminal(width: int) -> None:
    long = dataclasses.replace(award(), sentence="word " * 100, notes=("note " * 100,))
    checks = (*long.checks, Check(15, "long", Outcome.FAILED, "word " * 100))
    for line in text(dataclasses.replace(long, checks=checks), width).splitlines():
        assert len(line) <= width or " " not in line.strip()


def test_no_control_character_of_a_stranger_is_printed() -> None:
    hostile = dict.fromkeys(("id", "name", "narrative", "issuedOn", "expires"), HOSTILE + "x")
    odd = dataclasses.replace(
        award(),
        sentence=HOSTILE,
        remedy=HOSTILE,
        document={**hostile, "evidence": [{**hostile}]},
        badge=hostile,
        issuer=hostile,
        recipient=HOSTILE,
        key_id=HOSTILE + "k",
        algorithm=HOSTILE,
        upgraded=HOSTILE + "1",
        notes=(HOSTILE,),
        checks=(Check(1, "input", Outcome.FAILED, HOSTILE), Check(2, "x", Outcome.PASSED, "")),
    )
    assert text(odd).replace("\n", "").isprintable()
    assert report().checks  # a report has checks whatever it is about


@pytest.mark.slow
def test_colours_are_for_terminals_that_want_them(site: Site) -> None:
    with site.database.reading() as session:
        address = session.scalars(select(Assertion.document_id)).one()
    assert "\x1b[" in on_terminal("verify", address)
    assert "\x1b[" not in on_terminal("verify", address, NO_COLOR="1")
    assert "\x1b[" not in on_terminal("verify", address, TERM="dumb")
    plain = subprocess.run([PROGRAM, "verify", address], capture_output=True, timeout=60)
    assert b"\x1b" not in plain.stdout


def test_an_error_holds_no_control_character(call: Callable[..., Any], home: Any) -> None:
    outcome = call("verify", f"./{HOSTILE.strip()}.png")
    assert outcome.code == 2
    assert outcome.error.isprintable()
    path = home / "documents.json"
    path.write_text('{"\\u001b[31m": 5}')
    assert call("verify", "x", "--documents", path).error.isprintable()


def test_json_escapes_what_a_terminal_would_obey(call: Callable[..., Any], home: Any) -> None:
    outcome = call("verify", f"https://a.example/{HOSTILE.strip()}", "--json")
    assert outcome.code == 1
    assert outcome.out.strip().isprintable()
    assert outcome.out.isascii()


def on_terminal(*arguments: str, **environment: str) -> str:
    """Return what the program writes to a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *arguments],
        stdout=its,
        stderr=its,
        stdin=its,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(its)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:
        pass  # Linux says so when the other end is closed
    finally:
        os.close(ours)
        process.wait(60)
    return written.decode()
