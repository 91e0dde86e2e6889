# SPDX-License-Identifier: AGPL-3.0-or-later
"""Says the verdict to people: one sentence, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openbadges.times import format_time
from openbadges.verification.cases import in_words
from openbadges.verification.reports import Verdict
from openbadges.vocabulary import ASSERTION, ENDORSEMENT

if TYPE_CHECKING:
    from openbadges.verification.cases import Case

# Names come from strangers: no line breaks, no control or direction characters.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_LONGEST = 100

_OPENINGS = {
    Verdict.NOT_A_BADGE: "This is not a badge",
    Verdict.INVALID: "This badge is not valid",
    Verdict.REVOKED: "This badge was revoked",
    Verdict.EXPIRED: "This badge has expired",
    Verdict.UNVERIFIABLE: "This badge could not be verified",
}
_REMEDIES = {
    Verdict.NOT_A_BADGE: "Hand in the address of a badge, its signed text, or its PNG or SVG file.",
    Verdict.INVALID: "Do not rely on it; ask the person for the badge's address at its issuer.",
    Verdict.REVOKED: "Do not rely on it; its issuer can say more.",
    Verdict.EXPIRED: "It held once; ask its issuer whether it was renewed.",
    Verdict.UNVERIFIABLE: "That does not make it false; try again later or ask its issuer.",
    Verdict.VALID: "",
}
_OTHER_CHECKS = {
    "recipient": "Compare the address with the one that the badge was awarded to.",
}


def sentence(case: Case, verdict: Verdict, reason: str) -> str:
    """Return the one sentence that tells a person what was found."""
    if verdict is not Verdict.VALID:
        return opening(verdict, reason, is_endorsement=case.subject == ENDORSEMENT)
    if case.subject not in (ASSERTION, ENDORSEMENT):
        return (
            f"This is {in_words(case.subject)}, sound and not withdrawn, and not the award of a "
            f"badge (checked {format_time(case.now)})."
        )
    how = "the signature is the issuer's" if case.signed else "the issuer's own server confirms it"
    who = clean(case.issuer.name or case.issuer.id)
    when = case.statement.issued_on[:10]
    if case.found_endorsement is not None:
        what = clean(case.found_endorsement.claim.id)
        return (
            f"This endorsement is valid: {who} endorsed {what} on {when}, {how}, and it is not "
            f"revoked (checked {format_time(case.now)})."
        )
    to_whom = f" to {clean(case.recipient)}" if case.recipient else ""
    return (
        f"This badge is valid: {who} awarded \u201c{clean(case.badge.name)}\u201d{to_whom} on "
        f"{when}, {how}, and it is not revoked (checked {format_time(case.now)})."
    )


def opening(verdict: Verdict, reason: str, *, is_endorsement: bool = False) -> str:
    """Return the sentence on what is not valid."""
    what = _OPENINGS[verdict]
    if is_endorsement:
        what = what.replace("This badge", "This endorsement")
    return f"{what}: {clean(reason, 500)}."


def remedy(verdict: Verdict, check_id: str) -> str:
    """Return what to do about the verdict that a check led to."""
    if verdict is Verdict.INVALID and check_id in _OTHER_CHECKS:
        return _OTHER_CHECKS[check_id]
    return _REMEDIES[verdict]


def clean(text: str, longest: int = _LONGEST) -> str:
    """Return a stranger's words so that they can stand in a sentence."""
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"
