# SPDX-License-Identifier: AGPL-3.0-or-later
"""People log in at a real provider, over real sockets."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import flask
import pytest
import requests
from sqlalchemy import select

from issuer.adapters.demo_provider import DemoPermit, DemoProvider, DemoUser, start
from issuer.config import Settings
from issuer.models import EmailIdentity, Grant, Login, OutboxMessage, Person
from issuer.site import EXTENSION
from tests.issuing import make_badge
from tests.login_site import build_site, serving
from tests.services.processes import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

# The demo's provider speaks to Authlib in a form that is about to go.
pytestmark = pytest.mark.filterwarnings(r"ignore:get_jwt_config\(self, grant\):DeprecationWarning")

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
GROUPS = tuple(f"group-{number:x}-{number * 7919 % 99991:x}" for number in range(300))


class Nameless(DemoUser):
    """Somebody whose provider tells no user name."""

    @property
    def claims(self) -> dict[str, object]:
        return {"email": self.email}


class OfFedora(DemoUser):
    """Somebody as Fedora's Ipsilon tells of them."""

    @property
    def claims(self) -> dict[str, object]:
        return {
            "nickname": self.username,
            "name": self.name,
            "email": self.email,
            "groups": list(self.groups),
            "agreements": ["FPCA"],
            "zoneinfo": "Europe/Prague",
            "cla": [],
        }


FEDORA_SCOPES = (
    "openid",
    "profile",
    "email",
    "https://id.fedoraproject.org/scope/groups",
    "https://id.fedoraproject.org/scope/agreements",
)
USERS = (
    OfFedora("pingou", "Pierre", "pingou@example.org", ("packager", "sysadmin-badges")),
    DemoUser("ada", "Ada", "ada@example.org"),
    DemoUser("grace", "Grace", "grace@example.org", (*GROUPS, "sysadmin-badges")),
    Nameless("nobody", "", "nobody@example.org"),
)


@dataclass(frozen=True)
class World:
    """A site, its provider, and how to look into both."""

    app: Flask
    base_url: str
    provider: DemoProvider

    def rows(self, table: type[Any]) -> list[Any]:
        with self.app.extensions[EXTENSION].database.session() as session:
            return list(session.scalars(select(table).order_by(table.id)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


@contextmanager
def a_world(folder: Path, **changes: object) -> Iterator[World]:
    port = free_ports(1)[0]
    base_url = f"http://127.0.0.1:{port}"
    usual = {"home": folder, "base_url": base_url, "secret_key": "s" * 32, "demo": True}
    wanted = Settings.model_validate({**usual, **changes})
    with start(DemoPermit(wanted), USERS, port=0) as provider:
        app = build_site(provider.configure(wanted))
        with serving(app, port):
            yield World(app, base_url, provider)
        app.extensions[EXTENSION].database.dispose()


def begin(world: World, browser: requests.Session, target: str = "") -> str:
    """Press "log in"; return the address of the provider's page."""
    url = f"{world.base_url}/login"
    page = browser.get(url, params={"next": target} if target else None, timeout=5)
    assert page.url.startswith(world.provider.issuer), page.text
    return page.url


def choose(browser: requests.Session, page: str, username: str) -> requests.Response:
    return browser.post(page, data={"sub": f"demo-{username}"}, timeout=5)


def log_in(
    world: World, username: str, target: str = ""
) -> tuple[requests.Session, requests.Response]:
    browser = requests.Session()
    return browser, choose(browser, begin(world, browser, target), username)


def alter(world: World, path: str, answer: Callable[[], flask.Response]) -> None:
    """Let the provider answer ``path`` in another way from now on."""
    plain = world.provider.app.wsgi_app

    def altered(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] != path:
            return plain(environ, start_response)
        return answer()(environ, start_response)

    world.provider.app.wsgi_app = altered  # type: ignore[method-assign]  # a middleware


def rotate_keys(provider: DemoProvider) -> None:
    with provider.app.test_request_context(base_url=provider.issuer):
        provider.app.preprocess_request()
        storage = flask.g.oidc_provider_mock_storage
        storage.jwk = type(storage)().jwk


def test_people_log_in_and_land_where_they_wanted(world: World) -> None:
    browser, page = log_in(world, "ada", "/badges?tag=a")

    assert page.url == f"{world.base_url}/badges?tag=a"
    assert page.text.startswith("True ada")
    assert browser.get(world.base_url, timeout=5).text.startswith("True ada")
    person = world.rows(Person)[0]
    assert (person.username, person.email) == ("ada", "ada@example.org")
    assert person.subject == f"{world.provider.issuer} demo-ada"
    assert [row.topic for row in world.rows(OutboxMessage)] == ["badges.person.login.first"]


def test_a_provider_like_that_of_fedora_is_asked_for_groups_and_believed(tmp_path: Path) -> None:
    """Claims as Ipsilon makes them: a nickname and groups, nothing of what else is usual."""
    with a_world(tmp_path, oidc_scopes=FEDORA_SCOPES) as world:
        browser = requests.Session()
        page = begin(world, browser)
        assert parse_qs(urlsplit(page).query)["scope"] == [" ".join(FEDORA_SCOPES)]
        assert choose(browser, page, "pingou").text.startswith("True pingou")
        person = world.rows(Person)[0]
        assert (person.username, person.display_name) == ("pingou", "Pierre")
        assert world.rows(EmailIdentity) == []  # nobody said that the address is proven
        cookie = browser.cookies["session"]
        with world.app.test_request_context(headers={"Cookie": f"session={cookie}"}):
            assert flask.session["oidc_auth_profile"]["groups"] == ["sysadmin-badges"]


def test_a_second_login_makes_no_second_person_and_no_second_message(world: World) -> None:
    log_in(world, "ada")
    before = world.rows(Person)[0].last_login_at
    log_in(world, "ada")

    assert len(world.rows(OutboxMessage)) == 1
    assert [person.last_login_at > before for person in world.rows(Person)] == [True]


def test_a_person_that_rules_made_is_found_in_any_case(world: World) -> None:
    with world.app.extensions[EXTENSION].database.writing() as session:
        session.add(Person(username="Ada", created_at=LONG_AGO))
    _, page = log_in(world, "ada")

    assert page.text.startswith("True Ada")
    assert [person.subject for person in world.rows(Person)] == [
        f"{world.provider.issuer} demo-ada"
    ]


def test_two_first_logins_at_once_make_one_person_and_one_message(world: World) -> None:
    browsers = [requests.Session(), requests.Session()]
    pages = [begin(world, browser) for browser in browsers]
    answers: list[int] = []

    def finish(browser: requests.Session, page: str) -> None:
        answers.append(choose(browser, page, "ada").status_code)

    threads = [
        threading.Thread(target=finish, args=pair) for pair in zip(browsers, pages, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert answers == [200, 200]
    assert len(world.rows(Person)) == 1
    assert len(world.rows(OutboxMessage)) == 1


def test_the_cookie_stays_small_with_300_groups(world: World) -> None:
    """Attacks W5: of 300 groups only those that mean something are kept."""
    browser, page = log_in(world, "grace")

    assert page.text.startswith("True grace")
    cookie = browser.cookies["session"]
    assert len(cookie) < 1024
    with world.app.test_request_context(headers={"Cookie": f"session={cookie}"}):
        assert flask.session["oidc_auth_profile"]["groups"] == ["sysadmin-badges"]
        assert set(flask.session["oidc_auth_token"]) == {"expires_at", "mark"}


def test_a_login_remembers_who_holds_a_grant(world: World) -> None:
    with world.app.extensions[EXTENSION].database.writing() as session:
        site = world.app.extensions[EXTENSION]
        session.add(Person(username="Ada", created_at=LONG_AGO))
        session.flush()
        badge = make_badge(session, site)
        ada = session.scalars(select(Person)).one()
        session.add(Grant(badge_id=badge.id, person_id=ada.id, created_at=LONG_AGO))
    for name, held in (("ada", True), ("grace", False)):
        browser, _ = log_in(world, name)
        cookie = browser.cookies["session"]
        with world.app.test_request_context(headers={"Cookie": f"session={cookie}"}):
            assert flask.session["oidc_auth_profile"].get("is_delegate", False) is held


def test_logging_in_again_and_again_works(world: World) -> None:
    browser = requests.Session()
    for _ in range(8):
        page = begin(world, browser, "/badges?x=" + "y" * 900)
    assert len(browser.cookies["session"]) < 4000
    assert choose(browser, page, "ada").text.startswith("True ada")


def test_logging_out_needs_the_token_of_the_page(world: World) -> None:
    browser, page = log_in(world, "ada")
    url = f"{world.base_url}/logout"

    assert browser.get(url, timeout=5).status_code == 405
    assert browser.post(url, timeout=5).status_code == 400
    assert browser.post(url, data={"csrf_token": "guess"}, timeout=5).status_code == 400
    assert browser.get(world.base_url, timeout=5).text.startswith("True ada")

    found = re.search(r"name='csrf_token' value='([^']+)'", page.text)
    assert found is not None
    answer = browser.post(url, data={"csrf_token": found[1]}, timeout=5)
    assert answer.url == f"{world.base_url}/"
    assert answer.text.startswith("True None")
    assert "session" not in browser.cookies


def test_a_login_is_noted_and_the_next_in_the_same_browser_replaces_it(world: World) -> None:
    browser, phone = requests.Session(), requests.Session()
    browser.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:1) Gecko Firefox/132.0"
    choose(browser, begin(world, browser), "ada")
    choose(phone, begin(world, phone), "ada")
    before, other = world.rows(Login)
    assert (before.browser, before.system) == ("Firefox", "Linux")
    assert (other.browser, other.system) == ("", "")
    assert before.ends_at - before.began_at == timedelta(minutes=120)
    copy = dict(browser.cookies)
    assert choose(browser, begin(world, browser), "ada").text.startswith("True ada")
    kept, renewed = world.rows(Login)
    assert kept.id == other.id
    assert renewed.mark_hash != before.mark_hash
    assert requests.get(world.base_url, cookies=copy, timeout=5).text.startswith("True None")
    assert browser.get(world.base_url, timeout=5).text.startswith("True ada")
    assert phone.get(world.base_url, timeout=5).text.startswith("True ada")


def test_a_form_that_was_open_can_be_sent_after_signing_in_anew(world: World) -> None:
    """Pages say so to whom their rights have to be checked again for what they typed."""
    url = f"{world.base_url}/logout"
    for username, status in (("grace", 400), ("ada", 200)):
        browser, page = log_in(world, "ada")
        found = re.search(r"name='csrf_token' value='([^']+)'", page.text)
        assert found is not None
        choose(browser, begin(world, browser), username)
        answer = browser.post(url, data={"csrf_token": found[1]}, timeout=5)
        assert answer.status_code == status, username  # of somebody else it is worth nothing


def test_the_token_is_checked_even_without_the_protection_of_the_app(world: World) -> None:
    world.app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    browser, _ = log_in(world, "ada")
    assert browser.post(f"{world.base_url}/logout", timeout=5).status_code == 400
    assert browser.get(world.base_url, timeout=5).text.startswith("True ada")


def test_the_code_is_bound_to_a_secret_of_ours(world: World) -> None:
    plain, bodies = world.provider.app.wsgi_app, []

    def listening(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            bodies.append(dict(parse_qsl(body.decode())))
            environ["wsgi.input"] = io.BytesIO(body)
        return plain(environ, start_response)

    world.provider.app.wsgi_app = listening  # type: ignore[method-assign]  # a middleware
    browser = requests.Session()
    page = begin(world, browser)
    asked = parse_qs(urlsplit(page).query)
    choose(browser, page, "ada")

    digest = hashlib.sha256(bodies[0]["code_verifier"].encode()).digest()
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).rstrip(b"=").decode()]
    assert asked["redirect_uri"] == [f"{world.base_url}/login/callback"]


def test_the_way_back_is_ours_whatever_the_host_header(world: World) -> None:
    """Attacks W10."""
    answer = requests.get(
        f"{world.base_url}/login",
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
        allow_redirects=False,
        timeout=5,
    )
    assert "evil" not in answer.headers["Location"]


@pytest.mark.parametrize("wanted", ["//evil.example", "https:///evil.example", "/\\evil.example"])
def test_a_hostile_target_ends_the_login_before_it_begins(world: World, wanted: str) -> None:
    """Attacks W1."""
    answer = requests.get(f"{world.base_url}/login", params={"next": wanted}, timeout=5)
    assert answer.url.startswith(world.base_url)
    assert answer.status_code == 400


def test_a_used_callback_is_refused(world: World) -> None:
    browser, page = log_in(world, "ada")
    callback = next(step.headers["Location"] for step in page.history if step.status_code == 302)

    answer = browser.get(callback, timeout=5)

    assert "/login/callback?" in callback
    assert answer.status_code == 401
    assert browser.get(world.base_url, timeout=5).text.startswith("True ada")


def test_a_callback_works_only_in_the_browser_that_began(world: World) -> None:
    mallory = requests.Session()
    page = begin(world, mallory)
    answer = mallory.post(page, data={"sub": "demo-ada"}, allow_redirects=False, timeout=5)

    victim = requests.get(answer.headers["Location"], timeout=5)

    assert victim.status_code == 401
    assert world.rows(Person) == []


def test_somebody_who_changes_their_mind_is_told_kindly(world: World) -> None:
    browser = requests.Session()
    answer = browser.post(begin(world, browser), data={"action": "deny"}, timeout=5)
    assert answer.status_code == 401
    assert "try again" in answer.text


def test_somebody_without_a_user_name_is_told_why(world: World) -> None:
    """Attacks W5: no nickname, and no person."""
    _, page = log_in(world, "nobody")
    assert page.status_code == 400
    assert "your account has no user name" in page.text
    assert world.rows(Person) == []


def test_a_login_survives_the_rotation_of_the_keys(world: World) -> None:
    """Attacks W5: keys that rotated."""
    assert log_in(world, "ada")[1].status_code == 200
    rotate_keys(world.provider)
    assert log_in(world, "ada")[1].text.startswith("True ada")


def test_keys_that_did_not_sign_are_not_believed(world: World) -> None:
    keys = requests.get(f"{world.provider.issuer}/jwks", timeout=5).json()
    alter(world, "/jwks", lambda: flask.Response(json.dumps(keys), mimetype="application/json"))
    rotate_keys(world.provider)

    _, page = log_in(world, "ada")

    assert page.status_code == 401
    assert world.rows(Person) == []


def test_tokens_may_live_shorter_than_a_minute(world: World) -> None:
    plain = world.provider.app.wsgi_app

    def hasty(environ: Any, start_response: Any) -> Any:
        answer = flask.Response.from_app(plain, environ)
        if environ["PATH_INFO"] == "/oauth2/token":
            answer.set_data(json.dumps({**json.loads(answer.get_data()), "expires_in": 30}))
        return answer(environ, start_response)

    world.provider.app.wsgi_app = hasty  # type: ignore[method-assign]  # a middleware
    assert log_in(world, "ada")[1].text.startswith("True ada")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: flask.Response("{}", status=500), id="broken"),
        pytest.param(lambda: flask.Response("<html>"), id="not-json"),
        pytest.param(lambda: flask.Response("[]"), id="not-an-object"),
        pytest.param(lambda: flask.Response("[" * 100_000), id="endless"),
        pytest.param(lambda: flask.Response('{"sub": "demo-grace"}'), id="somebody-else"),
    ],
)
@pytest.mark.parametrize("path", ["/userinfo", "/oauth2/token", "/jwks"])
def test_a_provider_that_breaks_on_the_way_lets_nobody_in(
    world: World, path: str, answer: Callable[[], flask.Response]
) -> None:
    alter(world, path, answer)

    _, page = log_in(world, "ada")

    assert page.status_code in {401, 503}
    assert "try" in page.text
    assert world.rows(Person) == []


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param("", id="empty"),
        pytest.param("[1]", id="list"),
        pytest.param("{}", id="nothing-said"),
        pytest.param('{"issuer": 7}', id="issuer-is-a-number"),
        pytest.param(
            '{"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/a"}',
            id="another-issuer",
        ),
    ],
)
def test_a_provider_that_is_not_the_one_we_know_is_not_used(world: World, metadata: str) -> None:
    """Attacks W5: a wrong issuer."""
    alter(world, "/.well-known/openid-configuration", lambda: flask.Response(metadata))

    answer = requests.get(f"{world.base_url}/login", allow_redirects=False, timeout=5)

    assert answer.status_code == 503
    assert "login service does not answer" in answer.text
    assert "Location" not in answer.headers


def test_a_provider_that_went_away_hurts_only_the_login(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attacks W5: public pages answer 200 and the login a friendly 503."""
    browser, _ = log_in(world, "ada")
    waiting = requests.Session()
    page = begin(world, waiting)
    back = waiting.post(page, data={"sub": "demo-ada"}, allow_redirects=False, timeout=5)
    world.provider.stop()
    monkeypatch.setattr("issuer.web.login.provider.METADATA_SECONDS", -1)

    for visitor in (browser, requests.Session()):
        assert visitor.get(world.base_url, timeout=5).status_code == 200
        assert visitor.get(f"{world.base_url}/login", timeout=5).status_code == 503
    assert waiting.get(back.headers["Location"], timeout=5).status_code == 503
