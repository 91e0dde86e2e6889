# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that columns may hold."""

from __future__ import annotations

from enum import StrEnum


class KeyState(StrEnum):
    """What a signing key may be used for."""

    ACTIVE = "active"
    RETIRED = "retired"  # signs no more, still verifies
    REVOKED = "revoked"  # neither


class Source(StrEnum):
    """Who or what made an award."""

    RULE = "rule"
    ADMIN = "admin"
    INVITATION = "invitation"
    CLAIM = "claim"
    JOB = "job"
    API = "api"
    IMPORT = "import"


class ClaimState(StrEnum):
    """How far the review of a claim is."""

    OPEN = "open"
    ASKED_BACK = "asked-back"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class PushState(StrEnum):
    """How far a badge is on its way to a foreign backpack."""

    WAITING = "waiting"
    SENT = "sent"
    ALREADY_THERE = "already-there"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Period(StrEnum):
    """The spans for which totals are kept."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
