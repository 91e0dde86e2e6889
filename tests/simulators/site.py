# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site that backpacks can reach: served at the address that its badges name."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from issuer.adapters.backpacks.calls import Calls
from issuer.adapters.backpacks.results import Account, Kind
from issuer.adapters.vault import Vault
from issuer.app import create_app
from issuer.models import BackpackConnection, Push
from issuer.pushing import Pusher
from issuer.services import backpacks, persons, pushes
from issuer.services.backpacks import Found
from tests.issuing import give, make_badge, make_site
from tests.login_site import serving
from tests.services.processes import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from issuer.adapters.backpacks.tokens import Tokens
    from issuer.site import Site

DOMAIN = "example.org"


@dataclass
class Clock:
    """A time that stands until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Sender:
    """A site with people who have badges and backpacks."""

    site: Site
    app: Flask
    clock: Clock = field(default_factory=Clock)

    def award(self, username: str, *names: str, **facts: Any) -> list[int]:
        """Give badges; return the rows of the awards."""
        with self.site.database.writing() as session:
            made = [
                give(session, make_badge(session, self.site, name, **facts), username)
                for name in names
            ]
            return [each.award.id for each in made]

    def connect(
        self, username: str, kind: Kind, base_url: str, tokens: Tokens, *addresses: str
    ) -> int:
        """Connect a backpack; return its row."""
        found = Found(kind, base_url, tokens, Account(addresses))
        with self.site.database.writing() as session:
            person = persons.ensure(session, username, now=self.clock())
            vault = Vault(self.site.settings)
            return backpacks.keep(
                session, person, found, vault, email_domain=DOMAIN, now=self.clock()
            ).id

    def queue(self, number: int, award_ids: list[int]) -> int:
        """Queue awards for a backpack."""
        with self.site.database.writing() as session:
            connection = session.get_one(BackpackConnection, number)
            return pushes.queue(session, connection, award_ids, now=self.clock())

    def push(self) -> int:
        """Hand in what is due; return how many badges were tried."""
        calls = Calls(allow_loopback=True, seconds=20)
        pusher = Pusher(self.site, calls, clock=self.clock, rest=lambda _seconds: None)
        total = 0
        while tried := pusher.push():
            total += tried
        return total

    def states(self, number: int) -> list[tuple[str, str | None]]:
        """Return state and reason of each push of a backpack, in the order of awards."""
        with self.site.database.reading() as session:
            statement = select(Push).filter_by(connection_id=number).order_by(Push.award_id)
            return [(str(each.state), each.reason) for each in session.scalars(statement)]

    def connection(self, number: int) -> BackpackConnection:
        """Return a connection."""
        with self.site.database.reading() as session:
            found = session.get_one(BackpackConnection, number)
            session.expunge_all()
            return found


@contextmanager
def sending_site(
    home: Path, database_url: str = "", *, by_itself: bool = False, **settings: object
) -> Iterator[Sender]:
    """Serve a site at the address that its badges name; nothing is sent unless a test does it."""
    (port,) = free_ports(1)
    values = {
        "base_url": f"http://127.0.0.1:{port}",
        "allow_loopback": True,
        "email_domain": DOMAIN,
        "oidc_issuer": "https://id.example.org",
        "oidc_client_id": "accolades",
        "avatar_url": "",
        **settings,
    }
    site = make_site(home, database_url, **values)
    if not by_itself:
        site.database.on_left = lambda _tasks: None
    app = create_app(site=site)
    with serving(app, port):
        yield Sender(site, app)
    site.database.dispose()
