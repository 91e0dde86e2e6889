# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may ask by a token, and for what: everybody who brings one, and nobody by a cookie."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from issuer import bearers
from issuer.access import declared
from issuer.limits import limiter
from issuer.models import ApiToken, Award, Grant, Person
from issuer.services import api_tokens, badges, erasing, persons
from issuer.services.permissions import Scope
from tests.browsing import ADMINS, Browser
from tests.issuing import NOW
from tests.programs import API, Program, token_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from issuer.site import Site

UUID = "00000000-0000-4000-8000-000000000000"


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return method, address and need of all that is for tokens."""
    found = []
    for rule in app.url_map.iter_rules():
        what = declared(app, rule.endpoint)
        if what is not None and bearers.is_for_tokens(what):
            path = re.sub(r"<uuid:\w+>", UUID, rule.rule.removeprefix(API))
            path = re.sub(r"<int[^>]*>", "1", path)
            methods = sorted((rule.methods or set()) & {"GET", "POST", "DELETE"})
            found += [(method, path, what) for method in methods]
    return found


def refused(answer: TestResponse, status: int, challenge: str) -> str:
    """Return why something was refused, in the form of problem details."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.headers.get("WWW-Authenticate", "") == challenge
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.get_json()["detail"])


def test_all_of_it_needs_a_token(app: Flask, dora: Program) -> None:
    found = routes(app)
    assert len(found) == 10
    for method, path, _ in found:
        detail = refused(Program(app).ask(method, path), 401, 'Bearer realm="Accolades"')
        assert "Authorization: Bearer" in detail


def test_a_token_opens_what_its_scopes_say_and_nothing_else(app: Flask, busy_site: Site) -> None:
    """Attacks W3: every address for programs, for each scope."""
    now = datetime.now(UTC)
    for scope in Scope:
        program = Program(app, token_of(busy_site, "dora", [scope], now=now, name=scope))
        for method, path, what in routes(app):
            answer = program.ask(method, path, json={} if method == "POST" else None)
            if what in {scope, bearers.TOKEN}:
                assert answer.status_code not in {401, 403}, (scope, method, path)
            else:
                want = f'Bearer realm="Accolades", error="insufficient_scope", scope="{what}"'
                assert what in refused(answer, 403, want)


def test_a_scope_is_worth_nothing_without_the_right(app: Flask, busy_site: Site) -> None:
    boris = Program(app, token_of(busy_site, "boris", now=datetime.now(UTC)))
    for method, path, what in routes(app):
        answer = boris.ask(method, path, json={} if method == "POST" else None)
        if what == bearers.TOKEN:
            assert answer.status_code == 200
        else:
            assert "you hold no grant" in refused(answer, 403, "")


def test_roles_and_groups_of_a_login_are_not_known_to_a_token(
    app: Flask, busy_site: Site, dora: Program
) -> None:
    """An admin who signed in just now has a token for no more than their own grants."""
    assert Browser(app, "boris", ADMINS).get("/admin/").status_code == 200
    with busy_site.database.writing() as session:
        badge = badges.find(session, "second-steps")
        session.add(Grant(badge_id=badge.id, group_name=ADMINS, created_at=NOW))
    boris = Program(app, token_of(busy_site, "boris", now=datetime.now(UTC)))
    assert boris.get("/badges").status_code == 403
    found = dora.get("/badges").get_json()["items"]
    assert [each["slug"] for each in found] == ["first-steps"]


def test_a_cookie_counts_for_nothing(app: Flask, busy_site: Site) -> None:
    """Attacks W2: a foreign page cannot use the login of somebody here."""
    browser = Browser(app, "dora")
    assert browser.get("/award").status_code == 200
    for method, path, _ in routes(app):
        answer = browser.client.open(f"{API}{path}", method=method, json={})
        refused(answer, 401, 'Bearer realm="Accolades"')
        assert "Access-Control-Allow-Origin" not in answer.headers
    with busy_site.database.reading() as session:
        assert len(session.scalars(select(Award)).all()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "acc_" + "0" * 38,
        "ACC_" + "0" * 38,
        "acc_" + "0" * 32 + api_tokens.checksum("0" * 32),
        "acc_" + "\u0660" * 38,
        "x" * 9000,
    ],
)
def test_what_is_no_token_is_401(app: Flask, text: str) -> None:
    answer = app.test_client().get(
        f"{API}/me", headers={"Authorization": f"Bearer {text}".encode().decode("latin-1")}
    )
    error = ', error="invalid_token"' if text else ""
    refused(answer, 401, f'Bearer realm="Accolades"{error}')


def test_a_token_counts_in_the_header_alone(
    app: Flask, busy_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    token = token_of(busy_site, "dora", now=datetime.now(UTC))
    client = app.test_client()
    for options in (
        {"query_string": {"access_token": token}},
        {"data": {"access_token": token}},
        {"headers": {"Authorization": f"Basic {token}"}},
        {"headers": {"Authorization": token}},
    ):
        assert client.get(f"{API}/me", **options).status_code == 401
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert Program(app, wrong).get("/me").status_code == 401
    assert token[4:] not in caplog.text
    assert wrong[4:] not in caplog.text


def test_me_tells_for_whom_a_token_speaks(dora: Program, busy_site: Site) -> None:
    answer = dora.get("/me")
    told = answer.get_json()
    assert (told["username"], told["name"]) == ("dora", "dora")
    assert told["scopes"] == sorted(Scope)
    assert told["token"]["name"] == "laptop"
    assert "Set-Cookie" not in answer.headers
    with busy_site.database.reading() as session:
        assert session.scalars(select(ApiToken.last_used_at)).one() is not None


@pytest.mark.parametrize("how", ["revoked", "expired", "erased", "renamed", "grant-ended"])
def test_what_happens_to_a_person_happens_to_their_token(
    dora: Program, busy_site: Site, how: str
) -> None:
    assert dora.get("/badges").status_code == 200
    with busy_site.database.writing() as session:
        person, now = persons.find(session, "dora"), datetime.now(UTC)
        if how == "revoked":
            session.execute(update(ApiToken).values(revoked_at=now))
        elif how == "expired":
            session.execute(update(ApiToken).values(expires_at=now))
        elif how == "erased":
            erasing.erase(session, person, "anonymise", now=now)
        elif how == "renamed":
            session.execute(
                update(Person).filter_by(id=person.id).values(username="theodora", key="theodora")
            )
        else:
            session.execute(update(Grant).values(expires_at=now - timedelta(seconds=1)))
    status = {"renamed": 200, "grant-ended": 403}.get(how, 401)
    assert dora.get("/badges").status_code == status
    assert dora.get("/me").status_code == (401 if status == 401 else 200)


def test_guessing_tokens_is_slowed_down(app: Flask, dora: Program) -> None:
    limiter.enabled = True
    secrets = [f"{n:032}" for n in range(31)]
    texts = [f"acc_{secret}{api_tokens.checksum(secret)}" for secret in secrets]
    answers = [Program(app, text).get("/me") for text in texts]
    assert [each.status_code for each in answers] == [401] * 30 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    # From the same address a good one goes on, and nobody tells it to wait.
    good = dora.get("/me")
    assert good.status_code == 200
    assert "Retry-After" not in good.headers
    assert "Retry-After" not in answers[0].headers


def test_there_is_nothing_else_below(app: Flask, dora: Program) -> None:
    assert dora.get("/nothing").status_code == 404
    answer = dora.ask("PUT", "/awards")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "POST" in answer.headers["Allow"]
