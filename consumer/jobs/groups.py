# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges for the members and the sponsors of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.errors import AccountUnclearError, NotFoundError

if TYPE_CHECKING:
    from consumer.jobs.work import Work

SPONSORS = ":sponsors"


class GroupMembership:
    """Looks at the groups that the settings name, one after the other."""

    name = "group-membership"
    summary = "A badge for each member, or sponsor, of a group."

    def run(self, work: Work) -> None:
        """Award the badge of each group; a group that is not there is one line."""
        badges = work.settings.group_badges
        for entry in work.each(badges):
            try:
                names = _names(work, entry)
            except (NotFoundError, AccountUnclearError) as error:
                work.problem(f"group {entry}: {error}")
                continue
            for username in names:
                with work.looking_at(username):
                    work.award(badges[entry], username)


def _names(work: Work, entry: str) -> tuple[str, ...]:
    if entry.endswith(SPONSORS):
        return work.directory.sponsors_of(entry.removesuffix(SPONSORS))
    return work.directory.members_of(entry)
