# SPDX-License-Identifier: AGPL-3.0-or-later
"""What verification answers: a verdict, every check that led to it, and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openbadges.errors import VerificationError
from openbadges.vocabulary import ASSERTION


class Outcome(StrEnum):
    """How one check ended; a check that could not be carried out is an error, never silence."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


class Verdict(StrEnum):
    """What a badge is, the gravest first: the first that applies is the verdict."""

    NOT_A_BADGE = "not a badge"
    INVALID = "invalid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNVERIFIABLE = "unverifiable"
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the fixed list; `number` and `id` never change their meaning.

    `clause` is the part of a specification that asks for it.
    """

    number: int
    id: str
    outcome: Outcome
    message: str
    clause: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the check for JSON."""
        return {
            "number": self.number,
            "id": self.id,
            "outcome": self.outcome.value,
            "message": self.message,
            "clause": self.clause,
        }


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """One answer that verification looked at; without a status there was none."""

    url: str
    final_url: str
    status: int | None
    content_type: str
    sha256: str
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return {
            "url": self.url,
            "final_url": self.final_url,
            "status": self.status,
            "content_type": self.content_type,
            "sha256": self.sha256,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed:
    """What somebody says in favour of a badge, its issuer or its award, and whether that holds.

    `endorsed` is the id it was found at, `sentence` says the verdict to a person.
    """

    id: str
    endorsed: str
    issuer: str
    issuer_name: str
    comment: str
    issued_on: str
    verdict: Verdict
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the endorsement for JSON."""
        return {
            "id": self.id,
            "endorsed": self.endorsed,
            "issuer": self.issuer,
            "issuer_name": self.issuer_name,
            "comment": self.comment,
            "issued_on": self.issued_on,
            "verdict": self.verdict.value,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a verification; true in a condition when the badge is valid.

    `sentence` says it to a person, `remedy` what to do. `notes` hold what is lawful but worth
    knowing. `subject` is the class of what was judged: an award is an ``Assertion``, and only that
    was given to somebody. `document` is what was judged, in the words of version 2.0; `upgraded` is
    the version it had before, where that was an older one. `badge` and `issuer` are the documents
    it names, where they could be read; `key_id` and `algorithm` tell who signed. `recipient` is
    the one given identity that the badge was awarded to. `source` says what was handed in, `method`
    whether it is verified by being ``hosted`` or ``signed``, where that came out. `valid_until` is
    the end that a valid badge gives itself; issuers may withdraw it at any time before.
    `endorsements` are those that the documents of a badge carry or link, each with its own verdict.
    """

    verdict: Verdict
    sentence: str
    remedy: str
    checks: tuple[Check, ...]
    documents: tuple[FetchedDocument, ...]
    verified_at: str
    notes: tuple[str, ...] = ()
    subject: str = ""
    upgraded: str = ""
    document: dict[str, Any] | None = None
    badge: dict[str, Any] | None = None
    issuer: dict[str, Any] | None = None
    recipient: str = ""
    key_id: str = ""
    algorithm: str = ""
    source: str = ""
    method: str = ""
    valid_until: str = ""
    endorsements: tuple[Endorsed, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether every check that applies has passed."""
        return self.verdict is Verdict.VALID

    @property
    def assertion(self) -> dict[str, Any] | None:
        """The assertion that was judged; None where it was something else."""
        return self.document if self.subject in ("", ASSERTION) else None

    def __bool__(self) -> bool:
        return self.valid

    def raise_for_status(self) -> dict[str, Any]:
        """Return the assertion of a valid badge.

        Raises `VerificationError`: the badge is not valid, or what was judged is no award; the text
        is the sentence.
        """
        if not self.valid or self.assertion is None:
            raise VerificationError(self.sentence)
        return self.assertion

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON, in the form of `openbadges.verification.report_schema`."""
        key = {"id": self.key_id, "algorithm": self.algorithm} if self.key_id else None
        return {
            "valid": self.valid,
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "checks": [check.to_dict() for check in self.checks],
            "source": self.source or None,
            "method": self.method or None,
            "subject": self.subject or None,
            "upgraded": self.upgraded or None,
            "notes": list(self.notes),
            "documents": [document.to_dict() for document in self.documents],
            "key": key,
            "recipient": self.recipient or None,
            "document": self.document,
            "assertion": self.assertion,
            "badge": self.badge,
            "issuer": self.issuer,
            "verified_at": self.verified_at,
            "valid_until": self.valid_until or None,
            "endorsements": [each.to_dict() for each in self.endorsements],
        }
