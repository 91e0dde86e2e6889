# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose names are: found out before a transaction begins, and only remembered while it is open.

A directory may take seconds to answer. Nobody waits for it with rows of the database locked.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rules.errors import RuleError
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rules.engine import RuleSet
    from rules.model import Message
    from rules.plugins import PythonBadge
    from rules.recipients import Accounts, Converting


class UnansweredError(Exception):
    """Something was decided without an answer, so nothing of it may stay."""


class Foreseen:
    """Accounts for one piece of work: they ask until `close`, and then tell what they learned.

    What is asked nevertheless is noted, and gets a provisional answer: nobody.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._is_open = True
        self._known: dict[tuple[str, str], str | None] = {}
        self._missing: dict[tuple[str, str], None] = {}

    def close(self) -> None:
        """Ask no more: a transaction begins."""
        self._is_open = False

    def open(self) -> None:
        """Ask again: the transaction is over."""
        self._is_open = True

    def ensure_answered(self) -> None:
        """Raise `UnansweredError` when something was asked since that nobody had foreseen."""
        if self._missing:
            raise UnansweredError(f"{len(self._missing)} names are not known yet")

    def catch_up(self) -> None:
        """Ask what was noted; the transaction is over."""
        missing, self._missing = self._missing, {}
        for kind, name in missing:
            self._known[kind, name] = self._ask(kind, name)

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name."""
        return self._answer("exists", username) is not None

    def nick(self, nick: str) -> str | None:
        """Account of a chat nick."""
        return self._answer("nick", nick)

    def email(self, address: str) -> str | None:
        """Account of an e-mail address."""
        return self._answer("email", address)

    def openid(self, url: str) -> str | None:
        """Account of an OpenID; it says so itself."""
        return self._accounts.openid(url)

    def github(self, url: str) -> str | None:
        """Account of a GitHub user."""
        return self._answer("github", url)

    def distgit(self, url: str) -> str | None:
        """Account of a page of package sources; it says so itself."""
        return self._accounts.distgit(url)

    def kerberos(self, principal: str) -> str | None:
        """Account of a Kerberos principal; it says so itself."""
        return self._accounts.kerberos(principal)

    def _answer(self, kind: str, name: str) -> str | None:
        key = (kind, name)
        if key not in self._known:
            if not self._is_open:
                self._missing[key] = None
                return None
            self._known[key] = self._ask(kind, name)
        return self._known[key]

    def _ask(self, kind: str, name: str) -> str | None:
        if kind == "exists":
            return name if self._accounts.exists(name) else None
        found: str | None = getattr(self._accounts, kind)(name)
        return found


def foresee(
    accounts: Foreseen,
    messages: Iterable[Message],
    ruleset: RuleSet,
    plugins: Iterable[PythonBadge],
    skip: Collection[str],
) -> None:
    """Ask for all who may be awarded for messages."""
    for message in messages:
        for decision in ruleset.triggered(message):
            if decision.error is None:
                _resolve(decision.rule, decision.candidates, accounts, skip)
        names = dict.fromkeys(filter(None, (message.agent_name, *message.usernames)))
        for badge in plugins:
            if badge.hears(message.topic):
                _resolve(badge, names, accounts, skip)


def _resolve(
    rule: Converting, candidates: Iterable[object], accounts: Accounts, skip: Collection[str]
) -> None:
    with suppress(RuleError):  # it fails again, where failures are recorded
        resolve(rule, candidates, accounts, skip)
