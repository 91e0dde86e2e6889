# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hosts of Badge Connect (Open Badges 2.1), with what Badgr does otherwise (Badgr facts, 4)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from issuer.adapters.backpacks.calls import check_login
from issuer.adapters.backpacks.results import (
    Account,
    Outcome,
    Reason,
    Result,
    addresses_in,
    refusal,
    text_at,
    texts,
)
from issuer.errors import BackpackAwayError, BackpackBrokenError, BackpackLoginError
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from issuer.adapters.backpacks.calls import Calls, Reply
    from issuer.adapters.backpacks.results import Delivery

#: What is asked for at once, and how many answers are read: a host may give fewer each time.
PAGE, PAGES = 50, 100
#: With the request that follows it stays below the time for which a worker has a backpack.
LIST_SECONDS = 45.0
CODE = re.compile(r"[1-5]\d\d", re.ASCII)
LISTS = ("assertions", "results")  # as the specification names them, and as Badgr does


class BadgeConnect:
    """A backpack at a host of Badge Connect."""

    removes = False  # its API has no such request

    def __init__(self, calls: Calls, api: str, token: str) -> None:
        self._calls, self._api, self._token = calls, api, token

    def account(self) -> Account:
        """Return the addresses that the profile names."""
        reply = self._ask("GET", "/profile")
        if _is_closed(reply):
            raise BackpackLoginError("the account there has no confirmed address yet")
        if reply.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return Account()  # the profile was not asked for, or there is none
        if not reply.is_good:
            raise BackpackBrokenError(
                "the profile cannot be read (%(status)s)", status=reply.status
            )
        body = reply.json()
        parts = (
            [body.get(name) for name in ("profile", "results")] if isinstance(body, dict) else []
        )
        return Account(tuple(addresses_in([part for part in parts if part] or body)[:20]))

    def deliver(self, delivery: Delivery, *, again: bool) -> Result:
        """Hand in the hosted assertion: Badgr looks at its id alone, others at the whole."""
        if again and self._has(delivery.document_id):
            return Result(Outcome.SENT)
        reply = self._ask("POST", "/assertions", {"assertion": loads_object(delivery.hosted)})
        body = reply.json()
        if _is_closed(reply):
            return Result(Outcome.REFUSED, reason=Reason.ACCOUNT, answer=refusal(body).answer)
        status = _status(body, reply.status)
        if status == HTTPStatus.UNAUTHORIZED:
            raise BackpackLoginError("the backpack does not believe the token any more")
        if reply.is_good and not reply.is_told:
            raise BackpackBrokenError(
                "the backpack answers (%(status)s) with what is no answer: its host has the wrong "
                "address for badges",
                status=reply.status,
            )
        if reply.is_good and 200 <= status < 300 and not text_at(body, "status", "error"):
            return Result(Outcome.SENT)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            raise BackpackBrokenError(
                "the backpack has no address for badges (%(status)s)", status=status
            )
        return refused(body, status)

    def withdraw(self, remote_id: str, document_id: str) -> Result:
        """Say that it cannot be asked, unless the badge is not there."""
        if not self._has(document_id):
            return Result(Outcome.WITHDRAWN)
        return Result(Outcome.REFUSED, reason=Reason.TAKEN_BACK)

    def _has(self, document_id: str) -> bool:
        """Whether a badge is among those of the account: nothing in its API keeps it from doubling.

        Raises `BackpackAwayError` where the list takes too long, `BackpackBrokenError` where nobody
        can read it. Some hosts do not let it be read; those may know a badge again by themselves.
        """
        until, offset = self._calls.clock() + LIST_SECONDS, 0
        for _ in range(PAGES):
            reply = self._ask("GET", f"/assertions?limit={PAGE}&offset={offset}")
            if not reply.is_good:
                return False
            listed = _badges(reply)
            if any(_is(each, document_id) for each in listed):
                return True
            if not listed:
                return False
            offset += len(listed)
            if self._calls.clock() > until:
                break
        raise BackpackAwayError("the list of badges there is too long to be read", is_unsure=True)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        reply = self._calls.ask(method, f"{self._api}{path}", bearer=self._token, json=body)
        if not _is_closed(reply):
            check_login(reply)
        return reply


def refused(body: Any, status: int) -> Result:
    """Return what a refusal means; a bare status says something too."""
    found = refusal(body)
    if status == HTTPStatus.CONFLICT:
        return Result(Outcome.ALREADY_THERE, answer=found.answer)
    if status == HTTPStatus.FORBIDDEN and found.reason is Reason.OTHER:
        return Result(Outcome.REFUSED, reason=Reason.FORBIDDEN, answer=found.answer)
    return found


def _status(body: Any, status: int) -> int:
    """Return the code inside the answer, which counts where it is worse than that outside."""
    inner = body.get("status") if isinstance(body, dict) else None
    code = str(inner.get("statusCode")) if isinstance(inner, dict) else ""
    return max(status, int(code)) if CODE.fullmatch(code) else status


def _is_closed(reply: Reply) -> bool:
    """Whether it is what Badgr answers where no address is confirmed: 401 too, for a good token."""
    body = reply.json()
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return text_at(body, "status", "statusText") == "PERMISSION_DENIED"
    return reply.status == HTTPStatus.NOT_FOUND and any(
        "insufficient privileges" in each.lower() for each in texts(body)
    )


def _badges(reply: Reply) -> list[Any]:
    """Return a page of the list; raise `BackpackBrokenError` for anything else."""
    body = reply.json()
    lists = [body] if isinstance(body, list) else []
    if isinstance(body, dict):
        lists = [body[name] for name in LISTS if isinstance(body.get(name), list)]
    if not lists:
        raise BackpackBrokenError(
            "the list of badges there cannot be read (%(status)s)", status=reply.status
        )
    return [each for listed in lists for each in listed]


def _is(item: Any, document_id: str) -> bool:
    return document_id in {text_at(item, "id"), text_at(item, "assertion", "id")}
