# SPDX-License-Identifier: AGPL-3.0-or-later
"""What tests of pushes do again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.backpacks.hosts import discover
from issuer.adapters.backpacks.oauth import Client
from issuer.adapters.backpacks.results import Kind
from issuer.adapters.backpacks.tokens import Tokens
from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.vault import Vault
from issuer.models import Assertion, Award, BackpackConnection
from issuer.services import attempts, awards, backpacks, pushes

if TYPE_CHECKING:
    from tests.simulators.hosts import HostSimulator
    from tests.simulators.serving import Simulator
    from tests.simulators.site import Sender


SENT, THERE, WAITING = ("sent", None), ("already-there", None), ("waiting", None)


def connect(sender: Sender, badgr: Simulator, name: str) -> int:
    email = f"{name}@example.org"
    badgr.account(email)
    return sender.connect(name, Kind.BADGR, badgr.url, Tokens(badgr.token(email)), email)


def renewable(badgr: Simulator, name: str) -> Tokens:
    badgr.renewals["renewal"] = f"{name}@example.org"
    return Tokens("stale", "renewal")


def connect_host(sender: Sender, host: HostSimulator, kind: Kind, name: str) -> int:
    """Connect a host as its login does, without the browser."""
    about = discover(GuardedFetcher(allow_loopback=True), kind, host.url, allow_loopback=True)
    with sender.site.database.writing() as session:
        vault = Vault(sender.site.settings)
        client = Client("id", "secret", "client_secret_basic", "")
        backpacks.keep_host(session, about, client, vault, redirect_url="x", now=sender.clock())
    email = f"{name}@example.org"
    host.account(email)
    return sender.connect(name, kind, host.url, Tokens(host.token(email)), email)


def own(badgr: Simulator, name: str) -> list[str]:
    return list(badgr.accounts[f"{name}@example.org"].badges)


def documents(sender: Sender, *award_ids: int) -> list[str]:
    with sender.site.database.reading() as session:
        statement = select(Assertion.document_id).where(Assertion.award_id.in_(award_ids))
        return list(session.scalars(statement))


def revoke(sender: Sender, *award_ids: int) -> None:
    with sender.site.database.writing() as session:
        for each in award_ids:
            awards.revoke(session, session.get_one(Award, each), "A mistake.", now=sender.clock())


def try_again(sender: Sender, number: int) -> None:
    """Press the button."""
    with sender.site.database.writing() as session:
        connection = session.get_one(BackpackConnection, number)
        pushes.retry(session, connection, now=sender.clock())


def begin(sender: Sender, number: int) -> attempts.Work:
    """Begin a push and die."""
    with sender.site.database.writing() as session:
        assert attempts.take(session, now=sender.clock()) == number
        work = attempts.begin(session, number, sender.site.keys, now=sender.clock())
        assert work is not None
        return work
