# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a verification found, as people read it: a headline, facts, and checks worth reading first.

Everything here comes from strangers: it is short text without a control character, and a link only
where it is a web address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openbadges.errors import MalformedError
from openbadges.times import parse_time
from openbadges.verification import Outcome, Verdict
from openbadges.vocabulary import ASSERTION, ENDORSEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openbadges.verification import Check, Report

MAX_WORDS = 300
MAX_NARRATIVE = 5000
MAX_EVIDENCE = 10
#: Control and direction characters, halves of letters, and what has no width.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
HEADLINES = {
    Verdict.NOT_A_BADGE: "This is not a badge",
    Verdict.INVALID: "This badge is not valid",
    Verdict.REVOKED: "This badge was revoked",
    Verdict.EXPIRED: "This badge has expired",
    Verdict.UNVERIFIABLE: "This badge could not be verified",
    Verdict.VALID: "This badge is valid",
}
#: Sound documents that award nothing to anybody.
NO_AWARD = {
    "BadgeClass": "This is a badge class, and the award of nothing",
    "Profile": "This is a profile, and no badge",
    "CryptographicKey": "This is a key, and no badge",
    "RevocationList": "This is a revocation list, and no badge",
}
TONES = {
    Verdict.VALID: "good",
    Verdict.EXPIRED: "warn",
    Verdict.UNVERIFIABLE: "warn",
}
#: The one that decided comes first: what was refused, what could not be done, what held.
ORDER = (Outcome.FAILED, Outcome.ERROR, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a badge says, or that was found; ``link`` is a web address or empty."""

    label: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence that a badge names."""

    name: str
    narrative: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a page or a terminal shows of a report.

    ``reason`` says in a sentence why; ``tone`` is good, warn, bad or note. ``is_award`` tells
    whether somebody was awarded something.
    ``done`` are the checks that were made, the telling ones first; ``skipped`` the others.
    """

    headline: str
    reason: str
    tone: str
    is_award: bool
    facts: tuple[Fact, ...]
    narrative: str
    evidence: tuple[Proof, ...]
    done: tuple[Check, ...]
    skipped: tuple[Check, ...]


def findings_of(report: Report) -> Findings:
    """Return what is worth showing of a report."""
    award = report.assertion or {}
    other = NO_AWARD.get(report.subject, "") if report.valid else ""
    done = [check for outcome in ORDER for check in report.checks if check.outcome is outcome]
    return Findings(
        headline=other or _headline(report),
        reason=_reason(report),
        tone="note" if other else TONES.get(report.verdict, "bad"),
        is_award=report.subject == ASSERTION,
        facts=tuple(_facts(report)),
        narrative=clean(award.get("narrative"), MAX_NARRATIVE, lines=True),
        evidence=tuple(_evidence(award.get("evidence"))),
        done=tuple(done),
        skipped=tuple(check for check in report.checks if check.outcome is Outcome.SKIPPED),
    )


def clean(value: Any, longest: int = MAX_WORDS, *, lines: bool = False) -> str:
    """Return a text that can be shown anywhere; what is no text is empty. ``lines`` keeps lines."""
    if not isinstance(value, str):
        return ""
    parts = value[: longest + 1].splitlines() if lines else [value[: longest + 1]]
    text = "\n".join(UNPRINTABLE.sub(" ", part).strip() for part in parts).strip()
    return text if len(value) <= longest else text[: longest - 1] + "…"


def web_link(value: Any) -> str:
    """Return a web address that a link may lead to, or nothing."""
    if not isinstance(value, str) or len(value) > 2048 or not value.isprintable():
        return ""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in value
    except ValueError:
        return ""
    return value if sound else ""


def identifier(value: Any) -> str:
    """Return the id of a document that is named by it or holds it."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _headline(report: Report) -> str:
    headline = HEADLINES[report.verdict]
    if report.subject == ENDORSEMENT:
        return headline.replace("This badge", "This endorsement")
    return headline


def _reason(report: Report) -> str:
    """Return the sentence without what the headline says already."""
    sentence = clean(report.sentence, 1000)
    start = f"{_headline(report)}: "
    if not sentence.startswith(start):
        return sentence
    rest = sentence.removeprefix(start)
    return rest[:1].upper() + rest[1:]


def _facts(report: Report) -> Iterator[Fact]:
    badge, issuer, document = report.badge or {}, report.issuer or {}, report.document or {}
    if badge:
        yield Fact("Badge", _name(badge), web_link(badge.get("id")))
    if issuer:
        yield Fact("Issuer", _name(issuer), web_link(issuer.get("id")))
    if report.subject in (ASSERTION, ENDORSEMENT):
        yield from _of_statement(report, document)
    if report.upgraded:
        yield Fact("Written in", f"Open Badges {clean(report.upgraded, 10)}, read as 2.0")
    yield Fact("Checked", _moment(report.verified_at))


def _of_statement(report: Report, document: dict[str, Any]) -> Iterator[Fact]:
    if issued := clean(document.get("issuedOn"), 40):
        yield Fact("Awarded" if report.subject == ASSERTION else "Endorsed", _moment(issued))
    if expires := clean(document.get("expires"), 40):
        yield Fact("Expires", _moment(expires))
    if report.subject == ASSERTION:
        yield Fact("Recipient", _recipient(report))
    if report.key_id:
        signed = f"{clean(report.algorithm, 20)}, key {clean(report.key_id)}".removeprefix(", ")
        yield Fact("Signed", signed, web_link(report.key_id))
    if page := web_link(document.get("id")):
        yield Fact("Address", clean(page), page)


def _recipient(report: Report) -> str:
    if report.recipient:
        return f"{clean(report.recipient)}, as you asked"
    outcome = next((check.outcome for check in report.checks if check.id == "recipient"), None)
    if outcome is Outcome.FAILED:
        return "somebody else than you asked for"
    return "not compared: no address was given"


def _name(document: dict[str, Any]) -> str:
    return clean(document.get("name"), 100) or clean(document.get("id")) or "without a name"


def _moment(text: str) -> str:
    """Return a moment as people write it, or as it stands where it is none."""
    try:
        moment = parse_time(text)
    except MalformedError:
        return text
    return f"{moment.day} {moment:%B %Y, %H:%M} {moment.tzname() or ''}".rstrip()


def _evidence(given: Any) -> Iterator[Proof]:
    items = given if isinstance(given, list) else [given]
    for item in items[:MAX_EVIDENCE]:
        parts = item if isinstance(item, dict) else {}
        proof = Proof(
            clean(parts.get("name"), 100),
            clean(parts.get("narrative") or parts.get("description"), 1000, lines=True),
            web_link(identifier(item)),
        )
        if proof.name or proof.narrative or proof.link:
            yield proof
