# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people are shown of a report: short, plain, and in the order that helps."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from issuer.services.findings import clean, findings_of, web_link
from openbadges.fetching import DocumentFetcher
from openbadges.verification import Check, Outcome, Report, Verdict, verify
from tests.issuing import NOW

HOSTILE = "\x1b[31mred\x07\x9b2J\u202egnp\u200b\ufeff\ud800\U000e0041"


def report(**changes: Any) -> Report:
    made = verify("nonsense", fetcher=DocumentFetcher({}), now=NOW)
    return dataclasses.replace(made, **changes)


def award(**changes: Any) -> Report:
    document = {"id": "https://a.example/1", "issuedOn": "2026-03-01T12:00:00Z", **changes}
    return report(
        verdict=Verdict.VALID,
        subject="Assertion",
        document=document,
        badge={"id": "https://a.example/b", "name": "First Steps"},
        issuer={"id": "https://a.example/i", "name": "The Issuer"},
    )


def facts(found: Report) -> dict[str, str]:
    return {fact.label: fact.text for fact in findings_of(found).facts}


def test_the_facts_of_an_award() -> None:
    found = facts(award(expires="2027-03-01T12:00:00+02:00"))
    assert found["Badge"] == "First Steps"
    assert found["Issuer"] == "The Issuer"
    assert found["Awarded"] == "1 March 2026, 12:00 UTC"
    assert found["Expires"] == "1 March 2027, 12:00 UTC+02:00"
    assert found["Recipient"].startswith("not compared")


def test_who_signed_and_what_was_upgraded_is_a_fact() -> None:
    found = facts(
        dataclasses.replace(
            award(), key_id="https://a.example/k", algorithm="RS256", upgraded="1.1"
        )
    )
    assert found["Signed"] == "RS256, key https://a.example/k"
    assert found["Written in"] == "Open Badges 1.1, read as 2.0"


def test_the_recipient_is_told_by_the_check() -> None:
    failed = (Check(14, "recipient", Outcome.FAILED, "no"),)
    assert facts(dataclasses.replace(award(), checks=failed))["Recipient"].startswith("somebody")
    matched = dataclasses.replace(award(), recipient="a@example.org")
    assert facts(matched)["Recipient"] == "a@example.org, as you asked"


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_its_headline_and_tone(verdict: Verdict) -> None:
    found = findings_of(report(verdict=verdict, subject="Assertion"))
    assert found.headline.startswith("This ")
    assert found.tone in {"good", "warn", "bad"}
    assert (found.tone == "good") is (verdict is Verdict.VALID)


@pytest.mark.parametrize("subject", ["BadgeClass", "Profile", "CryptographicKey", "RevocationList"])
def test_a_sound_document_that_awards_nothing_is_no_valid_badge(subject: str) -> None:
    found = findings_of(report(verdict=Verdict.VALID, subject=subject))
    assert found.tone == "note"
    assert not found.is_award
    assert "valid" not in found.headline
    broken = findings_of(report(verdict=Verdict.INVALID, subject=subject))
    assert broken.headline == "This badge is not valid"


def test_an_endorsement_is_called_one() -> None:
    found = findings_of(report(verdict=Verdict.VALID, subject="Endorsement"))
    assert found.headline == "This endorsement is valid"


def test_the_reason_does_not_repeat_the_headline() -> None:
    found = findings_of(report())
    assert found.headline == "This is not a badge"
    assert found.reason.startswith("This is no URL")


def test_the_checks_that_tell_come_first() -> None:
    outcomes = [Outcome.PASSED, Outcome.SKIPPED, Outcome.ERROR, Outcome.FAILED, Outcome.PASSED]
    checks = tuple(Check(n, f"c{n}", outcome, "") for n, outcome in enumerate(outcomes))
    found = findings_of(report(checks=checks))
    assert [check.number for check in found.done] == [3, 2, 0, 4]
    assert [check.number for check in found.skipped] == [1]


@pytest.mark.parametrize(
    "value", [None, 5, [], {}, True, [{}], {"id": 5}, ["x"], {"name": ["a"]}, HOSTILE]
)
@pytest.mark.parametrize("name", ["narrative", "evidence", "expires", "issuedOn", "id", "image"])
def test_nothing_that_a_stranger_writes_breaks_it(name: str, value: object) -> None:
    found = findings_of(award(**{name: value}))
    shown = [found.narrative, found.reason]
    shown += [part for fact in found.facts for part in (fact.text, fact.link)]
    shown += [part for proof in found.evidence for part in (proof.name, proof.link)]
    assert all(text.isprintable() for text in shown)
    odd = {"name": value, "id": value}
    findings_of(dataclasses.replace(award(), badge=odd, issuer=odd))


def test_evidence_in_each_of_its_forms_is_shown() -> None:
    given = [
        "https://e.example/1",
        {"id": "https://e.example/2", "name": "Log"},
        {"narrative": "N"},
    ]
    proofs = findings_of(award(evidence=given)).evidence
    assert [proof.link for proof in proofs] == ["https://e.example/1", "https://e.example/2", ""]
    assert proofs[2].narrative == "N"
    assert len(findings_of(award(evidence=["https://e.example/"] * 100)).evidence) == 10


def test_text_of_strangers_is_plain_and_short() -> None:
    assert clean(HOSTILE) == "[31mred 2J gnp"
    assert clean("a\nb\r\n\x1bc", lines=True) == "a\nb\nc"
    assert clean("x" * 301) == "x" * 299 + "…"
    assert len(clean("x" * 10_000_000, 50)) == 50
    for text in ("grün 🏅 مرحبا", "श्री\u200cमान", "👩\u200d💻"):
        assert clean(text) == text
    assert clean("as\u200cha") == "as ha"


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("https://a.example/", "https://a.example/"),
        ("HTTP://a.example/", "HTTP://a.example/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example/", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://a.example/ b", ""),
        ("https://a.example/\u202e", ""),
        ("https://a.example/" + "a" * 3000, ""),
        (5, ""),
        (None, ""),
    ],
)
def test_only_a_web_address_is_a_link(value: object, link: str) -> None:
    assert web_link(value) == link
