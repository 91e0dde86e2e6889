# SPDX-License-Identifier: AGPL-3.0-or-later
"""A program that speaks for somebody by a token."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from issuer.models import Grant
from issuer.services import api_tokens, badges, persons
from issuer.services.api_tokens import Wanted
from issuer.services.permissions import Actor, Scope
from tests import described

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from flask import Flask
    from werkzeug.test import TestResponse

    from issuer.site import Site

API = "/api/v1"


class Program:
    """Asks with a token, or with none."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, /, **options: Any) -> TestResponse:
        """Ask for an address below ``/api/v1``; the answer must be as it is described."""
        headers = {**self.headers, **options.pop("headers", {})}
        answer = self.client.open(f"{API}{path}", method=method, headers=headers, **options)
        described.check(method, f"{API}{path}", answer)
        if answer.status_code == 201:
            described.check_body(method, f"{API}{path}", options["json"])
        return answer

    def get(self, path: str, /, **options: Any) -> TestResponse:
        """Read."""
        return self.ask("GET", path, **options)

    def post(self, path: str, /, key: str = "", **body: object) -> TestResponse:
        """Send an object, with a key where it must count once."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.ask("POST", path, json=body, headers=headers)

    def delete(self, path: str, /) -> TestResponse:
        """Take away."""
        return self.ask("DELETE", path)


def token_of(
    site: Site,
    username: str,
    scopes: Collection[str] = tuple(Scope),
    *,
    now: datetime,
    name: str = "laptop",
    lasts: timedelta = timedelta(days=30),
) -> str:
    """Return a new token of somebody, who is made where there is nobody of that name."""
    with site.database.writing() as session:
        person = persons.ensure(session, username, now=now)
        actor = Actor(username=person.username, person_id=person.id)
        wanted = Wanted(name=name, scopes=scopes, expires_at=now + lasts)
        return api_tokens.make(session, actor, person, wanted, now=now)[1]


def grant(
    site: Site, username: str, slug: str = "first-steps", *, now: datetime, **terms: object
) -> None:
    """Let somebody award a badge."""
    with site.database.writing() as session:
        person = persons.ensure(session, username, now=now)
        badge = badges.find(session, slug)
        session.add(Grant(badge_id=badge.id, person_id=person.id, created_at=now, **terms))
