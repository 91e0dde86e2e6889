# SPDX-License-Identifier: AGPL-3.0-or-later
"""Codes and tokens on each database; and two who bring the same one at the same moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import ApiToken, AppAccess, TokenKind
from issuer.services import app_tokens, apps, emails, persons
from issuer.services.apps import READ_BADGES, Registration
from tests.issuing import NOW, make_site
from tests.unit.issuer.services.test_claiming_at_once import at_once

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.models import App
    from issuer.site import Site

CODE, FIRST = "the code", ("the access token", "the refresh token")


def let_in(session: Session, *, address: int | None = None) -> tuple[App, AppAccess]:
    said = Registration(
        name="Wallet", redirect_uris=(), scopes=(READ_BADGES,), auth_method="none", renews=True
    )
    app, _ = apps.register(session, said, now=NOW)
    person = persons.ensure(session, "asha", now=NOW)
    access = app_tokens.allow(
        session,
        app,
        person,
        [READ_BADGES],
        redirect_uri="",
        challenge="",
        code=CODE,
        address=address,
        now=NOW,
    )
    return app, access


def test_what_was_allowed_lasts_as_long_as_its_last_token(session: Session) -> None:
    app, access = let_in(session)
    assert apps.listed(session, access.person, now=NOW + timedelta(minutes=3)) == []
    found = app_tokens.of_code(session, app, CODE, now=NOW)
    assert found is access
    app_tokens.issue(session, access, access.scopes, *FIRST, now=NOW)
    later = NOW + timedelta(days=89)
    assert [each.app.name for each in apps.listed(session, access.person, now=later)] == ["Wallet"]
    opened = app_tokens.of_token(session, FIRST[0], now=NOW)
    assert opened is not None
    assert opened[1].person.username == "asha"
    assert app_tokens.of_token(session, FIRST[0], now=NOW + timedelta(hours=1)) is None
    assert app_tokens.of_token(session, FIRST[1], now=NOW) is None
    assert app_tokens.of_refresh(session, app, FIRST[0], now=NOW) is None
    assert app_tokens.of_refresh(session, app, FIRST[1], now=later) is not None
    assert app_tokens.of_refresh(session, app, FIRST[1], now=later + timedelta(days=1)) is None


def test_an_address_that_is_removed_leaves_the_rest_as_it_is(session: Session) -> None:
    person = persons.ensure(session, "asha", now=NOW)
    identity = emails.add(session, person, "asha@home.example", now=NOW)
    identity.verified_at = NOW
    session.flush()
    _, access = let_in(session, address=identity.id)
    emails.remove(session, person, identity.id)
    session.refresh(access)
    assert access.email_identity_id is None


def test_shutting_out_takes_all_tokens_along(session: Session) -> None:
    app, access = let_in(session)
    app_tokens.issue(session, access, access.scopes, *FIRST, now=NOW)
    apps.shut_out(session, access.person, app.id)
    assert session.scalars(select(ApiToken)).all() == []


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["code", "refresh"])
def test_two_who_bring_the_same_end_what_came_of_it(
    tmp_path: Path, postgres_url: str, what: str
) -> None:
    """Both cannot be its owner, and nobody knows which one is."""
    site: Site = make_site(tmp_path, postgres_url)
    with site.database.writing() as session:
        app, access = let_in(session)
        number = app.id
        if what == "refresh":
            access.code_used_at = NOW
            app_tokens.issue(session, access, access.scopes, *FIRST, now=NOW)
    got = []

    def bring(session: Session, place: int) -> None:
        app = session.get_one(apps.App, number)
        if what == "code":
            access = app_tokens.of_code(session, app, CODE, now=NOW)
            if access is not None:
                access.code_used_at = NOW
        else:
            token = app_tokens.of_refresh(session, app, FIRST[1], now=NOW)
            access = session.get_one(AppAccess, token.access_id) if token else None
            if token is not None:
                token.last_used_at = NOW
        if access is not None:
            got.append(place)
            tokens = (f"access {place}", f"refresh {place}")
            app_tokens.issue(session, access, access.scopes, *tokens, now=NOW)

    assert at_once(site, 4, bring) == []
    assert len(got) == 1
    with site.database.reading() as session:
        assert session.scalars(select(AppAccess)).all() == []
        assert session.scalars(select(ApiToken).filter_by(kind=TokenKind.ACCESS)).all() == []
    site.database.dispose()
