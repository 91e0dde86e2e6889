# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where messages come in: one transaction each or for a group, whoever brings them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from issuer.adapters.accounts import OpenAccounts
from issuer.errors import AccoladesError, InvalidInputError
from issuer.services import collections, processing
from issuer.services.processing import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from issuer.adapters.accounts import ListedAccounts
    from issuer.adapters.messages import Incoming
    from issuer.config import Settings
    from issuer.services.processing import Processed
    from issuer.site import Site

log = logging.getLogger(__name__)

#: Messages that may share a transaction.
MAX_GROUP = 100


def policy_of(settings: Settings, accounts: ListedAccounts | None = None) -> Policy:
    """Return what holds for all messages; a list of accounts brings its own skipped users."""
    skip = settings.skip_users if accounts is None else accounts.skip_users
    opted_out = accounts.opted_out if accounts else set()
    return Policy(
        accounts=accounts or OpenAccounts(email_domain=settings.email_domain),
        skip_users=frozenset(name.lower() for name in skip) | opted_out,
        email_domain=settings.email_domain,
        message_url=settings.message_url,
    )


class Intake:
    """Takes messages into one site, with the rules in force when it was made."""

    def __init__(self, site: Site, policy: Policy) -> None:
        self._site = site
        self._policy = policy
        with site.database.writing() as session:  # notes a rule that this version cannot read
            self.ruleset = collections.active_rules(session)

    def handle(self, incoming: Incoming, *, now: datetime) -> Processed:
        """Archive, count and award in one transaction of its own.

        Database errors leave nothing behind and are the caller's.
        """
        with self._site.database.writing() as session:
            return processing.process(
                session,
                incoming.message,
                self.ruleset,
                self._policy,
                users=incoming.users,
                now=now,
            )

    def handle_group(self, group: Sequence[Incoming], *, now: datetime) -> list[Processed]:
        """Process up to a hundred messages in one transaction, as `handle` does one by one.

        A group that fails is taken one by one, so that only what is wrong fails: its error is the
        caller's, and what came before it is kept.
        """
        if len(group) > MAX_GROUP:
            raise InvalidInputError(f"{len(group)} messages are too many for one transaction")
        try:
            with self._site.database.writing() as session:
                return processing.process_batch(
                    session,
                    [(incoming.message, incoming.users) for incoming in group],
                    self.ruleset,
                    self._policy,
                    now=now,
                )
        except (SQLAlchemyError, AccoladesError, ValueError) as error:
            if len(group) == 1:
                raise
            log.warning("%d messages fail together and are taken one by one: %s", len(group), error)
        return [self.handle(incoming, now=now) for incoming in group]
