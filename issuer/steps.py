# SPDX-License-Identifier: AGPL-3.0-or-later
"""A transaction in the name of whoever asks, begun anew where others stood in its way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from flask import current_app
from sqlalchemy.exc import OperationalError

from issuer.access import acting
from issuer.adapters.directories import accounts_of
from issuer.site import current_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor
    from rules.recipients import Accounts

T = TypeVar("T")

TRIES = 3
#: Two transactions stood in each other's way; one of them was undone and may begin anew.
IN_THE_WAY = {"40001", "40P01"}
ACCOUNTS = "accolades_accounts"


def once(step: Callable[[Session, Actor, datetime], T]) -> T:
    """Do a step in one transaction and return what it returns."""
    for attempt in range(1, TRIES + 1):
        try:
            with current_site().database.writing() as session:
                return step(session, acting(session), datetime.now(UTC))
        except OperationalError as error:
            if attempt == TRIES or getattr(error.orig, "sqlstate", "") not in IN_THE_WAY:
                raise
    raise AssertionError("the last attempt returns or raises")


def accounts() -> Accounts:
    """Return the accounts of the site; what a directory answers is remembered by all requests."""
    known = current_app.extensions
    if ACCOUNTS not in known:
        known[ACCOUNTS] = accounts_of(current_site().settings)
    found: Accounts = known[ACCOUNTS]
    return found
