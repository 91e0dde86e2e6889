# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets old messages go from the archive."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from issuer.errors import ConfigurationError
from issuer.services import retention, rulebooks
from rules import plugins

if TYPE_CHECKING:
    from consumer.jobs.work import Work


class ArchiveRetention:
    """Looks at messages that are older than the settings want them, the oldest first."""

    name = "archive-retention"
    summary = "Deletes old messages of the archive once counters hold their sum."

    def run(self, work: Work) -> None:
        """Delete them, some at a time; a topic that a rule needs stays, and is one line."""
        days = work.settings.archive_keep_days
        if not days:
            return
        _ensure_possible(work)
        before = work.now - timedelta(days=days)
        with work.reading() as session:
            book = rulebooks.load(session)
            if book.unreadable:
                raise ConfigurationError(
                    [f"rule {book.unreadable[0]}: cannot be read: what it needs is not known"]
                )
            planned = retention.plan(session, book.ruleset.rules, before=before)
        for topic, reason in planned.kept.items():
            work.problem(f"topic {topic}: its old messages stay: {reason}")
        last: int | None = 0
        while last is not None:
            with work.changing() as session:
                number, last = retention.prune(
                    session, planned, before=before, after=last, now=work.now
                )
            work.count(number)


def _ensure_possible(work: Work) -> None:
    """Raise `ConfigurationError` where somebody counts messages who has no counters."""
    if work.settings.history != "archive":
        raise ConfigurationError(
            [
                "archive_keep_days: counters are made anew where a history outside is configured, "
                "so that every message is needed: set it to 0"
            ]
        )
    if found := plugins.installed().badges:
        raise ConfigurationError(
            [
                f"archive_keep_days: the badge {found[0].slug} in Python may count any message of "
                "the archive: set it to 0"
            ]
        )
