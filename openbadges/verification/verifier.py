# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the fixed list of checks over one badge and draws the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from openbadges.errors import OpenBadgesError
from openbadges.ob3 import judging
from openbadges.times import format_time
from openbadges.verification import attachments, finding, proving, reading, signatures
from openbadges.verification.cases import STATEMENTS, Case
from openbadges.verification.documents import Documents
from openbadges.verification.meanings import meaning
from openbadges.verification.reports import Check, Outcome, Report, Verdict
from openbadges.verification.sentences import remedy, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from openbadges.fetching import Fetcher


class Step(NamedTuple):
    """One check: its id, what it does, the clause that asks for it, and what it needs before."""

    id: str
    run: Callable[[Case], str]
    clause: str
    needs: tuple[str, ...] = ()


_BADGES = "Open Badges 2.0"
STEPS = (
    Step("input", finding.read_source, f"{_BADGES}, Baking; RFC 7515; RFC 8259"),
    Step("assertion", finding.find_subject, f"{_BADGES}, Verification", ("input",)),
    Step("data", reading.read_subject, f"{_BADGES}, Data Classes; Extensions", ("assertion",)),
    Step("badge", reading.read_badge, f"{_BADGES}, BadgeClass", ("data",)),
    Step("issuer", reading.read_issuer, f"{_BADGES}, Profile", ("badge",)),
    Step("image", attachments.check_image, f"{_BADGES}, BadgeClass; Image", ("badge",)),
    Step("links", attachments.check_links, f"{_BADGES}, Endorsement", ("issuer",)),
    Step(
        "scope",
        proving.check_hosting,
        f"{_BADGES}, Hosted Verification; VerificationObject",
        ("issuer",),
    ),
    Step("key", signatures.check_keys, f"{_BADGES}, Signed Verification", ("issuer",)),
    Step("signature", signatures.check_signature, f"{_BADGES}, Signed Verification", ("key",)),
    Step("revocation", proving.check_revocation, f"{_BADGES}, Revoking an Assertion", ("issuer",)),
    Step("issued", proving.check_issued, f"{_BADGES}, Assertion", ("data",)),
    Step("expiry", proving.check_expiry, f"{_BADGES}, Assertion", ("data",)),
    Step("recipient", proving.check_recipient, f"{_BADGES}, IdentityObject", ("data",)),
)
"""The checks in their order; the specification's steps are named in each function."""

_GRAVITY = list(Verdict)


def verify(
    source: str | bytes | dict[str, Any],
    *,
    fetcher: Fetcher,
    now: datetime,
    recipients: Sequence[str] = (),
) -> Report:
    """Return whether a badge is true, with every check that was made and why (Open Badges 2.0).

    `source` is a URL, a compact JWS, JSON text or its object, or the bytes of a PNG or SVG (or of
    any of the texts). It may be of version 0.5 to 2.0 or 3.0, an endorsement, or a badge class, a
    profile, a key or a revocation list alone; `Report.subject` says which. `recipients` are
    ``[TYPE:]VALUE`` identities; a badge must belong to one of them where any are given. `fetcher`
    brings the documents that the badge names.

    A badge that does not hold is no error: the report says so. Raises `MalformedError`: `now`
    carries no zone.
    """
    verified_at = format_time(now)
    documents = Documents(fetcher)
    if (credential := judging.find(source, documents)) is not None:
        return judging.judge(credential, documents, now=now, recipients=recipients)
    case = Case(source=source, now=now, recipients=recipients, documents=documents, judge=_judge)
    results = _run_all(case)
    verdict, decisive = _verdict(results)
    return Report(
        verdict=verdict,
        sentence=sentence(case, verdict, decisive.message),
        remedy=remedy(verdict, decisive.id),
        checks=tuple(result.check for result in results),
        documents=tuple(documents.fetched),
        verified_at=verified_at,
        notes=tuple(documents.notes),
        subject=case.subject,
        upgraded=case.upgraded,
        document=case.raw or None,
        badge=case.raw_badge,
        issuer=case.raw_issuer,
        recipient=case.recipient,
        key_id=case.key_id,
        algorithm=case.algorithm,
        source=case.given.kind,
        method=_method(case, results),
        valid_until=_end(case) if verdict is Verdict.VALID else "",
        endorsements=tuple(case.endorsements),
    )


def _method(case: Case, results: list[_Result]) -> str:
    """Return how a badge that was found is verified; other documents prove nothing themselves."""
    found = any(each.check.id == "assertion" and each.meaning is Verdict.VALID for each in results)
    if not found or case.subject not in STATEMENTS:
        return ""
    return "signed" if case.signed else "hosted"


def _end(case: Case) -> str:
    return case.statement.expires or "" if case.subject in STATEMENTS else ""


class _Result(NamedTuple):
    """A check and what it alone would make of the badge."""

    check: Check
    meaning: Verdict


def _judge(case: Case) -> tuple[Verdict, str]:
    """Judge a document that another one names."""
    verdict, decisive = _verdict(_run_all(case))
    return verdict, decisive.message


def _verdict(results: list[_Result]) -> tuple[Verdict, Check]:
    """Return the gravest verdict, and the first check that led to it."""
    verdict = min((result.meaning for result in results), key=_GRAVITY.index)
    return verdict, next(result.check for result in results if result.meaning is verdict)


def _run_all(case: Case) -> list[_Result]:
    results: list[_Result] = []
    ready: set[str] = set()
    for number, step in enumerate(STEPS, start=1):
        outcome, message, meaning = _run(step, case, ready)
        if meaning is Verdict.VALID:
            ready.add(step.id)
        results.append(_Result(Check(number, step.id, outcome, message, step.clause), meaning))
    return results


def _run(step: Step, case: Case, ready: set[str]) -> tuple[Outcome, str, Verdict]:
    """Carry out one step; whatever is not reached keeps the badge from being called valid."""
    known = step.id == "revocation" and case.withdrawn is not None
    if case.bare and not known:
        reason = "not judged, because the issuer withdrew the badge"
        return Outcome.SKIPPED, reason, Verdict.UNVERIFIABLE
    if not known and (missing := [need for need in step.needs if need not in ready]):
        reason = f"not reached, because the check '{missing[0]}' did not pass"
        return Outcome.SKIPPED, reason, Verdict.UNVERIFIABLE
    try:
        return Outcome.PASSED, step.run(case), Verdict.VALID
    except OpenBadgesError as error:
        outcome, verdict = meaning(error)
        return outcome, str(error), verdict
