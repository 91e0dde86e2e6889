# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where messages come in: one transaction each, whoever brings them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from issuer.adapters.accounts import OpenAccounts
from issuer.errors import ConflictError
from issuer.services import events, processing, python_badges, rulebooks
from issuer.services.processing import Policy
from rules import plugins

if TYPE_CHECKING:
    from datetime import datetime

    from issuer.adapters.accounts import ListedAccounts
    from issuer.adapters.messages import Incoming
    from issuer.config import Settings
    from issuer.services.processing import Processed
    from issuer.services.rulebooks import Rulebook
    from issuer.site import Site
    from rules.engine import RuleSet

TRIES = 5


def policy_of(settings: Settings, accounts: ListedAccounts | None = None) -> Policy:
    """Return what holds for all messages; a list of accounts brings its own skipped users."""
    skip = settings.skip_users if accounts is None else accounts.skip_users
    opted_out = accounts.opted_out if accounts else set()
    return Policy(
        accounts=accounts or OpenAccounts(email_domain=settings.email_domain),
        skip_users=frozenset(name.lower() for name in skip) | opted_out,
        email_domain=settings.email_domain,
        message_url=settings.message_url,
        plugins=plugins.installed().badges,
    )


class Intake:
    """Takes messages into one site, with the rules in force when it was made or refreshed."""

    def __init__(self, site: Site, policy: Policy) -> None:
        self._site = site
        self._policy = policy
        self._has_background = any(badge.background for badge in policy.plugins)
        self._book = self._open(None)

    @property
    def ruleset(self) -> RuleSet:
        """The rules that messages meet."""
        return self._book.ruleset

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Rules whose newest text this version of the program cannot read."""
        return self._book.unreadable

    def refresh(self) -> bool:
        """Exchange the rules, all at once, if they changed; tell whether they were.

        Whatever it raises (database errors, `ConflictError`), the former rules stay.
        """
        with self._site.database.reading() as session:
            if rulebooks.version(session) == self._book.version:
                return False
        self._book = self._open(self._book)
        return True

    def handle(self, incoming: Incoming, *, now: datetime) -> Processed:
        """Archive, count and award in one transaction of its own.

        Database errors leave nothing behind and are the caller's.
        """
        with self._site.database.writing() as session:
            processed = processing.process(
                session,
                incoming.message,
                self.ruleset,
                self._policy,
                users=incoming.users,
                now=now,
            )
        self._decide_here(now)
        return processed

    def record(self, event: str, *, user: str, now: datetime, **more: Any) -> Processed:
        """Tell rules and badges what somebody did, in one transaction; see `events.record`."""
        with self._site.database.writing() as session:
            processed = events.record(
                session,
                event,
                user=user,
                policy=self._policy,
                ruleset=self.ruleset,
                now=now,
                **more,
            )
        self._decide_here(now)
        return processed

    def decide_pending(self, *, now: datetime) -> int:
        """Let classes decide what they left for later; return how many decisions that were."""
        with self._site.database.writing() as session:
            return python_badges.run_pending(session, self._policy, now=now)

    def _decide_here(self, now: datetime) -> None:
        """Without a broker no worker runs: what is to be decided later is decided now."""
        if self._has_background and not self._site.settings.broker_url:
            self.decide_pending(now=now)

    def _open(self, former: Rulebook | None) -> Rulebook:
        """Load the rules as they stood at one moment: none may change while they are read."""
        for _ in range(TRIES):
            with self._site.database.writing() as session:  # notes a rule that cannot be read
                book = rulebooks.load(session, former)
            with self._site.database.reading() as session:
                if rulebooks.version(session) == book.version:
                    return book
        raise ConflictError("rules: change faster than they can be read: try again later")
