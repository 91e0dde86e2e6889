# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that columns may hold."""

from __future__ import annotations

from enum import StrEnum


class KeyState(StrEnum):
    """What a signing key may be used for."""

    ACTIVE = "active"
    RETIRED = "retired"  # signs no more, still verifies
    REVOKED = "revoked"  # neither


class EndorsementForm(StrEnum):
    """How an endorsement came, and so what its text is."""

    OWN = "own"  # one of our issuers says it
    HOSTED = "hosted"  # Open Badges 2.0, at the address that is its id
    SIGNED = "signed"  # the same as a compact JWS
    PROOF = "proof"  # Open Badges 3.0 with a proof inside
    JWT = "jwt"  # the same as a token


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
    WITHDRAWN = "withdrawn"  # by the person who made it


class PushState(StrEnum):
    """How far a badge is on its way to a foreign backpack."""

    WAITING = "waiting"
    SENT = "sent"
    ALREADY_THERE = "already-there"
    REFUSED = "refused"
    WITHDRAWING = "withdrawing"  # revoked here, still to be removed there
    WITHDRAWN = "withdrawn"


class TokenKind(StrEnum):
    """What a key to the API opens."""

    ACCESS = "access"  # the API itself
    REFRESH = "refresh"  # the next pair of keys, once


class Period(StrEnum):
    """The spans for which totals are kept."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class BatchKind(StrEnum):
    """What is done to many awards at once."""

    AWARD = "award"
    REVOKE = "revoke"
    REVOKE_BADGE = "revoke-badge"


class BatchState(StrEnum):
    """How far a batch is."""

    FILE = "file"  # its columns are not chosen yet
    SHOWN = "shown"
    DOING = "doing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class LineState(StrEnum):
    """What became of a line of a batch."""

    READY = "ready"
    REFUSED = "refused"
    DONE = "done"
    UNDONE = "undone"
