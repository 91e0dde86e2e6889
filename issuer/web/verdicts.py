# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a verification found, in the language of whoever reads.

The library that verifies speaks English. What it can say in few words is translated here: verdicts,
what each check looks at, facts, what to do. What it found in detail is shown as it said it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from issuer.services import findings
from issuer.services.findings import clean
from issuer.web import texts
from openbadges.errors import MalformedError
from openbadges.times import parse_time
from openbadges.verification import Verdict
from openbadges.vocabulary import ASSERTION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from issuer.services.findings import Fact, Findings
    from openbadges.verification import Report

#: Why a verdict is as it is, in short; the details follow in English.
REASONS = {
    Verdict.NOT_A_BADGE: _("What was handed in holds no Open Badge."),
    Verdict.INVALID: _("A check failed, so it proves nothing."),
    Verdict.REVOKED: _("Its issuer has withdrawn it."),
    Verdict.EXPIRED: _("It was genuine, and its time is over."),
    Verdict.UNVERIFIABLE: _("Something that is needed to check it cannot be had now."),
    Verdict.VALID: _("Every check that applies has passed."),
}
#: What each check claims; its outcome tells whether that is so.
CHECKS = {
    "input": (_("Input"), _("What was handed in can be read.")),
    "assertion": (_("Award"), _("The award itself was found.")),
    "data": (_("Data"), _("All of it has the form that the standard asks for.")),
    "badge": (_("Badge"), _("The badge that was awarded is there and sound.")),
    "issuer": (_("Issuer"), _("The issuer is there and sound.")),
    "image": (_("Picture"), _("The picture of the badge is there.")),
    "links": (_("Links"), _("What else it leads to is sound.")),
    "scope": (_("Address"), _("The issuer vouches for the address.")),
    "key": (_("Key"), _("The key is one that the issuer lists.")),
    "signature": (_("Signature"), _("The signature was made with that key.")),
    "refresh": (_("Newer form"), _("The issuer was asked for it as it is now.")),
    "revocation": (_("Revocation"), _("The issuer has not withdrawn it.")),
    "issued": (_("Award date"), _("The day of the award is not in the future.")),
    "expiry": (_("Expiry"), _("Its time is not over.")),
    "recipient": (_("Recipient"), _("It was awarded to whom you asked for.")),
}
OUTCOMES = {
    "passed": _("Passed"),
    "failed": _("Failed"),
    "error": _("Error"),
    "skipped": _("Skipped"),
}
#: Texts of others by themselves: none of them holds anything of a badge.
_FIXED = (
    _("This is not a badge"),
    _("This badge is not valid"),
    _("This badge was revoked"),
    _("This badge has expired"),
    _("This badge could not be verified"),
    _("This badge is valid"),
    _("This endorsement is not valid"),
    _("This endorsement was revoked"),
    _("This endorsement has expired"),
    _("This endorsement could not be verified"),
    _("This endorsement is valid"),
    _("This is a badge class, and the award of nothing"),
    _("This is a profile, and no badge"),
    _("This is a key, and no badge"),
    _("This is a revocation list, and no badge"),
    _("Hand in the address of a badge, its signed text, or its PNG or SVG file."),
    _("Do not rely on it; ask the person for the badge's address at its issuer."),
    _("Do not rely on it; its issuer can say more."),
    _("It held once; ask its issuer whether it was renewed."),
    _("That does not make it false; try again later or ask its issuer."),
    _("Compare the address with the one that the badge was awarded to."),
    _("Badge"),
    _("Issuer"),
    _("Awarded"),
    _("Endorsed"),
    _("Expires"),
    _("Recipient"),
    _("Signed"),
    _("Address"),
    _("Written in"),
    _("Checked"),
    _("Open Badges %(value)s, read as 2.0"),
    _("%(value)s, as you asked"),
    _("somebody else than you asked for"),
    _("not compared: no address was given"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a page says of a report: ``reason`` in its language, ``detail`` in English."""

    headline: str
    reason: str
    detail: str
    remedy: str
    facts: tuple[Fact, ...]


def told(report: Report, found: Findings | None = None) -> Told:
    """Return a report in the language of this request."""
    found = found or findings.findings_of(report)
    is_award = report.valid and report.subject == ASSERTION
    return Told(
        headline=gettext(found.headline),
        reason=_awarded(report) if is_award else str(REASONS[report.verdict]),
        detail="" if is_award else found.reason,
        remedy=gettext(report.remedy) if report.remedy else "",
        facts=tuple(_facts(found.facts)),
    )


def check_name(name: str) -> str:
    """Return how a check is called."""
    return str(CHECKS[name][0]) if name in CHECKS else name.capitalize()


def check_claim(name: str) -> str:
    """Return what a check claims, a sentence."""
    return str(CHECKS[name][1]) if name in CHECKS else ""


def outcome(name: str) -> str:
    """Return how a check ended, in a word."""
    return str(OUTCOMES.get(name, name))


def _awarded(report: Report) -> str:
    """Say who awarded what to whom, and how that is known."""
    award, badge, issuer = report.document or {}, report.badge or {}, report.issuer or {}
    values = {
        "issuer": clean(issuer.get("name"), 100) or clean(issuer.get("id")),
        "badge": clean(badge.get("name"), 100),
        "recipient": clean(report.recipient),
        "day": _day(clean(award.get("issuedOn"), 40)),
    }
    if report.recipient:
        what = gettext("%(issuer)s awarded “%(badge)s” to %(recipient)s on %(day)s.", **values)
    else:
        what = gettext("%(issuer)s awarded “%(badge)s” on %(day)s.", **values)
    if report.method == "signed":
        how = gettext("The signature is the issuer's, and it is not revoked.")
    else:
        how = gettext("The issuer's own server confirms it, and it is not revoked.")
    return f"{what} {how}"


def _facts(given: Iterable[Fact]) -> Iterable[Fact]:
    for fact in given:
        text = fact.text
        if fact.moment is not None:
            text = _moment(fact.moment)
        elif fact.form:
            text = gettext(fact.form, value=fact.value)
        yield findings.Fact(gettext(fact.label), text, fact.link)


def _day(text: str) -> str:
    try:
        return texts.day(parse_time(text))
    except MalformedError:
        return text


def _moment(moment: datetime) -> str:
    return f"{texts.day(moment)}, {moment:%H:%M} {moment.tzname() or ''}".rstrip()
