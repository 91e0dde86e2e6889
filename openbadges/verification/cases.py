# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the steps of one verification know so far, and how a step says that it did not pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from openbadges.errors import OpenBadgesError, VerificationError
from openbadges.verification.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from openbadges.keys import PublicKey
    from openbadges.models import Assertion, BadgeClass, Profile
    from openbadges.verification.documents import Documents


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
    # The address that was handed in, or none.
    address: str = ""
    given: Input = field(default_factory=lambda: Input(kind=""))
    signed: bool = False
    token: str = ""
    # What the badge says of itself before it is read with care.
    raw: dict[str, Any] = field(default_factory=dict)
    # Why the issuer withdrew the badge; None while nothing says so.
    withdrawn: str | None = None
    recipient: str = ""
    key_id: str = ""
    keys: list[PublicKey] = field(default_factory=list)
    algorithm: str = ""
    raw_badge: dict[str, Any] | None = None
    raw_issuer: dict[str, Any] | None = None
    found_assertion: Assertion | None = None
    found_badge: BadgeClass | None = None
    found_issuer: Profile | None = None

    def note(self, text: str) -> None:
        """Keep something that is lawful but worth knowing."""
        self.documents.notes.append(text)

    @property
    def assertion(self) -> Assertion:
        """The assertion; steps that use it need the step that reads it."""
        return self.found_assertion or _unread("assertion")

    @property
    def badge(self) -> BadgeClass:
        """The badge class; steps that use it need the step that reads it."""
        return self.found_badge or _unread("badge class")

    @property
    def issuer(self) -> Profile:
        """The issuer's profile; steps that use it need the step that reads it."""
        return self.found_issuer or _unread("issuer")


def _unread(what: str) -> NoReturn:
    raise VerificationError(f"the {what} has not been read")
