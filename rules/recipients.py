# SPDX-License-Identifier: AGPL-3.0-or-later
"""From what a recipient expression gives to the accounts that may get a badge."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rules.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

#: The conversions in the order in which they apply.
CONVERSIONS = (
    "recipient_nick2fas",
    "recipient_email2fas",
    "recipient_openid2fas",
    "recipient_github2fas",
    "recipient_distgit2fas",
    "recipient_krb2fas",
)
#: Foreign names (addresses, URLs) are longer than account names, but not endless.
MAX_FOREIGN = 500
MAX_CANDIDATES = 10_000
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Folded(str):
    """A name in lower case, as rules of 2014 know it, that keeps how the message writes it."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str) -> Folded:
        """Fold a name."""
        name = super().__new__(cls, written.lower())
        name.written = written
        return name


class Accounts(Protocol):
    """Who has an account, and whose account a foreign name is (None: nobody's)."""

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name."""
        ...

    def nick(self, nick: str) -> str | None:
        """Account of a chat nick, with or without its scheme."""
        ...

    def email(self, address: str) -> str | None:
        """Account of an e-mail address."""
        ...

    def openid(self, url: str) -> str | None:
        """Account of an OpenID; a text that is none is taken for the account."""
        ...

    def github(self, url: str) -> str | None:
        """Account of a GitHub user, by the address of the user."""
        ...

    def distgit(self, url: str) -> str | None:
        """Account of a page of package sources; a text that is none is taken for the account."""
        ...

    def kerberos(self, principal: str) -> str | None:
        """Account of a Kerberos principal."""
        ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """The accounts that a rule may award, and why the other candidates may not be."""

    usernames: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...] = ()


def is_username(text: str) -> bool:
    """Whether the text can be the name of an account."""
    return USERNAME.fullmatch(text) is not None


def candidates(value: object) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the texts that a recipient expression gave, and what else it gave with the reason.

    A single value counts as a list of one, None as an empty list, a mapping as its keys.
    """
    if value is None:
        return (), ()
    items = list(value) if isinstance(value, list | tuple | set | frozenset | dict) else [value]
    names = tuple(item for item in items[:MAX_CANDIDATES] if isinstance(item, str))
    dropped = [
        (_label(item), "no recipient" if item is None else f"not a text: {type(item).__name__}")
        for item in items[:MAX_CANDIDATES]
        if not isinstance(item, str)
    ]
    if len(items) > MAX_CANDIDATES:
        dropped.append((f"{len(items) - MAX_CANDIDATES} more", "too many candidates"))
    return names, tuple(dropped)


class Converting(Protocol):
    """What says which conversions its candidates need."""

    @property
    def conversions(self) -> tuple[str, ...]:
        """Names of `CONVERSIONS`."""
        ...

    @property
    def keeping(self) -> tuple[str, ...]:
        """Those of them that leave a name alone which nobody has."""
        ...


def resolve(
    rule: Converting, raw_candidates: Iterable[object], accounts: Accounts, skip: Collection[str]
) -> Resolution:
    """Convert candidates into accounts, in order and each once; drop the others with a reason."""
    convert = _conversions(rule, accounts) if rule.conversions else ()
    services = {name.lower() for name in skip}
    found: dict[str, str] = {}
    dropped: list[tuple[str, str]] = []
    for raw in raw_candidates:
        try:
            username = _account(raw, convert, services, accounts)
        except _DroppedError as reason:
            dropped.append((_label(raw), str(reason)))
        else:
            found.setdefault(username.lower(), username)
    return Resolution(tuple(found.values()), tuple(dropped))


class _DroppedError(Exception):
    """Why a candidate gets nothing."""


def _conversions(
    rule: Converting, accounts: Accounts
) -> list[tuple[str, Callable[[str], str | None]]]:
    known: Mapping[str, tuple[str, Callable[[str], str | None]]] = {
        "recipient_nick2fas": ("nick", accounts.nick),
        "recipient_email2fas": ("e-mail address", accounts.email),
        "recipient_openid2fas": ("OpenID", accounts.openid),
        "recipient_github2fas": ("GitHub user", accounts.github),
        "recipient_distgit2fas": ("package sources page", accounts.distgit),
        "recipient_krb2fas": ("Kerberos principal", accounts.kerberos),
    }
    return [
        (known[name][0], _keeping(known[name][1]) if name in rule.keeping else known[name][1])
        for name in CONVERSIONS
        if name in rule.conversions
    ]


def _keeping(convert: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Return a conversion that leaves a name alone which nobody has, in capitals or without."""
    return lambda name: convert(name) or convert(name.lower()) or name


def _account(
    raw: object,
    convert: Iterable[tuple[str, Callable[[str], str | None]]],
    services: Collection[str],
    accounts: Accounts,
) -> str:
    name = _checked(raw)
    for kind, conversion in convert:
        account = conversion(name)
        if account is None:
            raise _DroppedError(f"no account has this {kind}")
        name = _checked(account)
    if isinstance(raw, Folded) and name == raw and not accounts.exists(name):
        name = raw.written
    if name.lower() in services:
        raise _DroppedError("a service user")
    if _is_address(name):
        raise _DroppedError("an IP address")
    if not is_username(name):
        raise _DroppedError("not an account name")
    if not accounts.exists(name):
        raise _DroppedError("no such account")
    return str(name)  # a folded name has served its turn


def _checked(raw: object) -> str:
    if raw is None:
        raise _DroppedError("no recipient")
    if not isinstance(raw, str):
        raise _DroppedError(f"not a text: {type(raw).__name__}")
    if not raw:
        raise _DroppedError("an empty name")
    if len(raw) > MAX_FOREIGN:
        raise _DroppedError("a name that is too long")
    return raw


def _is_address(name: str) -> bool:
    if "." not in name and ":" not in name:
        return False  # no address is without them, and to try costs more
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _label(raw: object) -> str:
    return raw[:80] if isinstance(raw, str) else shown(raw)
