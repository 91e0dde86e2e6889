# SPDX-License-Identifier: AGPL-3.0-or-later
"""A badge for those who wrote something in the history of a repository."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.adapters.commits import read_authors
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from consumer.jobs.work import Work

UNKNOWN = "addresses without an account"
#: What GitHub writes for people who keep their address to themselves.
HIDDEN = re.compile(r"([0-9]+\+)?(?P<name>[a-z0-9-]+)@users\.noreply\.github\.com")


class RepositoryAuthors:
    """Reads the history of each repository, and asks whose the addresses are."""

    name = "repository-authors"
    summary = "A badge for the authors of commits in some repositories."

    def run(self, work: Work) -> None:
        """Award the badge; a repository that cannot be read is one line."""
        badge = work.settings.author_badge
        for address in work.each(work.settings.author_repositories) if badge else ():
            place, _, branch = address.partition("#")
            try:
                with tempfile.TemporaryDirectory() as folder:
                    authors = read_authors(place, branch, Path(folder))
            except InvalidInputError as error:
                work.problem(str(error))
                continue
            for email in authors:
                # No line of a report holds the address of anybody.
                with work.looking_at(f"an author in {place}"):
                    username = _account(work, email)
                    if username is None:
                        work.tally.skip(UNKNOWN)
                    else:
                        work.award(badge, username)


def _account(work: Work, email: str) -> str | None:
    hidden = HIDDEN.fullmatch(email)
    if hidden is not None:
        return work.accounts.github(f"https://api.github.com/users/{hidden['name']}")
    username = work.accounts.email(email)
    return username if username and work.accounts.exists(username) else None
