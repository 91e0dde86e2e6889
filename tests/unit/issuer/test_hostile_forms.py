# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every form takes every nonsense, and does nothing for those who have no right to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.db import Base
from issuer.limits import limiter
from issuer.models import Claim, Grant
from issuer.services import emails, invitations, persons
from issuer.services.invitations import Wanted
from issuer.services.permissions import Actor, Role
from tests.browsing import ADMINS, Browser
from tests.crawling import FORM_TYPE, LEFT_OUT, TOKEN, TOO_MUCH, Crawler, Form
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.site import Site


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    """A site on PostgreSQL: what SQLite refuses, that refuses too, and NUL besides."""
    made = make_site(
        tmp_path,
        postgres_url,
        oidc_issuer="http://127.0.0.1:9",
        oidc_client_id="accolades",
        avatar_url="",
    )
    with made.database.writing() as session:
        badge = make_badge(session, made)
        give(session, badge, "asha")
        give(session, badge, "root")
        root = persons.ensure(session, "root", now=NOW)
        emails.add(session, root, "root@example.net", now=NOW)
        session.add(Grant(badge_id=badge.id, person_id=root.id, created_at=NOW))
    yield made
    made.database.dispose()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_form_of_the_site_breaks_on_nonsense(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Attacks A2: NUL, halves of pairs, huge numbers, long texts in each field of each form."""
    app = create_app(site=site)
    monkeypatch.setattr(limiter, "enabled", False)
    names = {"slug": "first-steps", "username": "asha", "name": "asha", "kid": "none"}
    crawler = Crawler(app, Browser(app, "root", ADMINS), names)
    crawler.walk(3)
    for form in list(crawler.forms.values()):
        crawler.attack(form)
    known = {name for form in crawler.forms.values() for name in form.fields} - {TOKEN}
    found = {endpoint for endpoint, method, _ in crawler.forms if method == "post"}
    for rule in crawler.rules("POST"):
        if rule.endpoint not in found | LEFT_OUT:
            form = Form(crawler.address(rule), "post", "", dict.fromkeys(known, ""))
            crawler.attack(form, alone=False)
    assert crawler.broken == []
    assert "root@example.net" not in caplog.text  # attacks P1


#: Whom and what it is about, and what forms ask for before they do what cannot be undone.
FILLED_IN = {
    **dict.fromkeys(("badge", "typed"), "first-steps"),
    **dict.fromkeys(("people", "person", "holder", "names"), "asha"),
    "reason": "x",
    "confirmed": "y",
    "text": "x",
}


#: Whoever may award something makes lists, in which lines of what is not theirs are refused.
OWN_LISTS = {"batches", "batch_lines"}


def _everything(site: Site) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    with site.database.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("username", "groups", "own"),
    [
        # Series and teams belong to the site, and so to everybody who manages badges.
        ("otto", ("other-managers",), ("admin_series", "admin_teams")),
        ("dora", (), ()),
        ("rita", ("badge-reviewers",), ("admin_claims",)),
        ("asha", (), ()),
    ],
)
def test_nobody_changes_what_an_admin_sees(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    username: str,
    groups: tuple[str, ...],
    own: tuple[str, ...],
) -> None:
    """Attacks W3: every form that an admin finds, sent by those who have no right to its object.

    Otto manages another issuer, Dora may award another badge, Rita reviews and is no admin.
    """
    made = make_site(
        tmp_path,
        "",
        oidc_issuer="http://127.0.0.1:9",
        oidc_client_id="accolades",
        manager_groups=("another:other-managers",),
        reviewer_groups=("badge-reviewers",),
    )
    _fill(made)
    app = create_app(site=made)
    monkeypatch.setattr(limiter, "enabled", False)
    names = {"slug": "first-steps", "username": "chen", "name": "chen"}
    root = Crawler(app, Browser(app, "root", ADMINS), names)
    root.walk(6)
    other = Crawler(app, Browser(app, username, *groups), names)
    forms = [
        form
        for (endpoint, method, _), form in root.forms.items()
        if method == "post"
        and endpoint.startswith(("admin_", "delegates"))
        and not endpoint.startswith(own)
    ]
    before = _everything(made)
    for form in forms:
        other.send(form, FILLED_IN)
    after = _everything(made)
    assert other.broken == []
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= OWN_LISTS
    for form in forms:
        root.send(form, FILLED_IN)  # which would be worth nothing if they did nothing
    done = _everything(made)
    assert len([name for name in before if before[name] != done[name]]) > 8
    made.database.dispose()


def _fill(site: Site) -> None:
    """Put one of everything into the site, and of the badge of Dora just that."""
    with site.database.writing() as session:
        badge = make_badge(session, site)
        badge.claimable = True
        give(session, badge, "chen")
        for name in ("root", "otto", "dora", "rita", "asha"):
            persons.ensure(session, name, now=NOW)
        own = make_badge(session, site, name="Second Steps")
        actor = Actor(username="root", roles=frozenset({Role.ADMIN}), person_id=1)
        now = datetime.now(UTC)
        wanted = Wanted(expires_at=now + timedelta(days=1))
        invitations.make(session, badge, wanted, actor=actor, now=now)
        session.add(
            Grant(
                badge_id=own.id,
                person_id=persons.find(session, "dora").id,
                created_at=NOW,
            )
        )
        session.add(
            Grant(badge_id=badge.id, person_id=persons.find(session, "chen").id, created_at=NOW)
        )
        session.add(
            Claim(
                badge_id=badge.id,
                person_id=persons.find(session, "chen").id,
                text="I did it",
                links=[],
                created_at=NOW,
            )
        )


def test_a_body_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Attacks A2: 10 MB, for every address that takes a form."""
    made = make_site(tmp_path, "", oidc_issuer="http://127.0.0.1:9", oidc_client_id="accolades")
    app = create_app(site=made)
    crawler = Crawler(app, Browser(app, "root", ADMINS), {})
    length = {"CONTENT_LENGTH": str(TOO_MUCH), "CONTENT_TYPE": FORM_TYPE}
    answers = {
        rule.endpoint: crawler.ask("POST", crawler.address(rule), environ_overrides=length)
        for rule in crawler.rules("POST")
    }
    others = {
        name: answer.status_code for name, answer in answers.items() if answer.status_code != 413
    }
    # Programs are asked who they are before anything else; OAuth 2.0 has its own word for it.
    assert {others.pop(name) for name in list(others) if name.startswith("programs.")} == {401}
    assert others == {
        "credentials.upsert_credential": 401,
        "oauth.token": 400,
        "oauth.revoke": 400,
    }
    assert "The body is larger" in answers["oauth.token"].text
    made.database.dispose()
