# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import Endorsement
from issuer.services import verifying
from openbadges.fetching import DocumentFetcher
from tests.browsing import Browser
from tests.issuing import BASE_URL, make_issuer
from tests.unit.issuer.services.endorsing import HOSTED, Guild, a_key
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask

    from issuer.site import Site

HERE = "/admin/endorsements/"
BADGE = f"{BASE_URL}/badges/first-steps"
FORM = {"issuer": "accolades", "about": BADGE, "comment": "Worth **having**."}


@pytest.fixture
def guild(site: Site, monkeypatch: pytest.MonkeyPatch) -> Guild:
    with site.database.writing() as session:
        made = Guild(a_key(session, site, make_issuer(session, site)))
    network = DocumentFetcher(made.documents)
    monkeypatch.setattr(verifying, "GuardedFetcher", lambda **_options: network)
    monkeypatch.setattr(DocumentFetcher, "inside", None, raising=False)
    return made


def kept(site: Site) -> UUID:
    with site.database.reading() as session:
        return session.scalars(select(Endorsement.uuid)).one()


def test_a_badge_is_endorsed_and_shown(
    site: Site, boris: Browser, otto: Browser, nobody: Browser, rita: Browser
) -> None:
    assert rita.get(HERE).status_code == 403
    assert 'value="accolades"' in boris.get(f"{HERE}new").text
    assert 'value="accolades"' not in otto.get(f"{HERE}new").text
    assert otto.post(f"{HERE}new", **FORM).status_code == 403
    page = boris.follow(boris.post(f"{HERE}new", **FORM))
    assert "Accolades endorses it now." in page
    found = kept(site)
    path = f"/endorsements/{found}"
    assert path in page
    assert "Worth **having**." in Page(boris.get(f"{HERE}?q=accol&state=own").text).text
    assert "Worth" not in Page(boris.get(f"{HERE}?state=others").text).text
    assert "Worth" not in Page(otto.get(HERE).text).text
    public = nobody.get("/badges/first-steps").text
    assert "<strong>having</strong>" in public
    assert path in public
    assert "holds" in Page(public).text
    own = nobody.get(path)
    assert "Accolades endorses First Steps" in Page(own.text).text
    assert "/badges/first-steps" in Page(own.text).links()


def test_an_endorsement_is_revoked_with_a_reason(
    site: Site, boris: Browser, otto: Browser, nobody: Browser
) -> None:
    boris.post(f"{HERE}new", **FORM)
    found = kept(site)
    path = f"/endorsements/{found}"
    assert otto.get(f"{HERE}{found}/revoke").status_code == 403
    assert "<strong>having</strong>" in boris.get(f"{HERE}{found}/revoke").text
    assert boris.post(f"{HERE}{found}/revoke", reason="").status_code == 422
    answer = boris.post(f"{HERE}{found}/revoke", reason="We were wrong.")
    assert "The endorsement is revoked." in boris.follow(answer)
    again = boris.post(f"{HERE}{found}/revoke", reason="We were wrong.")
    assert again.status_code == 422
    assert "was revoked before" in again.text
    assert path not in nobody.get("/badges/first-steps").text
    gone = nobody.get(path)
    assert gone.status_code == 410
    assert "We were wrong." in gone.text
    assert "We were wrong." in Page(boris.get(f"{HERE}?state=revoked").text).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"about": "rock"}, "IRI"),
        ({"about": ""}, "What is endorsed"),
        ({"comment": ""}, "What is good about it"),
        ({"comment": "x" * 5001}, "What is good about it"),
        ({"issuer": "nobody"}, "there is none"),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(
    boris: Browser, changes: dict[str, str], words: str
) -> None:
    answer = boris.post(f"{HERE}new", **{**FORM, **changes})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert words in page.text
    assert "Nothing was changed." in page.text
    comment = {**FORM, **changes}["comment"]
    assert comment in answer.text


def test_what_another_issuer_says_is_taken_in_checked_and_removed(
    site: Site, guild: Guild, boris: Browser, otto: Browser, nobody: Browser
) -> None:
    guild.hosted(BADGE)
    assert otto.post(f"{HERE}take", source=HOSTED).status_code == 403
    page = boris.follow(boris.post(f"{HERE}take", source=HOSTED))
    assert "The endorsement of The Guild is shown now." in page
    found = kept(site)
    public = Page(nobody.get("/badges/first-steps").text)
    assert "The Guild" in public.text
    assert "when it was last checked" in public.text
    assert HOSTED in public.links()
    assert nobody.get(f"/endorsements/{found}").status_code == 404
    assert nobody.get(f"/endorsements/{found}.json").status_code == 404
    told = json.loads(nobody.get(f"/endorsements?of={BADGE}").text)
    assert json.loads(told["endorsements"][0]["document"])["id"] == HOSTED
    assert otto.post(f"{HERE}{found}/check").status_code == 403
    guild.hosted(BADGE, revoked=True, revocationReason="No more.")
    page = boris.follow(boris.post(f"{HERE}{found}/check"))
    assert "Checked now: This endorsement was revoked" in Page(page).text
    assert "withdrawn" in Page(nobody.get("/badges/first-steps").text).text
    answer = boris.post(f"{HERE}{found}/revoke", reason="Withdrawn.")
    assert "not shown any more" in boris.follow(answer)
    assert HOSTED not in nobody.get("/badges/first-steps").text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "The endorsement"),
        ("nonsense", "this is none"),
        ("https://guild.example/none", "this is none"),
        (BADGE, "this is none"),
    ],
)
def test_what_cannot_be_taken_in_is_said_in_a_line(
    guild: Guild, boris: Browser, source: str, words: str
) -> None:
    assert guild.documents
    answer = boris.post(f"{HERE}take", source=source)
    assert answer.status_code == 422
    assert words in Page(answer.text).text
    assert source in answer.text


def test_what_is_not_there_is_not_found(boris: Browser, app: Flask) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert boris.get(f"{HERE}{unknown}/revoke").status_code == 404
    assert boris.post(f"{HERE}{unknown}/check").status_code == 404
    assert Browser(app).get(f"/endorsements/{unknown}").status_code == 404
