# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose names a list holds: asked before a transaction begins, because a directory may be slow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.directories import DirectoryAccounts
from issuer.errors import AccountUnclearError, InvalidInputError
from issuer.models import OldName, Person
from rules.recipients import is_username

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from rules.recipients import Accounts

#: Names nobody knows here; a directory answers some dozens of questions a second.
MAX_ASKED = 500
_SOME = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of the names in a list, by the name as it was written."""

    accounts: dict[str, str] = field(default_factory=dict)  # the account that a name means
    existing: frozenset[str] = frozenset()  # accounts, without case, that a directory has
    is_open: bool = True  # there is no directory: any name could be an account


def ask(session: Session, accounts: Accounts, names: Iterable[str]) -> Names:
    """Find out which accounts the names of a list mean, e-mail addresses included.

    The directory is asked only for those who are not known here. Raises `InvalidInputError` for
    more of them than can be asked at once, and what the directory raises when it is away.
    """
    wanted = dict.fromkeys(names)
    is_open = not isinstance(accounts, DirectoryAccounts)
    addresses = [name for name in wanted if "@" in name]
    if not is_open:
        _bound(len(addresses))
    found = {name: account for name in wanted if (account := _account(accounts, name))}
    if is_open:
        return Names(found)
    missing = _missing(session, found.values())
    _bound(len(missing))
    existing = frozenset(name.lower() for name in missing if _exists(accounts, name))
    return Names(found, existing, is_open=False)


def _account(accounts: Accounts, name: str) -> str:
    if "@" not in name:
        return name if is_username(name) else ""
    try:
        found = accounts.email(name)
    except AccountUnclearError:
        return ""
    return found if found and is_username(found) else ""


def _exists(accounts: Accounts, name: str) -> bool:
    try:
        return accounts.exists(name)
    except AccountUnclearError:
        return False


def _missing(session: Session, names: Iterable[str]) -> list[str]:
    wanted = {name.lower(): name for name in names}
    known: set[str] = set()
    keys = sorted(wanted)
    for start in range(0, len(keys), _SOME):
        some = keys[start : start + _SOME]
        known.update(session.scalars(select(Person.key).where(Person.key.in_(some))))
        known.update(session.scalars(select(OldName.key).where(OldName.key.in_(some))))
    return [name for key, name in wanted.items() if key not in known]


def _bound(number: int) -> None:
    if number > MAX_ASKED:
        raise InvalidInputError(
            "list: %(number)s names are not known here and the directory of accounts would be "
            "asked for each: %(limit)s at once are enough: split the list",
            number=number,
            limit=MAX_ASKED,
        )
