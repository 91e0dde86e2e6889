# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from issuer.access import MEMBER, PUBLIC, acting, declared, needs, policy
from issuer.app import create_app
from issuer.errors import ForbiddenError
from issuer.limits import limiter
from issuer.services import persons
from issuer.services.permissions import RIGHTS, Right, Role
from issuer.site import db_session
from tests.browsing import ADMINS, Browser
from tests.issuing import NOW, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from werkzeug.routing import Rule

    from issuer.site import Site

#: Forms that change nothing but the sender's own cookie, or verify what strangers hand in; and what
#: programs send, by the word of a token of theirs and of no cookie; and the exchange with wallets,
#: whose address is the secret.
WITHOUT_TOKEN = {
    "preferences.choose",
    "verifying.verify",
    "api.verify_badge",
    "oauth.register",
    "oauth.token",
    "oauth.revoke",
    "credentials.upsert_credential",
    "profiles.put_profile",
    "exchange.participate",
}
#: For programs: no cookie counts there.
WITHOUT_COOKIE = "programs."


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(
        tmp_path,
        "",
        oidc_issuer="https://id.example.org",
        oidc_client_id="accolades",
        manager_groups=("all-badges", "centos:centos-badges", "alma:centos-badges"),
        reviewer_groups=("readers",),
    )
    with made.database.writing() as session:
        persons.ensure(session, "asha", now=NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Flask:
    return create_app(site=site)


def test_every_route_says_who_may_open_it(app: Flask) -> None:
    said = {rule.endpoint: declared(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    assert [endpoint for endpoint, what in said.items() if what is None] == []
    assert {PUBLIC, MEMBER} <= set(said.values())


def test_a_route_that_says_nothing_opens_to_nobody(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = Browser(app, "asha", ADMINS).get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text
    assert "nobody declared who may open it" in caplog.text


@pytest.mark.parametrize(
    ("what", "groups", "status"),
    [
        (PUBLIC, (), 200),
        (MEMBER, (), 200),
        (Right.KEYS, (), 403),
        (Right.KEYS, ("all-badges",), 403),
        (Right.KEYS, (ADMINS,), 200),
        (Right.BADGES, ("centos-badges",), 200),
        (Right.REVIEW, ("readers",), 200),
        (Right.BADGES, ("readers",), 403),
        (Right.BADGES, ("strangers",), 403),
    ],
)
def test_a_right_opens_its_pages_and_who_was_refused_is_logged(
    app: Flask,
    caplog: pytest.LogCaptureFixture,
    what: Right,
    groups: tuple[str, ...],
    status: int,
) -> None:
    app.add_url_rule("/page", "page", needs(what)(lambda: "here"))
    assert Browser(app, "asha", *groups).get("/page").status_code == status
    assert ("refused: GET page to asha" in caplog.text) == (status == 403)


def test_somebody_without_a_name_is_sent_to_the_login_and_back(app: Flask) -> None:
    app.add_url_rule("/page", "page", needs(Right.KEYS)(lambda: "here"), methods=["GET", "POST"])
    nobody = Browser(app)
    assert nobody.get("/page?q=1").headers["Location"] == "/login?next=%2Fpage%3Fq%3D1"


def test_groups_mean_roles_and_a_manager_has_issuers(site: Site) -> None:
    rules = policy(site.settings)
    assert rules.managers == {
        "all-badges": frozenset({"*"}),
        "centos-badges": frozenset({"centos", "alma"}),
    }
    assert rules.groups >= {ADMINS, "readers", "all-badges", "centos-badges"}


def test_who_acts_has_a_row_and_an_erased_account_does_nothing(app: Flask, site: Site) -> None:
    app.add_url_rule("/act", "act", needs(MEMBER)(lambda: repr(acting(db_session()))))
    browser = Browser(app, "asha", ADMINS)
    assert f"{Role.ADMIN!r}" in browser.get("/act").text
    with site.database.writing() as session:
        persons.find(session, "asha").erased_at = NOW
    assert browser.get("/act").status_code == 403
    with app.test_request_context(), pytest.raises(ForbiddenError):
        acting(db_session())


MINUTES = {"fresh": 5, "half": 45, "old": 75}


@pytest.mark.parametrize(
    ("age", "method", "status"),
    [
        ("fresh", "get", 200),
        ("fresh", "post", 200),
        ("half", "get", 302),
        ("half", "post", 200),
        ("old", "get", 302),
        ("old", "post", 403),
    ],
)
def test_groups_are_believed_for_a_while_only(
    app: Flask, age: str, method: str, status: int
) -> None:
    """Attacks W6: who leaves a group loses its rights within the configured minutes."""
    app.add_url_rule("/page", "page", needs(Right.KEYS)(lambda: "here"), methods=["GET", "POST"])
    browser = Browser(app, "asha", ADMINS, age=timedelta(minutes=MINUTES[age]))
    answer = getattr(browser, method)("/page")
    assert answer.status_code == status
    if status == 302:
        assert answer.headers["Location"] == "/login?next=%2Fpage"
        # Back without new groups, because the provider is away: what was believed ends in time.
        assert browser.get("/page").status_code == (200 if age == "half" else 302)


def test_a_copy_of_a_cookie_is_worth_nothing_after_the_logout(app: Flask) -> None:
    """Attacks W6: also for the hours that the login would have lasted."""
    app.add_url_rule("/page", "page", needs(MEMBER)(lambda: "here"))
    asha, other = Browser(app, "asha", ADMINS), Browser(app, "asha", ADMINS)
    cookie = asha.client.get_cookie("session")
    assert cookie is not None
    thief = Browser(app)
    thief.client.set_cookie("session", cookie.value)
    assert thief.get("/page").status_code == 200
    asha.post("/logout")
    for path in ("/page", "/admin/keys/"):
        thief.client.set_cookie("session", cookie.value)
        assert thief.get(path).headers["Location"].startswith("/login?next=")
    assert other.get("/page").status_code == 200


def test_old_rights_are_gone_from_the_menu_too(app: Flask) -> None:
    assert (
        'href="/admin/"' not in Browser(app, "asha", ADMINS, age=timedelta(hours=2)).get("/").text
    )


def test_logging_in_again_and_again_is_slowed_down(app: Flask) -> None:
    limiter.enabled, nobody = True, Browser(app)
    answers = [nobody.get("/login?next=//evil.example") for _ in range(41)]
    assert [each.status_code for each in answers] == [400] * 40 + [429]
    assert re.search(r"Try again in (1 minute|\d+ seconds)\.", answers[-1].text)


ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "nobody": ("", ()),
    "member": ("asha", ()),
    "reviewer": ("asha", ("readers",)),
    "manager": ("asha", ("all-badges",)),
    "admin": ("asha", (ADMINS,)),
}
HELD = {
    "nobody": frozenset(),
    "member": frozenset(),
    "reviewer": RIGHTS[Role.REVIEWER],
    "manager": RIGHTS[Role.MANAGER],
    "admin": RIGHTS[Role.ADMIN],
}
FILLED = {"int": "999", "uuid": "00000000-0000-4000-8000-000000000000"}


def _address(rule: Rule) -> str:
    """Return an address of a route; what it names is not there."""
    return re.sub(
        r"<(?:([a-z]+)(?:\('?([a-z-]*)[^)]*\))?:)?[a-z_]+>",
        lambda match: match[2] or FILLED.get(match[1] or "", "none"),
        rule.rule,
    )


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_routes_and_no_other(app: Flask, role: str) -> None:
    """Attacks W3: every route of the administration, for everybody who might try it."""
    app.config["WTF_CSRF_ENABLED"] = False  # the right is asked for in any case
    username, groups = ROLES[role]
    browser = Browser(app, username, *groups)
    wrong = []
    for rule in app.url_map.iter_rules():
        what = declared(app, rule.endpoint)
        if what not in {*Right, MEMBER} or rule.endpoint.startswith("page"):
            continue
        is_mine = bool(username) and (what == MEMBER or what in HELD[role])
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = getattr(browser, method.lower())(_address(rule))
            to_login = answer.headers.get("Location", "").startswith("/login?")
            shut = to_login if not username else answer.status_code == 403
            if shut == is_mine or answer.status_code >= 500:
                wrong.append(f"{method} {rule} as {role}: {answer.status_code}")
    assert wrong == []


def test_no_form_is_taken_without_its_token(app: Flask) -> None:
    """Attacks W2: a foreign page cannot send a form in somebody's name."""
    browser = Browser(app, "asha", ADMINS)
    taken = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            if rule.endpoint in WITHOUT_TOKEN or rule.endpoint.startswith(WITHOUT_COOKIE):
                continue
            answer = browser.client.open(_address(rule), method=method, data={"name": "x"})
            if answer.status_code != 400:
                taken.append(f"{method} {rule}: {answer.status_code}")
    assert taken == []
