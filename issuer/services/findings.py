# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a verification found, as people read it: a headline, facts, and checks worth reading first.

Everything here comes from strangers: it is short text without a control character, and a link only
where it is a web address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unicodedata import category
from urllib.parse import urlsplit

from openbadges.errors import MalformedError
from openbadges.ob3.vocabulary import ENDORSEMENT as CREDENTIAL
from openbadges.times import parse_time
from openbadges.verification import Outcome, Verdict
from openbadges.vocabulary import ASSERTION, ENDORSEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from openbadges.verification import Check, Report

MAX_WORDS = 300
MAX_NARRATIVE = 5000
MAX_EVIDENCE = 10
#: Control and direction characters, halves of letters, and what has no width.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]+"
)
#: What shapes its neighbours: letters of Persian and Hindi, emoji that are one picture.
JOINERS = "\u200c\u200d"
SHAPED_BEFORE = frozenset({"Lo", "Mc", "Mn", "Sk", "So"})
SHAPED_AFTER = frozenset({"Lo", "So"})
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
#: What a fact says in our own words; ``%(value)s`` is a gap.
OLDER = "Open Badges %(value)s, read as 2.0"
ASKED_FOR = "%(value)s, as you asked"
SOMEBODY_ELSE = "somebody else than you asked for"
NOT_COMPARED = "not compared: no address was given"
LABELS = (
    "Badge",
    "Issuer",
    "Awarded",
    "Endorsed",
    "Expires",
    "Recipient",
    "Signed",
    "Address",
    "Written in",
    "Checked",
)
#: The one that decided comes first: what was refused, what could not be done, what held.
ORDER = (Outcome.FAILED, Outcome.ERROR, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a badge says, or that was found; ``link`` is a web address or empty.

    Where the text is not the badge's own, ``form`` is the sentence with a gap for ``value``, and
    ``moment`` is the time that it tells, so that it can be said in another language.
    """

    label: str
    text: str
    link: str = ""
    form: str = ""
    value: str = ""
    moment: datetime | None = None

    @classmethod
    def said(cls, label: str, form: str, value: str = "") -> Fact:
        """Return a fact that is a sentence of ours."""
        return cls(label, form % {"value": value}, form=form, value=value)

    @classmethod
    def at(cls, label: str, text: str) -> Fact:
        """Return a fact that is a time; what is none is told as it stands."""
        try:
            moment = parse_time(text)
        except MalformedError:
            return cls(label, text)
        return cls(label, _written(moment), moment=moment)


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
        narrative=clean(_narrative(report), MAX_NARRATIVE, lines=True),
        evidence=tuple(_evidence(award.get("evidence"))),
        done=tuple(done),
        skipped=tuple(check for check in report.checks if check.outcome is Outcome.SKIPPED),
    )


def clean(value: Any, longest: int = MAX_WORDS, *, lines: bool = False) -> str:
    """Return a text that can be shown anywhere; what is no text is empty. ``lines`` keeps lines."""
    if not isinstance(value, str):
        return ""
    parts = value[: longest + 1].splitlines() if lines else [value[: longest + 1]]
    text = "\n".join(UNPRINTABLE.sub(_printable, part).strip() for part in parts).strip()
    return text if len(value) <= longest else text[: longest - 1] + "…"


def has_unseen(text: str) -> bool:
    """Whether a text holds what cannot be seen; a joiner is seen by what it does to letters."""
    return any(not _joins(found) for found in UNPRINTABLE.finditer(text))


def _printable(found: re.Match[str]) -> str:
    return found[0] if _joins(found) else " "


def _joins(found: re.Match[str]) -> bool:
    """Whether it is one joiner between two that it shapes; between others it only misleads."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return (
        len(found[0]) == 1
        and found[0] in JOINERS
        and before != ""
        and after != ""
        and category(before) in SHAPED_BEFORE
        and category(after) in SHAPED_AFTER
    )


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
    if report.subject in (ENDORSEMENT, CREDENTIAL):
        return headline.replace("This badge", "This endorsement")
    return headline


def _narrative(report: Report) -> Any:
    """Return what an award says of itself, or an endorsement of what it endorses."""
    document = report.document or {}
    claims = {ENDORSEMENT: "claim", CREDENTIAL: "credentialSubject"}
    if report.subject not in claims:
        return (report.assertion or {}).get("narrative")
    claim = document.get(claims[report.subject])
    return claim.get("endorsementComment") if isinstance(claim, dict) else None


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
        yield Fact.said("Written in", OLDER, clean(report.upgraded, 10))
    yield Fact.at("Checked", report.verified_at)


def _of_statement(report: Report, document: dict[str, Any]) -> Iterator[Fact]:
    if issued := clean(document.get("issuedOn"), 40):
        yield Fact.at("Awarded" if report.subject == ASSERTION else "Endorsed", issued)
    if expires := clean(document.get("expires"), 40):
        yield Fact.at("Expires", expires)
    if report.subject == ASSERTION:
        yield _recipient(report)
    if report.key_id:
        signed = f"{clean(report.algorithm, 20)}, key {clean(report.key_id)}".removeprefix(", ")
        yield Fact("Signed", signed, web_link(report.key_id))
    if page := web_link(document.get("id")):
        yield Fact("Address", clean(page), page)


def _recipient(report: Report) -> Fact:
    if report.recipient:
        return Fact.said("Recipient", ASKED_FOR, clean(report.recipient))
    outcome = next((check.outcome for check in report.checks if check.id == "recipient"), None)
    return Fact.said("Recipient", SOMEBODY_ELSE if outcome is Outcome.FAILED else NOT_COMPARED)


def _name(document: dict[str, Any]) -> str:
    return clean(document.get("name"), 100) or clean(document.get("id")) or "without a name"


def _written(moment: datetime) -> str:
    """Return a moment as people write it."""
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
