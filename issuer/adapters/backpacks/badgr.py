# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badgr and its descendants, by their own API (Badgr facts, section 2)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from issuer.adapters.backpacks.calls import check_login
from issuer.adapters.backpacks.results import (
    Account,
    Outcome,
    Reason,
    Result,
    plain,
    refusal,
    text_at,
    texts,
)
from issuer.adapters.backpacks.tokens import granted
from issuer.errors import BackpackBrokenError, BackpackLoginError, BackpackUnfitError
from issuer.words import Said

if TYPE_CHECKING:
    from datetime import datetime

    from issuer.adapters.backpacks.calls import Calls, Reply
    from issuer.adapters.backpacks.results import Delivery
    from issuer.adapters.backpacks.tokens import Tokens

CLIENT = "public"
#: What to ask for, the best first: some servers give less than others.
SCOPES = ("rw:profile rw:backpack", "rw:backpack")
IMPORT, ASSERTIONS, FORMER = "/v2/backpack/import", "/v2/backpack/assertions", "/v1/earner/badges"
NO_SUCH_ROUTE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


def log_in(calls: Calls, base_url: str, username: str, password: str, now: datetime) -> Tokens:
    """Return tokens for a name and a password, which is kept nowhere.

    Raises `BackpackLoginError`: they are wrong. Raises `BackpackUnfitError`: that is no Badgr.
    """
    form = {"grant_type": "password", "username": username, "password": password}
    for scope in SCOPES:
        reply = _token(calls, base_url, {**form, "scope": scope, "client_id": CLIENT})
        if "client_id" in reply.words() and not reply.is_good:
            reply = _token(calls, base_url, {**form, "scope": scope})
        if reply.is_good or "scope" not in reply.words():
            break
    return _granted(reply, now, base_url)


def refreshed(calls: Calls, base_url: str, tokens: Tokens, now: datetime) -> Tokens:
    """Return new tokens for old ones; raises as `log_in`."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    reply = _token(calls, base_url, {**form, "client_id": CLIENT})
    if "client_id" in reply.words() and not reply.is_good:
        reply = _token(calls, base_url, form)
    return _granted(reply, now, base_url, former=tokens)


class Badgr:
    """A backpack at a Badgr."""

    removes = True

    def __init__(self, calls: Calls, base_url: str, token: str) -> None:
        self._calls, self._base_url, self._token = calls, base_url, token

    def account(self) -> Account:
        """Return the addresses of the account, those first that are confirmed there.

        Raises `BackpackLoginError` where the token does not open the backpack.
        """
        listed = self._emails()
        self._ask_backpack()
        found = (_spelling(each) for each in listed)
        return Account(tuple(dict.fromkeys(each for each in found if each)))

    def deliver(self, delivery: Delivery, *, again: bool) -> Result:
        """Let it import a badge from its public address."""
        reply = self._ask("POST", IMPORT, {"url": delivery.document_id})
        if reply.is_good:
            body = _told(reply)
            return _taken(text_at(body, "result", 0, "entityId"), _first(body))
        if _is_closed(reply):
            return Result(Outcome.REFUSED, reason=self._why_closed(), answer=_said(reply))
        if _has_no_route(reply):
            return self._deliver_formerly(delivery, reply)
        found = _refused(reply)
        if found.reason is Reason.OTHER:
            # Version 2 mixes up what was wrong; version 1 tells it (Badgr facts, section 2).
            return self._deliver_formerly(delivery, reply)
        return found

    def withdraw(self, remote_id: str, document_id: str) -> Result:
        """Remove a badge from the backpack."""
        remote_id = remote_id or self._find(document_id)
        if not remote_id:
            return Result(Outcome.WITHDRAWN)
        name = quote(remote_id, safe="")
        reply = self._ask("DELETE", f"{ASSERTIONS}/{name}")
        if _has_no_route(reply):
            reply = self._ask("DELETE", f"{FORMER}/{name}")
        if reply.status == HTTPStatus.NOT_FOUND and self._find(document_id):
            # It says so as well to a token that may not remove anything.
            return Result(Outcome.REFUSED, reason=Reason.FORBIDDEN, answer=_said(reply))
        if reply.is_good or reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Result(Outcome.WITHDRAWN)
        return _refused(reply)

    def _deliver_formerly(self, delivery: Delivery, before: Reply) -> Result:
        """Do the same by version 1."""
        reply = self._ask("POST", FORMER, {"url": delivery.document_id})
        if reply.is_good:
            body = _told(reply)
            return _taken(text_at(body, "id"), body)
        if reply.status in NO_SUCH_ROUTE:
            if before.status in NO_SUCH_ROUTE:
                raise BackpackBrokenError("the backpack has no address where badges are imported")
            return _refused(before)
        return _refused(reply)

    def _find(self, document_id: str) -> str:
        """Return under what name a badge is kept that was there before us."""
        body = self._ask_backpack()
        listed = body.get("result") if isinstance(body, dict) else body
        for each in listed if isinstance(listed, list) else ():
            if text_at(each, "openBadgeId") == document_id:
                return text_at(each, "entityId")
            if text_at(each, "json", "id") == document_id:  # as version 1 lists it
                return text_at(each, "id")
        return ""

    def _ask_backpack(self) -> Any:
        """Return what is in the backpack, by the first version that it has."""
        reply = self._ask("GET", f"{ASSERTIONS}?include_pending=1")
        if _has_no_route(reply):
            reply = self._ask("GET", f"{FORMER}?json_format=plain")
        if _is_closed(reply) or reply.status == HTTPStatus.FORBIDDEN:
            if self._why_closed() is Reason.FORBIDDEN:
                raise BackpackLoginError("the token does not open the backpack")
            raise BackpackLoginError("the account there has no confirmed address yet")
        if not reply.is_good:
            raise BackpackBrokenError(
                "the backpack cannot be read (%(status)s)", status=reply.status
            )
        body = reply.json()
        return body if isinstance(body, list) else _told(reply)

    def _why_closed(self) -> Reason:
        """Tell what its one answer means: no address is confirmed, or the token lacks a right."""
        is_confirmed = any(each.get("verified") for each in self._emails())
        return Reason.FORBIDDEN if is_confirmed else Reason.ACCOUNT

    def _emails(self) -> list[dict[str, Any]]:
        """Return the addresses of the account, as far as the token tells them."""
        reply = self._ask("GET", "/v2/users/self")
        if not reply.is_good:
            return []  # a token for the backpack alone does not open the profile
        own = _first(_told(reply))
        listed = own.get("emails") if isinstance(own, dict) else None
        found = [each for each in listed or () if isinstance(each, dict)]
        return sorted(found, key=lambda each: (not each.get("verified"), not each.get("primary")))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        url = f"{self._base_url}{path}"
        reply = self._calls.ask(method, url, bearer=self._token, json=body)
        check_login(reply)
        return reply


def _told(reply: Reply) -> dict[str, Any]:
    """Return what a Badgr says, which is never a page."""
    body = reply.json()
    if not isinstance(body, dict):
        raise BackpackBrokenError(
            "the backpack answers (%(status)s) as no Badgr does: give the address of its API",
            status=reply.status,
        )
    return body


def _taken(remote_id: str, body: Any) -> Result:
    pending = isinstance(body, dict) and body.get("pending") is True
    return Result(Outcome.SENT, remote_id or None, Reason.PENDING if pending else None)


def _first(body: Any) -> Any:
    result = body.get("result") if isinstance(body, dict) else None
    return result[0] if isinstance(result, list) and result else None


def _refused(reply: Reply) -> Result:
    if reply.status == HTTPStatus.FORBIDDEN:
        return Result(Outcome.REFUSED, reason=Reason.FORBIDDEN, answer=_said(reply))
    body = reply.json()
    if body is None:  # a bare page is what it answers to a picture that it cannot read
        reason = Reason.PICTURE if reply.status == HTTPStatus.BAD_REQUEST else Reason.OTHER
        return Result(Outcome.REFUSED, reason=reason, answer="")
    return refusal(body)


def _spelling(listed: dict[str, Any]) -> str:
    """Return an address of an account as badges are made out, if it is written so there too.

    Badgr compares letter by letter with all the spellings that its owner gave.
    """
    email, others = text_at(listed, "email").strip(), listed.get("caseVariants")
    small = email.lower()
    return small if isinstance(others, list) and small in others else email


def _said(reply: Reply) -> str:
    return refusal(reply.json()).answer


def _has_no_route(reply: Reply) -> bool:
    return reply.status in NO_SUCH_ROUTE and not _is_closed(reply)


def _is_closed(reply: Reply) -> bool:
    """Whether it is the answer to somebody without a confirmed address, or without the right."""
    return any("insufficient privileges" in each.lower() for each in texts(reply.json()))


def _token(calls: Calls, base_url: str, form: dict[str, str]) -> Reply:
    return calls.ask("POST", f"{base_url}/o/token", form=form)


def _granted(reply: Reply, now: datetime, base_url: str, former: Tokens | None = None) -> Tokens:
    body = reply.json()
    if reply.is_good and isinstance(body, dict):
        return granted(body, now=now, former=former)
    said = text_at(body, "error_description") or text_at(body, "error")
    if said and reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
        raise BackpackLoginError(
            "the backpack refuses the login: %(said)s", said=Said(plain(said)[:200])
        )
    raise BackpackUnfitError(
        "%(address)s: there is no Badgr API at this address (%(status)s): give that of the API, "
        "such as https://api.badgr.io",
        address=base_url,
        status=reply.status,
    )
