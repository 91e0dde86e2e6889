# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks other issuers whether they still stand by what they said of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.services import endorsers
from issuer.services.verifying import make_fetcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from consumer.jobs.work import Work
    from openbadges.fetching import Fetcher


class EndorsementCheck:
    """Looks at endorsements of other issuers, those first that were not asked for longest."""

    name = "endorsement-check"
    summary = "Asks again whether the endorsements of other issuers hold."

    def __init__(self, make: Callable[[Work], Fetcher] | None = None) -> None:
        self._make = make or _fetcher

    def run(self, work: Work) -> None:
        """Verify each anew; what became of it is shown with it, and is a line of the run."""
        with work.reading() as session:
            waiting = endorsers.waiting(session)
        work.expect(len(waiting))
        for uuid, source, who in waiting:
            with work.looking_at(f"endorsement {uuid} of {who}"):
                # Other sites are asked while no transaction is open.
                report = endorsers.examine(source, self._make(work), now=work.now).report
                with work.changing() as session:
                    is_new = endorsers.keep_verdict(session, uuid, report, now=work.now)
                if is_new:
                    work.problem(f"endorsement {uuid} of {who}: {report.sentence}")


def _fetcher(work: Work) -> Fetcher:
    site = work.site
    return make_fetcher(site.settings, site.database.reading, site.keys, site.objects)
