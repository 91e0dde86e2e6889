# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, g, session

from issuer.config import Settings
from issuer.errors import ConfigurationError, InvalidInputError
from issuer.sessions import LIFETIME, MAX_GROUPS, held_groups, keep_login, trim_states
from issuer.web.login import current_login, init_login
from issuer.web.login.targets import local_target
from tests.login_site import build_site
from tests.services.processes import free_ports

if TYPE_CHECKING:
    from pathlib import Path

BASE = "http://127.0.0.1:8000"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

GOOD_TARGETS = {
    "": "/",
    "/": "/",
    "/badges": "/badges",
    "/badges?tag=a&q=b%20c": "/badges?tag=a&q=b%20c",
    "/people/ada#badges": "/people/ada#badges",
    "/verify?url=" + "x" * 1100: "/verify",
    "/badges/café": "/badges/café",
    BASE: "/",
    f"{BASE}/": "/",
    f"{BASE}/badges?x=https://evil.example/": "/badges?x=https://evil.example/",
}
BAD_TARGETS = [
    "//evil.example",
    "//evil.example/x",
    "///evil.example",
    "https:///evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%2fevil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%09/evil.example",
    "//evil.example%2f..",
    "/x\r\nLocation: https://evil.example",
    "/x%0d%0aLocation:%20https://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "?next=//evil.example",
    f"{BASE}@evil.example/",
    f"{BASE}.evil.example/",
    f"{BASE}0/",
    f"{BASE}//evil.example",
    f"{BASE}/%2fevil.example",
    f"{BASE}/\\evil.example",
    "http://127.0.0.1:80",
    "https://127.0.0.1:8000/",
    "/\x00",
    "/\u202e",
    "/\ud800",
    "/" + "x" * 1024,
    "//evil.example?" + "x" * 1024,
]


def settings(folder: Path, **changes: Any) -> Settings:
    (port,) = free_ports(1)  # nothing listens there: a provider that is down
    values = {
        "home": folder,
        "base_url": BASE,
        "secret_key": "s" * 32,
        "oidc_issuer": f"http://127.0.0.1:{port}",
        "oidc_client_id": "accolades",
        "oidc_client_secret": "hush",
    }
    return Settings(**{**values, **changes})


@pytest.mark.parametrize(("wanted", "target"), GOOD_TARGETS.items(), ids=lambda text: text[:40])
def test_targets_on_this_site_are_accepted(wanted: str, target: str) -> None:
    assert local_target(wanted, BASE) == target


def test_without_a_target_the_front_page_is_it() -> None:
    assert local_target(None, BASE) == "/"


@pytest.mark.parametrize("wanted", BAD_TARGETS, ids=ascii)
def test_every_other_target_is_refused(wanted: str) -> None:
    """Attacks W1: no login leads to another site, however its address is written."""
    with pytest.raises(InvalidInputError, match="not a page of this site"):
        local_target(wanted, BASE)


@pytest.mark.parametrize("wanted", [item for item in BAD_TARGETS if item.isascii()], ids=ascii)
def test_a_login_that_would_lead_away_is_refused(tmp_path: Path, wanted: str) -> None:
    """Attacks W1: the request for such a login is refused, not mended."""
    client = build_site(settings(tmp_path)).test_client()
    answer = client.get("/login", query_string={"next": wanted})

    assert answer.status_code == 400
    assert not {"Location", "Set-Cookie"} & set(answer.headers.keys())


@pytest.mark.parametrize("raw", ["//evil.example%252f..", "%2f%2fevil.example", "%ff%fe//evil"])
def test_raw_hostile_queries_are_refused(tmp_path: Path, raw: str) -> None:
    client = build_site(settings(tmp_path)).test_client()
    assert client.get(f"/login?next={raw}").status_code == 400


def test_while_the_provider_is_down_only_the_login_says_so(tmp_path: Path) -> None:
    """Attacks W5: pages go on for who is logged in and who is not."""
    client = build_site(settings(tmp_path)).test_client()
    with client.session_transaction() as kept:
        kept["oidc_auth_token"] = {"expires_at": 4102444800}
        kept["oidc_auth_profile"] = {"nickname": "ada", "groups": []}

    assert client.get("/").status_code == 200
    for path in ("/login", "/login?next=/badges"):
        answer = client.get(path, base_url=BASE)
        assert answer.status_code == 503
        assert "login service does not answer" in answer.text
        assert answer.headers["Retry-After"] == "60"
        assert "127.0.0.1" not in answer.text


def test_a_provider_that_never_answers_does_not_hold_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attacks W5: a provider that is slow."""
    monkeypatch.setattr("issuer.web.login.provider.TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = build_site(settings(tmp_path, oidc_issuer=issuer)).test_client()
        assert client.get("/login", base_url=BASE).status_code == 503


def test_who_calls_this_machine_by_another_name_is_led_to_ours(tmp_path: Path) -> None:
    """The cookie of one name is not sent to the other, where the provider leads back to."""
    client = build_site(settings(tmp_path)).test_client()
    answer = client.get("/login?next=/badges?q=a%26b", base_url="http://localhost:8000")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{BASE}/login?next=%2Fbadges%3Fq%3Da%26b"
    # A proxy, or somebody who lies about the name, is not led round in a circle.
    assert client.get("/login", base_url="http://inside.example").status_code == 503


def test_a_callback_that_nobody_began_is_refused(tmp_path: Path) -> None:
    client = build_site(settings(tmp_path)).test_client()
    for query in ("", "?code=c&state=s", "?error=access_denied&error_description=<script>"):
        answer = client.get(f"/login/callback{query}")
        assert answer.status_code == 401
        assert "try again" in answer.text
        assert "<script>" not in answer.text


def test_pages_set_no_cookie_for_anonymous_visitors(tmp_path: Path) -> None:
    answer = build_site(settings(tmp_path)).test_client().get("/")
    assert answer.text.startswith("True None")
    assert "Set-Cookie" not in answer.headers


def test_without_a_provider_there_is_no_login(tmp_path: Path) -> None:
    app = build_site(settings(tmp_path, oidc_issuer=""))
    client = app.test_client()

    answer = client.get("/")
    assert answer.text.startswith("False None")
    assert "Vary" not in answer.headers
    assert [client.get("/login").status_code, client.post("/logout").status_code] == [404, 404]
    assert not [rule for rule in app.url_map.iter_rules() if "log" in rule.rule]


def test_the_pages_of_flask_oidc_are_off(tmp_path: Path) -> None:
    app = build_site(settings(tmp_path))
    found = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    assert {name: rule for name, rule in found.items() if "log" in name or "oidc" in name} == {
        "login.login": "/login",
        "login.callback": "/login/callback",
        "login.logout": "/logout",
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": "http://id.example.org"}, "oidc_issuer: must begin with https://"),
        ({"oidc_issuer": "ftp://127.0.0.1"}, "oidc_issuer: must begin with https://"),
        ({"oidc_client_id": ""}, "oidc_client_id: is missing"),
        ({"oidc_scopes": ("profile",)}, "oidc_scopes: must contain 'openid'"),
    ],
)
def test_a_login_that_cannot_work_stops_the_start(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        build_site(settings(tmp_path, **changes))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        init_login(Flask("site"), settings(tmp_path, oidc_client_id=""))
    assert [mistake.partition(":")[0] for mistake in caught.value.mistakes] == [
        "oidc_client_id",
        "secret_key",
    ]


@pytest.mark.parametrize(
    "config", [{"OIDC_ENABLED": False}, {"OIDC_TESTING_PROFILE": {"nickname": "ada"}}]
)
def test_logging_everybody_in_is_for_tests_only(tmp_path: Path, config: dict[str, Any]) -> None:
    app = Flask("site")
    app.secret_key = "s" * 32
    app.config.update(config)
    with pytest.raises(ConfigurationError, match="OIDC_TESTING_PROFILE"):
        init_login(app, settings(tmp_path))


def test_a_session_keeps_only_what_is_needed_and_ends(tmp_path: Path) -> None:
    app = build_site(settings(tmp_path))
    claims = {"sub": "s", "email": "a@b.c", "groups": ["x", "admins", "y"], "zoneinfo": "UTC"}
    with app.test_request_context():
        session["of-before"] = 1
        keep_login("ada", claims, groups=("admins", "others"), mark="m", now=NOW)
        app.preprocess_request()

        assert session == {
            "oidc_auth_token": {"expires_at": int((NOW + LIFETIME).timestamp()), "mark": "m"},
            "oidc_auth_profile": {
                "sub": "s",
                "nickname": "ada",
                "email": "a@b.c",
                "groups": ["admins"],
            },
        }
        login = current_login(NOW)
        assert login is not None
        assert (login.username, login.groups) == ("ada", frozenset({"admins"}))
        assert (g.oidc_user.logged_in, g.oidc_user.name) == (True, "ada")
        assert current_login(NOW + LIFETIME) is None


@pytest.mark.parametrize("groups", [None, "admins", {"admins": 1}, 7])
def test_groups_that_are_no_list_give_no_rights(tmp_path: Path, groups: object) -> None:
    app = build_site(settings(tmp_path))
    with app.test_request_context():
        keep_login("ada", {"sub": "s", "groups": groups}, groups=("admins",), mark="m", now=NOW)
        login = current_login(NOW)
        assert login is not None
        assert login.groups == frozenset()


def test_abandoned_logins_do_not_fill_the_cookie(tmp_path: Path) -> None:
    app = build_site(settings(tmp_path))
    with app.test_request_context():
        session["kept"] = True
        for number in range(9):
            data = {"nonce": "n", "url": "u" * 500}
            session[f"_state_oidc_{number}"] = {"data": data, "exp": 1000.0 + number}
        trim_states()

        assert set(session) == {"kept", "_state_oidc_6", "_state_oidc_7", "_state_oidc_8"}
        assert session["_state_oidc_8"] == {"data": {"nonce": "n"}, "exp": 1008.0}


def test_groups_that_make_a_role_are_not_cut_off_by_others(tmp_path: Path) -> None:
    app = build_site(settings(tmp_path))
    groups = [f"a-{number:02}" for number in range(60)] + ["sysadmin"]
    with app.test_request_context():
        held = held_groups({"groups": groups}, groups, ["sysadmin"])
        assert (len(held), held[0]) == (MAX_GROUPS, "sysadmin")
