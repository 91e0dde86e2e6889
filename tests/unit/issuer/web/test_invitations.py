# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of an invitation, and the claims of members."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from issuer.app import create_app
from issuer.limits import limiter
from issuer.models import Award, Badge, Claim, Invitation, Person
from issuer.services import bounties, invitations, persons
from issuer.services.bounties import Terms
from issuer.services.invitations import Wanted
from issuer.services.permissions import Actor
from tests.browsing import SEAL, Browser
from tests.issuing import BASE_URL, NOW, give, make_badge, make_site
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from issuer.site import Site

TODAY = datetime.now(UTC)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "", oidc_issuer="https://id.example.org", oidc_client_id="accolades")
    with made.database.writing() as session:
        badge = make_badge(session, made)
        boris = persons.ensure(session, "boris", now=NOW)
        for name in ("asha", "ines"):
            persons.ensure(session, name, now=NOW)
        wanted = Wanted(expires_at=TODAY + timedelta(days=1), maximum_uses=1)
        maker = Actor(username="boris", person_id=boris.id)
        invitations.make(session, badge, wanted, actor=maker, now=TODAY)
        terms = Terms(claimable=True, instructions="Show *it*.", maximum_awards=5)
        bounties.change(session, badge, terms, actor=maker, now=NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Flask:
    return create_app(site=site)


@pytest.fixture
def path(site: Site) -> str:
    with site.database.reading() as session:
        return f"/invitations/{session.scalars(select(Invitation.token)).one()}"


def number_of(site: Site, table: type[Award] | type[Claim]) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def change(site: Site, **values: object) -> None:
    with site.database.writing() as session:
        for name, value in values.items():
            setattr(session.scalars(select(Invitation)).one(), name, value)


def test_opening_a_link_shows_the_badge_and_changes_nothing(
    app: Flask, site: Site, path: str
) -> None:
    """predecessors 1.1: a GET awarded, so that a preview of the link claimed the badge."""
    for browser in (Browser(app), Browser(app, "asha")):
        for _ in range(2):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
            assert "First Steps" in answer.text
            assert Page(answer.text).headings().count(1) == 1
    assert number_of(site, Award) == 0
    assert f"/login?next={path}".replace("/", "%2F").removeprefix("%2F") in Browser(app).get(
        path
    ).text.replace("/", "%2F")
    assert 'name="csrf_token"' in Browser(app, "asha").get(path).text


def test_the_button_gives_the_badge_and_leads_to_it(app: Flask, site: Site, path: str) -> None:
    asha = Browser(app, "asha")
    answer = asha.post(path)
    page = asha.follow(answer)
    assert answer.headers["Location"].startswith("/assertions/")
    assert "Congratulations! This badge is yours now." in page
    assert 'href="#take"' in page
    again = asha.post(path)
    assert again.headers["Location"] == answer.headers["Location"]
    assert "You have this badge already" in asha.follow(again)
    assert number_of(site, Award) == 1


def test_a_claim_needs_a_login_and_the_token_of_the_form(app: Flask, site: Site, path: str) -> None:
    nobody = Browser(app)
    with nobody.client.session_transaction() as kept:  # of a login that is over
        kept["csrf_token"] = SEAL
    answer = nobody.post(path)  # W3
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/login?next={path.replace('/', '%2F')}"
    assert Browser(app, "asha").client.post(path).status_code == 400  # W2
    assert number_of(site, Award) == 0


@pytest.mark.parametrize(
    ("values", "heading"),
    [
        ({"expires_at": TODAY - timedelta(seconds=1)}, "This invitation has expired"),
        ({"uses": 1}, "This invitation is used up"),
        ({"revoked_at": NOW}, "This invitation was taken back"),
    ],
)
def test_a_closed_invitation_is_gone_and_helps(
    app: Flask, site: Site, path: str, values: dict[str, object], heading: str
) -> None:
    """Attacks W7: expired, used up or taken back is 410, and helps."""
    change(site, **values)
    asha = Browser(app, "asha")
    for answer in (asha.get(path), asha.post(path), Browser(app).get(path)):
        assert answer.status_code == 410
        page = Page(answer.text)
        assert heading in page.text
        assert {"/badges/first-steps", "/people/boris", "mailto:badges@example.org"} <= set(
            page.links()
        )
    assert number_of(site, Award) == 0
    assert asha.get(f"{path}/qrcode").status_code == 410


def test_who_made_it_is_named_only_where_they_may_be(app: Flask, site: Site, path: str) -> None:
    change(site, revoked_at=NOW)
    with site.database.writing() as session:
        persons.find(session, "boris").opted_out = True  # W9
    assert "boris" not in Browser(app).get(path).text


def test_an_unknown_invitation_is_not_there(app: Flask) -> None:
    """predecessors 1.1: an unknown id answered 500."""
    asha = Browser(app, "asha")
    for path in ("/invitations/none", "/invitations/none/qrcode", "/invitations/" + "x" * 5000):
        assert asha.get(path).status_code == 404
    assert asha.post("/invitations/none").status_code == 404


def test_somebody_who_opted_out_is_told_and_may_come_back(
    app: Flask, site: Site, path: str
) -> None:
    with site.database.writing() as session:
        persons.find(session, "asha").opted_out = True
    asha = Browser(app, "asha")
    answer = asha.get(path)
    assert (answer.status_code, "You have opted out" in answer.text) == (200, True)
    refused = asha.post(path)
    assert (refused.status_code, "You have opted out" in refused.text) == (409, True)
    assert number_of(site, Award) == 0
    assert "Congratulations" in asha.follow(asha.post(path, opt_in="yes"))
    with site.database.reading() as session:
        assert not persons.find(session, "asha").opted_out


def test_the_old_addresses_lead_there(app: Flask, path: str) -> None:
    nobody = Browser(app)
    assert nobody.get(f"{path}/claim").headers["Location"] == path
    answer = nobody.get(f"{path}/qrcode")
    with Image.open(io.BytesIO(answer.data)) as picture:
        (code,) = zxingcpp.read_barcodes(picture.convert("RGB"))
    assert code.text == f"{BASE_URL}{path}"


def test_attempts_are_limited_by_person(app: Flask, path: str) -> None:
    limiter.reset()
    asha = Browser(app, "asha")
    answers = [asha.post("/invitations/none").status_code for _ in range(13)]
    assert answers == [404] * 12 + [429]
    last = asha.post(path)
    assert "Slow down, please" in last.text
    assert int(last.headers["Retry-After"]) > 0
    assert Browser(app, "ines").post(path).status_code == 303  # at an event, all have one address
    limiter.reset()


def test_no_token_is_written_to_a_log(
    app: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    secret = path.rpartition("/")[2]
    with caplog.at_level(logging.INFO):
        app.logger.error("Exception on %s [GET]", path)
        logging.getLogger("werkzeug").info('"GET %s HTTP/1.1" 200 -', path)
        Browser(app, "asha").post(path)
    assert "/invitations/…" in caplog.text
    assert secret not in caplog.text


def test_a_member_claims_a_badge_and_sees_what_becomes_of_it(app: Flask, site: Site) -> None:
    asha, page = Browser(app, "asha"), "/badges/first-steps/claim"
    assert "Claim this badge" in asha.get("/badges/first-steps").text
    assert "<em>it</em>" in asha.get(page).text
    refused = asha.post(page, text="I did <b>it</b>.", links="https://ok.example/\njavascript:x")
    assert refused.status_code == 422
    assert "javascript:x" in refused.text
    assert "I did &lt;b&gt;it&lt;/b&gt;." in refused.text  # what was typed is kept
    mine = asha.follow(asha.post(page, text="I did it.", links="https://ok.example/"))
    assert "waits for somebody to review it" in mine
    assert "Waits for a review." in mine
    assert "I did it." in asha.get(page).text
    assert "Nothing claimed yet" in Browser(app, "ines").get("/claims").text
    with site.database.reading() as session:
        number = session.scalars(select(Claim.id)).one()
    assert Browser(app, "ines").post(f"/claims/{number}/withdraw").status_code == 404
    assert "is withdrawn" in asha.follow(asha.post(f"/claims/{number}/withdraw"))
    assert asha.post(f"/claims/{number}/withdraw").status_code == 409


def test_who_cannot_claim_sees_why(app: Flask, site: Site) -> None:
    page = "/badges/first-steps/claim"
    answer = Browser(app).get(page)
    assert answer.headers["Location"] == "/login?next=%2Fbadges%2Ffirst-steps%2Fclaim"
    asha, ines = Browser(app, "asha"), Browser(app, "ines")
    with site.database.writing() as session:
        give(session, session.scalars(select(Badge)).one(), "asha")
        persons.find(session, "ines").opted_out = True
    for browser, words in ((asha, "You have it."), (ines, "You have opted out")):
        text = browser.get(page).text
        assert words in text
        assert "<textarea" not in text
        refused = browser.post(page, text="Still.")
        assert (refused.status_code, words in refused.text) == (422, True)
    with site.database.writing() as session:
        session.scalars(select(Badge)).one().claimable = False
        session.scalars(select(Person).filter_by(key="ines")).one().opted_out = False
    assert ines.get(page).status_code == 404
    assert number_of(site, Claim) == 0
