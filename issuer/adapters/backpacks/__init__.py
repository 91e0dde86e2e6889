# SPDX-License-Identifier: AGPL-3.0-or-later
"""Foreign backpacks: how each kind is asked to take a badge, and what its answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from issuer.adapters.backpacks.badge_connect import BadgeConnect
from issuer.adapters.backpacks.badgr import Badgr
from issuer.adapters.backpacks.credentials import Credentials
from issuer.adapters.backpacks.results import Kind

if TYPE_CHECKING:
    from issuer.adapters.backpacks.calls import Calls
    from issuer.adapters.backpacks.results import Account, Delivery, Result

__all__ = ["Backpack", "Kind", "open_backpack"]


class Backpack(Protocol):
    """A backpack of one person.

    Whatever is asked of it raises `BackpackAwayError`, `BackpackLoginError` and
    `BackpackBrokenError`.
    """

    #: Whether it can be asked to remove a badge.
    removes: bool

    def account(self) -> Account:
        """Return whose backpack it is; this is also how a connection is tested."""
        ...

    def deliver(self, delivery: Delivery, *, again: bool) -> Result:
        """Hand in a badge; ``again`` where it may have arrived before."""
        ...

    def withdraw(self, remote_id: str, document_id: str) -> Result:
        """Remove a badge; one that is not there any more is removed."""
        ...


def open_backpack(kind: Kind, calls: Calls, api: str, token: str) -> Backpack:
    """Return a backpack by its kind, the address of its API, and a token for it."""
    if kind is Kind.BADGR:
        return Badgr(calls, api, token)
    if kind is Kind.BADGE_CONNECT:
        return BadgeConnect(calls, api, token)
    return Credentials(calls, api, token)
