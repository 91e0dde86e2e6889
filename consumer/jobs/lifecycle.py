# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges for the age of an account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consumer.jobs.years import years_after
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from consumer.jobs.work import Work


class Lifecycle:
    """Looks at all accounts of the directory, page by page."""

    name = "lifecycle"
    summary = "Account age: badges after 1, 2, 3, 5, 7 and 10 years."

    def run(self, work: Work) -> None:
        """Award the badge of each age that an account has reached."""
        ages = sorted(work.settings.lifecycle_badges.items())
        if not ages:
            return
        group = work.settings.lifecycle_group
        members = frozenset(work.directory.members_of(group)) if group else None
        first = int(work.position) if work.position.isdecimal() else 1
        for page in work.directory.accounts(first=first):
            work.expect(page.total)
            for username, written in page.accounts:
                # The page is read again where the run ends within it.
                who = username or f"page {page.number} of the accounts"
                with work.looking_at(who, position=str(page.number)):
                    if not username:
                        raise InvalidInputError("the directory gives no name of an account")
                    if members is not None and username not in members:
                        continue
                    created = _moment(written)
                    for years, badge in ages:
                        if years_after(created, years) <= work.now:
                            since = f"Has an account since {created:%Y-%m-%d}."
                            work.award(badge, username, narrative=since)


def _moment(written: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(written))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInputError(
            f"the directory gives {written!r:.80} as the moment at which the account was made"
        ) from None
