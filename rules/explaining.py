# SPDX-License-Identifier: AGPL-3.0-or-later
"""Explains what a rule makes of a message: whom it would award, and every part with its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rules.errors import MissingValueError, RuleError
from rules.queries import NOTHING
from rules.recipients import candidates, resolve
from rules.tracing import (
    Step,
    described,
    displayed,
    follow_condition,
    follow_criteria,
    follow_trigger,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from rules.criteria import Archive
    from rules.model import Message, Previous, Rule
    from rules.recipients import Accounts

#: An error, or a message without a key that the rule reads: nobody gets anything either way.
NO_ANSWER = "gives no answer for this message"


class Surroundings(Protocol):
    """What an explanation asks besides the rule and the message."""

    @property
    def accounts(self) -> Accounts:
        """Who has an account."""
        ...

    @property
    def skip(self) -> Collection[str]:
        """Names of services, which get nothing."""
        ...

    @property
    def archive(self) -> Archive:
        """The messages so far, the explained one among them."""
        ...

    def away(self, rule: Rule, message: Message, usernames: Sequence[str]) -> Mapping[str, str]:
        """Return why some of the people get nothing, by their names in lower case."""
        ...

    def triggers(self, rule: Rule, username: str) -> int:
        """Return how many messages triggered a rule for a person, this one among them."""
        ...


@dataclass(slots=True)
class Explanation:
    """Whom a rule would award for a message, and every step on the way."""

    verdict: str = ""
    winners: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        members = ("part", "depth", "text", "outcome", "detail", "skipped", "user")
        return {
            "would_award": bool(self.winners),
            "users": list(self.winners),
            "verdict": self.verdict,
            "steps": [{name: getattr(step, name) for name in members} for step in self.steps],
        }


def explain(rule: Rule, message: Message, around: Surroundings) -> Explanation:
    """Return step by step whom a rule would award for a message, and why nobody else.

    Errors of the rule are steps; what ``around`` raises is the caller's.
    """
    result = Explanation()
    steps = result.steps
    holds = follow_trigger(steps, rule.trigger, message)
    if not holds:
        result.verdict = f"the trigger {NO_ANSWER if holds is None else 'does not hold'}"
        return result
    names = _recipients(steps, rule, message, around)
    if not names:
        result.verdict = "there is nobody who could get it"
        return result
    if rule.criteria is not None:
        holds = follow_criteria(steps, rule.criteria, message, around.archive)
        if not holds:
            said = "give no answer for this message" if holds is None else "do not hold"
            result.verdict = f"the criteria {said}"
            return result
    counted = [(name, _reached(steps, rule, message, name, around)) for name in names]
    result.winners = tuple(name for name, reached in counted if reached)
    if result.winners:
        result.verdict = f"it earns the badge for {', '.join(result.winners)}"
    elif any(reached is None for _, reached in counted):
        result.verdict = f"what is counted {NO_ANSWER}"
    else:
        result.verdict = "the condition does not hold"
    return result


def _recipients(steps: list[Step], rule: Rule, message: Message, around: Surroundings) -> list[str]:
    """Note what the recipient gives and what becomes of each candidate; return who is left."""
    try:
        value = rule.recipient(message)
    except MissingValueError as error:
        steps.append(Step("recipient", 0, "the recipient is not in the message", False, str(error)))
        return []
    except RuleError as error:
        steps.append(Step("recipient", 0, "the recipient", None, str(error)))
        return []
    raw, unfit = candidates(value)
    text = f"the recipient gives {displayed(value)}"
    steps.append(Step("recipient", 0, text, bool(raw), "" if raw else "it names nobody"))
    steps.extend(Step("recipient", 1, name, False, reason, user=name) for name, reason in unfit)
    found: dict[str, tuple[str, str]] = {}
    for name in raw:
        converting = _Converting(around.accounts)
        resolved = resolve(rule, [name], converting, around.skip)
        way = "; ".join(converting.way)
        for _, reason in resolved.dropped:
            detail = f"{way}; {reason}" if way else reason
            steps.append(Step("recipient", 1, displayed(name), False, detail, user=str(name)))
        for username in resolved.usernames:
            found.setdefault(username.lower(), (username, way))
    away = around.away(rule, message, [name for name, _ in found.values()])
    for key, (username, way) in found.items():
        detail = "; ".join(filter(None, (way, away.get(key))))
        step = Step("recipient", 1, displayed(username), key not in away, detail, user=username)
        steps.append(step)
    return [username for key, (username, _) in found.items() if key not in away]


def _reached(
    steps: list[Step], rule: Rule, message: Message, username: str, around: Surroundings
) -> bool | None:
    """Note what is counted for a person; return whether it is enough, None without an answer."""
    if rule.previous is None and rule.condition is None:
        return True
    place = len(steps)
    reached = _enough(steps, rule, message, username, around)
    text = f"{displayed(username)} has reached what the rule asks for"
    steps.insert(place, Step("count", 0, text, reached, user=username))
    return reached


def _enough(
    steps: list[Step], rule: Rule, message: Message, username: str, around: Surroundings
) -> bool | None:
    def note(part: str, text: str, outcome: bool | None, detail: str = "") -> bool | None:
        steps.append(Step(part, 1, text, outcome, detail, user=username))
        return outcome

    try:
        if rule.previous is None:
            value = around.triggers(rule, username)
            note("count", f"messages that triggered the rule: {value}", outcome=True)
        else:
            value = _counted(note, rule, rule.previous, message, username, around.archive)
    except MissingValueError as error:
        return note("filter", "what is asked for is not in the message", False, str(error))
    except RuleError as error:
        return note("filter", "the question", None, str(error))
    if rule.condition is None:
        return True
    step = follow_condition(rule.condition, value, 1, user=username)
    steps.append(step)
    return step.outcome


def _counted(
    note: Callable[..., object],
    rule: Rule,
    previous: Previous,
    message: Message,
    username: str,
    archive: Archive,
) -> int:
    """Note what the filter asks for a person; return the value of the rule."""
    try:
        query = previous.filter.query(message, username)
        note("filter", described(query), outcome=True)
    except MissingValueError as error:
        if not previous.missing_is_zero:
            raise
        query = NOTHING
        note("filter", "what is asked for is not in the message", False, str(error))
    if previous.operation is None:
        number = archive.count(query)
        note("count", f"messages found: {number}", outcome=True)
        return number
    rows = archive.rows(query)
    value = rule.value(message, rows)
    note("count", f"the operation on {len(rows)} rows gives {value}", outcome=True)
    return value


class _Converting:
    """Accounts that note on the way what each conversion makes of a name."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.way: list[str] = []

    def exists(self, username: str) -> bool:
        return self._accounts.exists(username)

    def nick(self, nick: str) -> str | None:
        return self._noted("chat nick", nick, self._accounts.nick(nick))

    def email(self, address: str) -> str | None:
        return self._noted("e-mail address", address, self._accounts.email(address))

    def openid(self, url: str) -> str | None:
        return self._noted("OpenID", url, self._accounts.openid(url))

    def github(self, url: str) -> str | None:
        return self._noted("GitHub user", url, self._accounts.github(url))

    def distgit(self, url: str) -> str | None:
        return self._noted("package sources page", url, self._accounts.distgit(url))

    def kerberos(self, principal: str) -> str | None:
        return self._noted("Kerberos principal", principal, self._accounts.kerberos(principal))

    def _noted(self, kind: str, name: str, account: str | None) -> str | None:
        self.way.append(f"{kind} {displayed(name)} is {account or 'nobody'}")
        return account
