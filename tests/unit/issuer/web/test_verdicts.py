# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verify page speaks the language of whoever reads; what the library says is marked English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from issuer.catalogues import catalogue
from issuer.services import findings
from issuer.web import verdicts
from openbadges.fetching import DocumentFetcher
from openbadges.ob3 import judging
from openbadges.verification import Report, Verdict, verify
from openbadges.verification.reports import Outcome
from openbadges.verification.sentences import remedy
from openbadges.verification.verifier import STEPS
from tests.issuing import NOW
from tests.unit.issuer.web.conftest import HTML

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

FORMS = (findings.OLDER, findings.ASKED_FOR, findings.SOMEBODY_ELSE, findings.NOT_COMPARED)


@pytest.mark.parametrize("code", ["de", "es"])
def test_whatever_a_verification_can_say_in_our_words_is_translated(code: str) -> None:
    headlines = {*findings.HEADLINES.values(), *findings.NO_AWARD.values()}
    headlines |= {each.replace("This badge", "This endorsement") for each in headlines}
    remedies = {remedy(verdict, step.id) for verdict in Verdict for step in STEPS} - {""}
    known = catalogue(code)
    for text in (*headlines, *remedies, *findings.LABELS, *FORMS):
        assert known.gettext(text) != text, text


def test_every_check_verdict_and_outcome_has_words() -> None:
    assert {step.id for step in (*STEPS, *judging.STEPS)} == set(verdicts.CHECKS)
    assert set(Verdict) == set(verdicts.REASONS)
    assert {outcome.value for outcome in Outcome} == set(verdicts.OUTCOMES)


def test_what_is_english_on_a_german_page_says_so(client: FlaskClient) -> None:
    german = {**HTML, "Accept-Language": "de"}
    text = client.get("/verify?url=nonsense", headers=german).text
    assert "Das ist kein Abzeichen" in text
    assert "Lege die Adresse eines Abzeichens vor" in text
    own = re.sub(r'<span[^>]* lang="en">[^<]*</span>', "", text)
    assert not re.search(r"\b(the|this|which|handed|checked|failed)\b", re.sub(r"<[^>]*>", "", own))
    assert "Nicht bestanden" in own


def test_an_award_is_told_in_a_sentence_of_the_language(app: Flask) -> None:
    made = verify("nonsense", fetcher=DocumentFetcher({}), now=NOW)
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    report = Report(
        **{
            **fields,
            "verdict": Verdict.VALID,
            "subject": "Assertion",
            "document": {"issuedOn": "2026-03-01T12:00:00Z"},
            "badge": {"name": "First Steps"},
            "issuer": {"name": "The Issuer"},
            "method": "signed",
            "recipient": "a@example.org",
        }
    )
    with app.test_request_context(headers={"Accept-Language": "de"}):
        told = verdicts.told(report)
    assert told.reason.startswith("The Issuer hat „First Steps“ am 1. März 2026 an a@example.org")
    assert told.detail == ""
    assert ("Verliehen", "1. März 2026, 12:00 UTC") in [(f.label, f.text) for f in told.facts]
    assert ("Empfänger", "a@example.org, wie gefragt") in [(f.label, f.text) for f in told.facts]
