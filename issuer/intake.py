# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where messages come in: one transaction each or for a group, whoever brings them."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from issuer.adapters.directories import DirectoryAccounts, accounts_of
from issuer.adapters.history import open_history
from issuer.errors import (
    AccoladesError,
    AccountsAwayError,
    ConflictError,
    HistoryAwayError,
    InvalidInputError,
)
from issuer.services import (
    events,
    histories,
    lookups,
    processing,
    python_badges,
    rulebooks,
    synchronised,
)
from issuer.services.histories import Past
from issuer.services.lookups import Foreseen, UnansweredError
from issuer.services.processing import Policy
from rules import plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from issuer.adapters.accounts import ListedAccounts
    from issuer.adapters.history.asking import History
    from issuer.adapters.messages import Incoming
    from issuer.config import Settings
    from issuer.services.processing import Processed
    from issuer.services.rulebooks import Rulebook
    from issuer.site import Site
    from rules.engine import RuleSet
    from rules.model import Message
    from rules.recipients import Accounts

    #: What is done with a session and what holds for all messages.
    Work = Callable[[Session, "Policy"], "Done"]

TRIES = 5
#: More than there are conversions: each may lead to a name that has to be asked for in its turn.
MAX_ROUNDS = 10
Done = TypeVar("Done")

log = logging.getLogger(__name__)

#: Messages that may share a transaction.
MAX_GROUP = 100


def policy_of(settings: Settings, accounts: ListedAccounts | None = None) -> Policy:
    """Return what holds for all messages; a list of accounts brings its own skipped users.

    Raises `ConfigurationError` when the directory of the settings cannot be used.
    """
    skip = settings.skip_users if accounts is None else accounts.skip_users
    opted_out = accounts.opted_out if accounts else set()
    return Policy(
        accounts=accounts or accounts_of(settings),
        skip_users=frozenset(name.lower() for name in skip) | opted_out,
        email_domain=settings.email_domain,
        message_url=settings.message_url,
        plugins=plugins.installed().badges,
    )


class Intake:
    """Takes messages into one site, with the rules in force when it was made or refreshed."""

    def __init__(self, site: Site, policy: Policy, *, history: History | None = None) -> None:
        self._site = site
        self._policy = policy
        self._past = self._open_past(history)
        self._has_background = any(badge.background for badge in policy.plugins)
        self.sync_trouble = ""  # why the rules are not those of their collections
        self._book = self._open(None)

    @property
    def ruleset(self) -> RuleSet:
        """The rules that messages meet."""
        return self._book.ruleset

    @property
    def accounts(self) -> Accounts:
        """The accounts that may be awarded."""
        return self._policy.accounts

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Rules whose newest text this version of the program cannot read."""
        return self._book.unreadable

    def refresh(self) -> bool:
        """Exchange the rules, all at once, if they changed; tell whether they were.

        Whatever it raises (database errors, `ConflictError`), the former rules stay.
        """
        with self._site.database.reading() as session:
            self.sync_trouble = synchronised.trouble(session)
            if rulebooks.version(session) == self._book.version:
                return False
        self._book = self._open(self._book)
        return True

    def handle(self, incoming: Incoming, *, now: datetime) -> Processed:
        """Archive, count and award in one transaction of its own.

        Errors of the database, of the directory of accounts and of the history leave nothing behind
        and are the caller's.
        """

        def process(session: Session, policy: Policy) -> Processed:
            return processing.process(
                session, incoming.message, self.ruleset, policy, users=incoming.users, now=now
            )

        processed = self._commit(process, [incoming.message])
        self._decide_here(now)
        return processed

    def handle_group(self, group: Sequence[Incoming], *, now: datetime) -> list[Processed]:
        """Process up to a hundred messages in one transaction, as `handle` does one by one.

        A group that fails is taken one by one, so that only what is wrong fails: its error is the
        caller's, and what came before it is kept.
        """
        if len(group) > MAX_GROUP:
            raise InvalidInputError(f"{len(group)} messages are too many for one transaction")

        def process(session: Session, policy: Policy) -> list[Processed]:
            messages = [(incoming.message, incoming.users) for incoming in group]
            return processing.process_batch(session, messages, self.ruleset, policy, now=now)

        try:
            results = self._commit(process, [incoming.message for incoming in group])
        except (AccountsAwayError, HistoryAwayError):
            raise  # one by one they would all wait
        except (SQLAlchemyError, AccoladesError, ValueError) as error:
            if len(group) == 1:
                raise
            log.warning("%d messages fail together and are taken one by one: %s", len(group), error)
            return [self.handle(incoming, now=now) for incoming in group]
        self._decide_here(now)
        return results

    def record(self, event: str, *, user: str, now: datetime, **more: Any) -> Processed:
        """Tell rules and badges what somebody did, in one transaction; see `events.record`."""

        def process(session: Session, policy: Policy) -> Processed:
            return events.record(
                session, event, user=user, policy=policy, ruleset=self.ruleset, now=now, **more
            )

        processed = self._commit(process)
        self._decide_here(now)
        return processed

    def decide_pending(self, *, now: datetime) -> int:
        """Let classes decide what they left for later; return how many decisions that were."""
        with self._site.database.writing() as session:
            return python_badges.run_pending(session, self._policy, now=now)

    def _commit(self, work: Work[Done], messages: Sequence[Message] = ()) -> Done:
        """Do something in one transaction; nothing outside is ever asked meanwhile.

        A directory of accounts is asked before for all whom the messages may award. What the work
        asks beyond that, of accounts or of a history, undoes it; it is done again with the answers.
        """

        def once(past: Past | None) -> Done:
            if isinstance(self._policy.accounts, DirectoryAccounts):
                return self._commit_foreseen(work, messages, past)
            with self._site.database.writing() as session:
                session.info[histories.KEY] = past
                return work(session, self._policy)

        return histories.answered(self._past, once)

    def _commit_foreseen(
        self, work: Work[Done], messages: Sequence[Message], past: Past | None
    ) -> Done:
        foreseen = Foreseen(self._policy.accounts)
        policy = self._policy
        lookups.foresee(foreseen, messages, self.ruleset, policy.plugins, policy.skip_users)
        policy = replace(policy, accounts=foreseen)
        for _ in range(MAX_ROUNDS):
            foreseen.close()
            try:
                with suppress(UnansweredError), self._site.database.writing() as session:
                    session.info[histories.KEY] = past
                    done = work(session, policy)
                    foreseen.ensure_answered()
                    return done
            finally:
                foreseen.open()  # what a history is asked about goes on with these accounts
            foreseen.catch_up()
        raise ConflictError("accounts: names lead on to other names without an end")

    def _decide_here(self, now: datetime) -> None:
        """Without a broker no worker runs: what is to be decided later is decided now."""
        if self._has_background and not self._site.settings.broker_url:
            self.decide_pending(now=now)

    def _open_past(self, history: History | None) -> Past | None:
        settings, now = self._site.settings, datetime.now(UTC)
        history = history or open_history(settings)
        with self._site.database.writing() as session:
            if history is None:
                histories.forget(session, now=now)
                return None
            until = histories.listen_from(
                session, settings.history, settings.history_until, now=now
            )
        return Past(history, until)

    def _open(self, former: Rulebook | None) -> Rulebook:
        """Load the rules as they stood at one moment: none may change while they are read."""
        for _ in range(TRIES):
            with self._site.database.writing() as session:  # notes a rule that cannot be read
                book = rulebooks.load(session, former)
            with self._site.database.reading() as session:
                self.sync_trouble = synchronised.trouble(session)
                if rulebooks.version(session) == book.version:
                    return book
        raise ConflictError("rules: change faster than they can be read: try again later")
