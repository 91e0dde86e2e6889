# SPDX-License-Identifier: AGPL-3.0-or-later
"""Codes and tokens: each good for one app, one person, what was allowed, and its time."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import ApiToken, AppAccess, TokenKind
from issuer.services import app_tokens, erasing, merging, persons
from issuer.services.permissions import Actor
from tests.browsing import Browser
from tests.issuing import NOW, give, make_badge
from tests.wallet import ALL, READ_BADGES, READ_PROFILE, Wallet

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from issuer.site import Site

AUTHS = ("client_secret_basic", "client_secret_post", "none")


def refused(answer: TestResponse, error: str = "invalid_grant") -> None:
    assert answer.status_code in {400, 401}, answer.text
    assert answer.get_json()["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"


def opens(wallet: Wallet) -> bool:
    return wallet.get("/profile").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("auth", AUTHS)
def test_a_code_becomes_tokens_and_these_become_others(
    app: Flask, asha: Browser, auth: str
) -> None:
    wallet = Wallet(app, auth=auth).enter(asha)
    assert wallet.tokens["token_type"] == "Bearer"  # noqa: S105 (no secret)
    assert wallet.tokens["expires_in"] == 3600
    assert wallet.tokens["scope"].split() == list(ALL)
    assert opens(wallet)
    former = dict(wallet.tokens)
    assert wallet.renew().status_code == 200
    assert opens(wallet)
    assert former["refresh_token"] != wallet.tokens["refresh_token"]
    wallet.tokens = former
    assert not opens(wallet)  # its time is over, too


def test_what_is_kept_opens_nothing(site: Site, wallet: Wallet, asha: Browser) -> None:
    wallet.enter(asha)
    secrets = {*wallet.tokens.values(), wallet.known["client_secret"], wallet.verifier}
    with site.database.reading() as session:
        rows = [*session.scalars(select(ApiToken)), *session.scalars(select(AppAccess))]
        kept = " ".join(repr(vars(row)) for row in rows)
    for secret in secrets:
        assert isinstance(secret, int) or secret in " ".join(ALL) or secret not in kept


def test_no_log_tells_a_secret(
    wallet: Wallet, asha: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """Attacks P1: not even where everything is logged."""
    caplog.set_level("DEBUG")
    code = wallet.code(asha)
    wallet.tokens = wallet.redeem(code).get_json()
    wallet.renew()
    wallet.get("/profile")
    told = {code, wallet.verifier, wallet.known["client_secret"]}
    for secret in told | {wallet.tokens["access_token"], wallet.tokens["refresh_token"]}:
        assert secret not in caplog.text
    assert "asha let the app" in caplog.text


def test_an_app_that_wants_no_refresh_token_gets_none(app: Flask, asha: Browser) -> None:
    wallet = Wallet(app, about={"grant_types": ["authorization_code"]})
    assert wallet.known["grant_types"] == ["authorization_code"]
    wallet.enter(asha)
    assert "refresh_token" not in wallet.tokens
    refused(wallet.renew("whatever"), "unauthorized_client")


def test_a_code_that_comes_again_ends_what_came_of_it(wallet: Wallet, asha: Browser) -> None:
    code = wallet.code(asha)
    wallet.tokens = wallet.redeem(code).get_json()
    assert opens(wallet)
    refused(wallet.redeem(code))
    assert not opens(wallet)
    refused(wallet.renew())


def test_a_refresh_token_that_comes_again_ends_what_came_of_it(
    wallet: Wallet, asha: Browser
) -> None:
    first = wallet.enter(asha).tokens["refresh_token"]
    wallet.renew()
    assert opens(wallet)
    refused(wallet.renew(first))
    assert not opens(wallet)
    refused(wallet.renew())


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": ""},
        {"code_verifier": "x" * 43},
        {"code_verifier": "short"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://wallet.example/back/"},
        {"code": None},
        {"code": "x" * 43},
        {"code": "\0ü"},
    ],
)
def test_a_code_alone_is_worth_nothing(
    wallet: Wallet, asha: Browser, changes: dict[str, str | None]
) -> None:
    answer = wallet.redeem(wallet.code(asha), **changes)
    assert answer.status_code == 400
    assert answer.get_json()["error"] in {"invalid_grant", "invalid_request"}


def test_pkce_cannot_be_talked_down(wallet: Wallet, asha: Browser) -> None:
    """The challenge itself is no answer to it, whatever the request says of its method."""
    asked = wallet.request()
    answer = asha.post("/oauth/authorize", **asked, decision="allow")
    code = answer.headers["Location"].partition("code=")[2].partition("&")[0]
    challenge = asked["code_challenge"]
    refused(wallet.redeem(code, code_verifier=challenge, code_challenge_method="plain"))
    assert wallet.redeem(code).status_code == 200


def test_codes_and_tokens_of_others_are_worth_nothing(
    app: Flask, wallet: Wallet, asha: Browser
) -> None:
    other = Wallet(app)
    code = wallet.code(asha)
    other.verifier = wallet.verifier
    refused(other.redeem(code))
    wallet.tokens = wallet.redeem(code).get_json()
    refused(other.renew(wallet.tokens["refresh_token"]))
    assert wallet.renew().status_code == 200  # whoever tried took nothing from its owner
    other.post("/oauth/revoke", token=wallet.tokens["refresh_token"])
    assert opens(wallet)


@pytest.mark.parametrize("auth", AUTHS[:2])
def test_who_has_a_secret_has_to_show_it(app: Flask, asha: Browser, auth: str) -> None:
    wallet = Wallet(app, auth=auth)
    code = wallet.code(asha)
    secret = wallet.known["client_secret"]
    for wrong in ("", "wrong", secret[:-1]):
        wallet.known["client_secret"] = wrong
        refused(wallet.redeem(code), "invalid_client")
    wallet.auth = "none"
    refused(wallet.redeem(code), "invalid_client")
    other = AUTHS[1] if auth == AUTHS[0] else AUTHS[0]
    wallet.known["client_secret"], wallet.auth = secret, other
    refused(wallet.redeem(code), "invalid_client")


def test_a_renewal_cannot_open_more(app: Flask, asha: Browser) -> None:
    wallet = Wallet(app).enter(asha, scope=READ_BADGES)
    answer = wallet.renew(scope=f"{READ_BADGES} {READ_PROFILE}")
    refused(answer, "invalid_scope")
    assert wallet.renew(scope=READ_BADGES).get_json()["scope"] == READ_BADGES
    assert wallet.get("/profile").status_code == 403


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_token_can_be_given_back(wallet: Wallet, asha: Browser, which: str) -> None:
    wallet.enter(asha)
    answer = wallet.post("/oauth/revoke", token=wallet.tokens[which])
    assert answer.status_code == 200
    assert not opens(wallet)
    # With a refresh token the whole login is over; an access token can be had anew.
    assert wallet.renew().status_code == (400 if which == "refresh_token" else 200)
    assert wallet.post("/oauth/revoke", token="unknown").status_code == 200  # noqa: S106 (no secret)


def test_everything_ends_in_time(site: Site, wallet: Wallet, asha: Browser) -> None:
    code = wallet.code(asha)
    now = datetime.now(UTC)
    with site.database.writing() as session:
        one = session.scalars(select(AppAccess).order_by(AppAccess.id.desc())).first()
        assert one is not None
        assert one.code_expires_at - now <= timedelta(minutes=2)
        one.code_expires_at = now
    refused(wallet.redeem(code))
    wallet.enter(asha)
    with site.database.writing() as session:
        tokens = session.scalars(select(ApiToken).order_by(ApiToken.id.desc()).limit(2)).all()
        for token in tokens:
            token.expires_at = now
        assert {token.kind for token in tokens} == set(TokenKind)
    assert not opens(wallet)
    refused(wallet.renew())


@pytest.mark.parametrize("end", ["erased", "merged"])
def test_tokens_end_with_the_account(site: Site, app: Flask, wallet: Wallet, end: str) -> None:
    name = f"somebody-{end}"
    with site.database.writing() as session:
        give(session, make_badge(session, site), name)
    wallet.enter(Browser(app, name))
    code, verifier = wallet.code(Browser(app, name)), wallet.verifier
    assert opens(wallet)
    with site.database.writing() as session:
        person = persons.find(session, name)
        if end == "erased":
            erasing.erase(session, person, "anonymise", now=NOW)
        else:
            kept = persons.ensure(session, "whoever", now=NOW)
            merging.merge(session, Actor(), kept, person, now=NOW)
    assert not opens(wallet)
    refused(wallet.renew())
    wallet.verifier = verifier
    refused(wallet.redeem(code))


def test_nothing_comes_twice_or_in_the_address(wallet: Wallet, asha: Browser) -> None:
    code = wallet.code(asha)
    form = {"grant_type": "authorization_code", "code": code}
    refused(wallet.client.post(f"/oauth/token?code={code}", data=form), "invalid_request")
    twice = {**form, "code": [code, code]}
    refused(wallet.client.post("/oauth/token", data=twice), "invalid_request")
    large = {**form, "state": "x" * 20_000}
    refused(wallet.client.post("/oauth/token", data=large), "invalid_request")


@pytest.mark.parametrize(
    "grant", ["password", "client_credentials", "implicit", "", 'ü"\\\0', None]
)
def test_there_are_no_other_ways(wallet: Wallet, grant: str | None) -> None:
    refused(wallet.token(grant_type=grant, username="a", password="b"), "unsupported_grant_type")  # noqa: S106 (a test's own)


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic x", "Basic ====", "Basic /////w==", "Bearer x", "Digest username=x"],
)
def test_a_broken_proof_of_who_one_is_is_refused(wallet: Wallet, header: str) -> None:
    form = {"grant_type": "authorization_code", "code": "x"}
    answer = wallet.client.post("/oauth/token", data=form, headers={"Authorization": header})
    refused(answer, "invalid_client")


def test_no_cookie_is_read_and_none_is_set(app: Flask, wallet: Wallet, asha: Browser) -> None:
    code = wallet.code(asha)
    pair = base64.b64encode(f"{wallet.known['client_id']}:x".encode()).decode()
    form = {"grant_type": "authorization_code", "code": code}
    answer = asha.client.post("/oauth/token", data=form, headers={"Authorization": f"Basic {pair}"})
    refused(answer, "invalid_client")
    answer = wallet.redeem(code)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert wallet.client.options("/oauth/token").status_code == 200


def test_used_tokens_are_kept_for_a_while_only(
    site: Site, wallet: Wallet, asha: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_tokens, "MAX_USED", 2)
    wallet.enter(asha)
    for _ in range(6):
        wallet.renew()
    with site.database.reading() as session:
        last = session.scalars(select(AppAccess).order_by(AppAccess.id.desc())).first()
        assert last is not None
        assert len(session.scalars(select(ApiToken).filter_by(access_id=last.id)).all()) <= 5
