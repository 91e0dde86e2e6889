# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the steps of one verification know so far, and how a step says that it did not pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from openbadges.errors import OpenBadgesError, VerificationError
from openbadges.verification.inputs import Input
from openbadges.vocabulary import (
    ASSERTION,
    BADGE_CLASS,
    CRYPTOGRAPHIC_KEY,
    ENDORSEMENT,
    PROFILE,
    REVOCATION_LIST,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from openbadges.keys import PublicKey
    from openbadges.models import Assertion, BadgeClass, BasicProfile, Endorsement
    from openbadges.signing import Token
    from openbadges.verification.documents import Documents
    from openbadges.verification.reports import Endorsed, Verdict


# What somebody says of somebody or something, as opposed to what is only named in it.
STATEMENTS: Final = (ASSERTION, ENDORSEMENT)
_NAMES: Final = {
    ASSERTION: "the award of a badge",
    ENDORSEMENT: "an endorsement",
    BADGE_CLASS: "a badge class",
    PROFILE: "a profile",
    CRYPTOGRAPHIC_KEY: "a key",
    REVOCATION_LIST: "a revocation list",
}


class NotApplicableError(OpenBadgesError):
    """A check does not apply to this badge; it is skipped, and the text says why."""


class RevokedError(VerificationError):
    """The issuer withdrew the badge."""


class ExpiredError(VerificationError):
    """The badge was valid until a moment that has passed."""


@dataclass(slots=True, kw_only=True)
class Case:
    """One verification: what was asked, and what the steps found. Steps fill it in order."""

    source: str | bytes | dict[str, Any]
    now: datetime
    recipients: Sequence[str]
    documents: Documents
    # Judges another case with the same steps, and says it in a sentence.
    judge: Callable[[Case], tuple[Verdict, str]]
    # Whether this is the endorsement of something else that is being judged.
    nested: bool = False
    # The address that was handed in, or none.
    address: str = ""
    given: Input = field(default_factory=lambda: Input(kind=""))
    signed: bool = False
    token: Token | None = None
    # The class of what is judged, and the version it was upgraded from, if it was.
    subject: str = ""
    upgraded: str = ""
    # What the badge says of itself before it is read with care.
    raw: dict[str, Any] = field(default_factory=dict)
    # Why the issuer withdrew the badge; None while nothing says so.
    withdrawn: str | None = None
    # Whether there is nothing to judge but that.
    bare: bool = False
    recipient: str = ""
    key_id: str = ""
    keys: list[PublicKey] = field(default_factory=list)
    algorithm: str = ""
    raw_badge: dict[str, Any] | None = None
    raw_issuer: dict[str, Any] | None = None
    found_assertion: Assertion | None = None
    found_endorsement: Endorsement | None = None
    found_badge: BadgeClass | None = None
    found_issuer: BasicProfile | None = None
    # The endorsements that were judged on the way.
    endorsements: list[Endorsed] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Keep something that is lawful but worth knowing."""
        self.documents.note(text)

    @property
    def assertion(self) -> Assertion:
        """The assertion; steps that use it need the step that reads it."""
        return self.found_assertion or _unread("assertion")

    @property
    def statement(self) -> Assertion | Endorsement:
        """What somebody said, signed or hosted: an award or an endorsement.

        Raises `NotApplicableError`: what is judged is neither, and proves nothing by itself.
        """
        if self.subject in STATEMENTS:
            return self.found_endorsement or self.assertion
        raise NotApplicableError(f"this is {in_words(self.subject)}, and nobody\u2019s award")

    @property
    def badge(self) -> BadgeClass:
        """The badge class; steps that use it need the step that reads it."""
        return self.found_badge or _unread("badge class")

    @property
    def issuer(self) -> BasicProfile:
        """The issuer's profile; steps that use it need the step that reads it."""
        return self.found_issuer or _unread("issuer")


def in_words(subject: str) -> str:
    """Return the name of a class as people say it, with its article."""
    return _NAMES.get(subject, "an unknown document")


def _unread(what: str) -> NoReturn:
    raise VerificationError(f"the {what} has not been read")
