# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an error of one check means for the verdict on the whole badge."""

from __future__ import annotations

from openbadges.errors import FetchError, OpenBadgesError, UnsupportedError
from openbadges.verification.cases import ExpiredError, NotApplicableError, RevokedError
from openbadges.verification.forms import NotABadgeError
from openbadges.verification.reports import Outcome, Verdict

# The first class that fits decides.
_MEANINGS: tuple[tuple[type[OpenBadgesError], Outcome, Verdict], ...] = (
    (NotApplicableError, Outcome.SKIPPED, Verdict.VALID),
    (NotABadgeError, Outcome.FAILED, Verdict.NOT_A_BADGE),
    (RevokedError, Outcome.FAILED, Verdict.REVOKED),
    (ExpiredError, Outcome.FAILED, Verdict.EXPIRED),
    (FetchError, Outcome.ERROR, Verdict.UNVERIFIABLE),
    (UnsupportedError, Outcome.ERROR, Verdict.UNVERIFIABLE),
    (OpenBadgesError, Outcome.FAILED, Verdict.INVALID),
)


def meaning(error: OpenBadgesError) -> tuple[Outcome, Verdict]:
    """Return how the check ended that raised an error, and what it alone makes of the badge."""
    return next(
        (outcome, verdict) for kind, outcome, verdict in _MEANINGS if isinstance(error, kind)
    )
