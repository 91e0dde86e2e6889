# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on which people make tokens for their programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.app import create_app
from issuer.limits import limiter
from issuer.models import ApiToken, AuditEntry
from issuer.services import persons
from tests.browsing import Browser
from tests.issuing import NOW, make_site
from tests.programs import Program, token_of
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from issuer.site import Site

ADDRESS = "/settings/tokens"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "", oidc_issuer="https://id.example.org", oidc_client_id="x")
    with made.database.writing() as session:
        persons.ensure(session, "asha", now=NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Iterator[Flask]:
    made = create_app(site=site)
    limiter.reset()
    yield made
    limiter.reset()


@pytest.fixture
def asha(app: Flask) -> Browser:
    return Browser(app, "asha")


def day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def number(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalars(select(func.count()).select_from(ApiToken)).one()


def test_a_token_is_made_shown_once_used_and_revoked(app: Flask, site: Site, asha: Browser) -> None:
    assert ADDRESS in Page(asha.get("/settings").text).links()
    made = asha.post(ADDRESS, name="laptop", scope=["awards:read", "awards:write"], day=day(30))
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert "laptop" in Page(made.text).text
    (shown,) = [text for text in made.text.split() if 'id="new-token"' in text]
    token = shown.partition(">")[2].partition("<")[0]
    program = Program(app, token)
    assert program.get("/me").get_json()["scopes"] == ["awards:read", "awards:write"]
    listed = asha.get(ADDRESS)
    assert token not in listed.text
    assert token[:8] in listed.text
    assert "last used on" in Page(listed.text).text
    with site.database.reading() as session:
        row = session.scalars(select(ApiToken)).one()
        assert (row.expires_at or NOW).isoformat() == f"{day(30)}T23:59:59+00:00"
    assert "is revoked" in asha.follow(asha.post(f"{ADDRESS}/1/revoke"))
    assert program.get("/me").status_code == 401
    with site.database.reading() as session:
        origins = session.execute(select(AuditEntry.action, AuditEntry.origin)).all()
        assert [tuple(each) for each in origins] == [
            ("token.make", "127.0.0.1"),
            ("token.revoke", "127.0.0.1"),
        ]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site, asha: Browser) -> None:
    good = {"name": "Kept", "scope": ["invitations:read"], "day": day(5)}
    for changes, status in (
        ({"name": " "}, 400),
        ({"scope": []}, 400),
        ({"scope": ["everything"]}, 400),
        ({"day": "soon"}, 400),
        ({"day": day(-1)}, 400),
        ({"day": day(400)}, 400),
        ({"day": "9999-12-31"}, 400),
    ):
        answer = asha.post(ADDRESS, **{**good, **changes})
        assert (answer.status_code, number(site)) == (status, 0), changes
        assert 'role="alert"' in answer.text
    assert 'value="Kept"' in answer.text
    assert 'value="invitations:read" checked' in answer.text
    assert asha.post(ADDRESS, **good).status_code == 200
    assert asha.post(ADDRESS, **good).status_code == 409  # such as by loading the page anew
    assert number(site) == 1


def test_nobody_ends_the_tokens_of_another(app: Flask, site: Site, asha: Browser) -> None:
    token = token_of(site, "boris", now=datetime.now(UTC))
    for number in ("1", str(2**63)):
        assert asha.post(f"{ADDRESS}/{number}/revoke").status_code == 404
    assert Program(app, token).get("/me").status_code == 200
    assert "laptop" not in asha.get(ADDRESS).text


def test_tokens_are_not_made_without_end(asha: Browser) -> None:
    limiter.enabled = True
    answers = [asha.post(ADDRESS, name="") for _ in range(21)]
    assert [each.status_code for each in answers] == [400] * 20 + [429]
