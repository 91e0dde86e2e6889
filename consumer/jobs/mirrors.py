# SPDX-License-Identifier: AGPL-3.0-or-later
"""A badge for those who look after mirrors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.adapters.mirrors import read_admins

if TYPE_CHECKING:
    from consumer.jobs.work import Work

NO_ACCOUNT = "have no account"


class Mirror:
    """Looks at the list of administrators that a mirror manager publishes."""

    name = "mirror"
    summary = "A badge for the administrators of mirrors."

    def run(self, work: Work) -> None:
        """Award the badge to all who are listed and have an account."""
        settings = work.settings
        if not (settings.mirror_badge and settings.mirror_url):
            return
        found = read_admins(settings)
        listed = sorted({name for name in found if isinstance(name, str)})
        work.expect(len(listed))
        for entry in found:
            if not isinstance(entry, str):
                work.problem(f"{entry!r:.80}: is no name of an account")
        # Nobody is asked about who has the badge.
        wanted = set(work.without(settings.mirror_badge, listed))
        for username in work.each(listed):
            with work.looking_at(username):
                if username not in wanted or work.accounts.exists(username):
                    work.award(settings.mirror_badge, username)
                else:
                    work.tally.skip(NO_ACCOUNT)
