# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hosts of Open Badges 3.0, by its API (version 3.0, section 6)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from issuer.adapters.backpacks.badge_connect import refused
from issuer.adapters.backpacks.calls import check_login
from issuer.adapters.backpacks.results import (
    Account,
    Outcome,
    Reason,
    Result,
    addresses_in,
    text_at,
    texts,
)
from issuer.errors import BackpackAwayError, BackpackBrokenError
from openbadges.serialization import loads_object
from openbadges.signing import is_compact

if TYPE_CHECKING:
    from issuer.adapters.backpacks.calls import Calls, Reply
    from issuer.adapters.backpacks.results import Delivery

#: Answers after which the other proof is tried: some hosts read only one of the two.
OTHER_PROOF = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class Credentials:
    """A wallet or backpack at a host of Open Badges 3.0."""

    removes = False  # its API has no such request; the list of revocations tells it

    def __init__(self, calls: Calls, api: str, token: str) -> None:
        self._calls, self._api, self._token = calls, api, token

    def account(self) -> Account:
        """Return the addresses that the profile names."""
        reply = self._calls.ask("GET", f"{self._api}/profile", bearer=self._token)
        check_login(reply)
        if reply.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return Account()
        if not reply.is_good:
            raise BackpackBrokenError(
                "the profile cannot be read (%(status)s)", status=reply.status
            )
        return Account(tuple(addresses_in(reply.json())[:20]))

    def deliver(self, delivery: Delivery, *, again: bool) -> Result:
        """Hand in the credential with its proof, or else as JWT; a known one is replaced."""
        proven = self._calls.ask(
            "POST", self._credentials, bearer=self._token, json=loads_object(delivery.proof)
        )
        result = _result(proven, again=again)
        if result.outcome is not Outcome.REFUSED or proven.status not in OTHER_PROOF:
            return result
        signed = self._calls.ask("POST", self._credentials, bearer=self._token, text=delivery.token)
        other = _result(signed, again=again)
        is_worse = other.outcome is Outcome.REFUSED and other.reason is Reason.OTHER
        return result if is_worse else other

    def withdraw(self, remote_id: str, document_id: str) -> Result:
        """Say that it cannot be asked."""
        return Result(Outcome.REFUSED, reason=Reason.TAKEN_BACK)

    @property
    def _credentials(self) -> str:
        return f"{self._api}/credentials"


def _result(reply: Reply, *, again: bool) -> Result:
    if _is_busy(reply):
        raise BackpackAwayError(
            "the backpack asks to come later (%(status)s)", status=reply.status, is_unsure=True
        )
    check_login(reply)
    if reply.status == HTTPStatus.NOT_MODIFIED:
        return Result(Outcome.SENT if again else Outcome.ALREADY_THERE)
    if reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        raise BackpackBrokenError(
            "the backpack has no address for credentials (%(status)s)", status=reply.status
        )
    body = reply.json()
    if not reply.is_good or text_at(body, "imsx_codeMajor") in {"failure", "unsupported"}:
        return refused(body, reply.status)
    if not reply.is_told and not is_compact(reply.body.decode("utf-8", "replace").strip()):
        raise BackpackBrokenError(
            "the backpack answers (%(status)s) with what is no answer: its host has the wrong "
            "address for credentials",
            status=reply.status,
        )
    remote_id = text_at(body, "id") or None
    if reply.status == HTTPStatus.OK and not again:
        return Result(Outcome.ALREADY_THERE, remote_id)  # 200: replaced, 201: created
    return Result(Outcome.SENT, remote_id)


def _is_busy(reply: Reply) -> bool:
    """Whether a host that breaks says that it only has too much to do (its `imsx_StatusInfo`)."""
    said = (each.lower().replace("_", "") for each in texts(reply.json()))
    return not reply.is_good and "serverbusy" in said
