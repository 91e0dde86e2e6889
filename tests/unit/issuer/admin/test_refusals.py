# SPDX-License-Identifier: AGPL-3.0-or-later
"""What pages say when something is refused, to somebody who reads German."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from issuer.models import Badge
from tests.issuing import NOW, make_badge
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

BADGE = {"issuer": "accolades", "description": "x", "points": "3"}
ISSUER = {"name": "Other", "url": "https://x.example", "email": "a@b.example"}
LIMITS = {
    "verify_per_minute": "30",
    "login_per_minute": "40",
    "invitations_per_minute": "12",
    "claims_per_hour": "30",
    "api_per_minute": "120",
}
OLD = "2000-01-01T00:00:00+00:00"
#: What is sent where, and what the page says then: by an admin, and by a member.
ADMIN = (
    ("teams/-/new", {"name": "Team"}, "Gruppe „Team“: es gibt schon eine mit diesem Namen"),
    ("teams/-/new", {"name": "???"}, "braucht Buchstaben oder Ziffern im Namen"),
    ("teams/xyz/leave", {"person": "x"}, "Gruppe „xyz“: gibt es nicht"),
    ("series/-/new", {"name": "Steps", "team": ""}, "eine mit der Adresse „steps“"),
    ("series/steps/badges", {"what": "add", "badge": "xyz"}, "Abzeichen „xyz“: gibt es nicht"),
    ("series/steps/badges", {"what": "fly", "badge": "first-steps"}, "„steps“: 'fly' geht nicht"),
    ("badges/-/new", {**BADGE, "name": "First Steps"}, "wurde mit diesem Namen angelegt"),
    ("badges/-/new", {**BADGE, "name": "a\x07"}, "Abzeichen „a\\x07“: Name: enthält"),
    ("badges/-/new", {**BADGE, "name": "a", "criteria_url": "x"}, "Adresse der Bedingungen: muss"),
    ("badges/-/new", {**BADGE, "name": "a", "held": "0" * 64}, "wähle die Datei noch einmal"),
    ("badges/-/new", {**BADGE, "name": "a", "picture": b"<svg/>"}, "weder PNG noch SVG"),
    ("badges/first-steps/edit", {**BADGE, "name": "a", "seen": OLD}, "Inzwischen hat jemand"),
    ("badges/first-steps/delete", {}, "jemand hat es bekommen: schicke es stattdessen in den Ruhe"),
    (
        "grants/",
        {"badge": "first-steps"},
        "Befugnis: braucht entweder eine Person oder eine Gruppe",
    ),
    ("grants/", {"badge": "first-steps", "username": "x"}, "x: ist hier nicht bekannt"),
    ("grants/", {"badge": "gone", "username": "asha"}, "ist im Ruhestand, niemand bekommt es mehr"),
    ("invitations/new", {"badge": "gone", "codes": "1"}, "ist im Ruhestand, niemand bekommt"),
    ("award/", {"badge": "first-steps", "people": "a\x07"}, "Liste: Zeile 1: enthält"),
    ("award/file", {"file": b""}, "Datei: enthält keine Zeile"),
    ("award/file", {"file": b"\xff\xfea"}, "Datei: ist in UTF-16: speichere sie als CSV in UTF-8"),
    ("awards/revoke/list", {"names": "x", "reason": " "}, "Grund: braucht 1 bis 1000 Zeichen"),
    ("people/asha/rename", {"username": "No Name"}, "„No Name“: kein gültiger Kontoname"),
    ("people/asha/rename", {"username": "boris"}, "ein anderes Konto hat ihn: führe die beiden"),
    ("people/asha/merge", {"other": "boris", "name": "x"}, "Name: tippe „boris“, das Konto, das"),
    ("people/asha/erase", {"name": "x"}, "Name: tippe „asha“, um dieses Konto zu löschen"),
    ("issuers/-/new", {**ISSUER, "slug": "accolades"}, "es gibt schon einen mit dieser Adresse"),
    ("issuers/accolades", {**ISSUER, "url": "x"}, "Startseite: muss wie https://example.org/page"),
    ("settings/", {**LIMITS, "site_name": "a\u202e"}, "site_name: muss eine Zeile sichtbarer"),
    ("settings/texts/about/de", {"text": "a\x07"}, "enthält Zeichen, die man nicht sieht"),
    ("bounties/first-steps", {"instructions": "a\x07"}, "Anleitung: höchstens 4000 sichtbare"),
)
MEMBER = (
    (
        "/settings/profile",
        {"display_name": "x" * 200, "website": "x"},
        "Name: höchstens 100 sichtbare Zeichen; Website: muss eine Adresse wie https://example.org/",
    ),
    ("/settings/visibility", {}, "Sichtbarkeit: sag, ob du gezeigt werden möchtest"),
    ("/settings/emails", {"address": "x"}, "Adresse „x“: muss wie name@example.org aussehen"),
    ("/settings/emails/confirm", {"token": "x"}, "Link: ist zu alt, abgeschnitten oder für"),
    ("/settings/trophies", {"place-xyz": "1"}, "Abzeichen „xyz“: ist keines von deinen"),
    ("/settings/erase", {"name": "x"}, "Name: tippe „asha“, um dieses Konto zu löschen"),
    ("/badges/first-steps/claim", {"text": "a", "links": "x"}, "Link „x“: muss wie https://"),
    ("/my/backpacks/badgr", {"address": "http://x.example"}, "muss mit https:// beginnen"),
    ("/my/backpacks/badgr", {"address": "https://x.example", "token": "a b"}, "Token: enthält"),
    (
        "/my/backpacks/connect",
        {"address": "https://127.0.0.1"},
        "nicht an einer öffentlichen Adresse",
    ),
    ("/preferences", {"theme": "x"}, "theme „x“: wähle eines von auto, light, dark"),
)
ADDRESSES = (
    ("/leaderboard?by=x", "nach „x“: möglich sind"),
    ("/leaderboard?from=2026-03-09&to=2026-03-01", "endet, bevor er beginnt"),
    ("/leaderboard?from=x&to=y", "Tag „x“: schreibe ihn wie 2026-03-01"),
    ("/badges/first-steps?after=x", "Stelle „x“: keine, die eine Liste nennt"),
    ("/login?next=//x", "next: „//x“ ist keine Seite hier"),
    ("/diff?a=asha&b=asha", "asha: kann nicht mit sich selbst verglichen werden"),
)
SAID = re.compile(
    r'id="trouble".*?</ul>|<p[^>]*(?:role="alert"|class="error-detail").*?</p>', re.DOTALL
)
ENGLISH = re.compile(
    r"\b(the|is|are|needs?|there|none|must|most|cannot|of|with|to|your?|and|not|it|this|any)\b"
)


@pytest.mark.slow
def test_what_is_refused_is_said_in_german(site: Site, root: Browser, asha: Browser) -> None:
    _fill(site, root)
    wrong = []
    for browser, start, cases in ((root, "/admin/", ADMIN), (asha, "", MEMBER)):
        browser.client.set_cookie("language", "de")
        for path, values, expected in cases:
            answer = browser.post(f"{start}{path}", **_sent(values))
            page = browser.follow(answer) if answer.status_code == 303 else answer.text
            wrong += _mistakes(path, page, expected)
    for path, expected in ADDRESSES:
        wrong += _mistakes(path, asha.get(path).text, expected)
    assert not wrong


def test_an_old_form_is_said_in_german(asha: Browser) -> None:
    asha.client.set_cookie("language", "de")
    for path in ("/settings/profile", "/logout"):
        answer = asha.client.post(path, headers={"Accept": "text/html"})
        assert answer.status_code == 400
        assert not _mistakes(path, answer.text, "diese Seite ist zu alt: lade sie neu")


def test_programs_are_told_in_english(asha: Browser) -> None:
    asha.client.set_cookie("language", "de")
    answer = asha.client.get("/leaderboard?by=x", headers={"Accept": "application/json"})
    assert answer.get_json() == {"error": "by 'x': is badges or points"}


def _fill(site: Site, root: Browser) -> None:
    with site.database.writing() as session:
        make_badge(session, site, "Gone").retired_at = NOW
        session.query(Badge).filter_by(slug="first-steps").one().claimable = True
    for path, values in (("teams", {"name": "Team"}), ("series", {"name": "Steps", "team": ""})):
        assert root.post(f"/admin/{path}/-/new", **values).status_code == 303


def _sent(values: dict[str, object]) -> dict[str, object]:
    return {
        name: (io.BytesIO(value), "x.svg" if name == "picture" else "x.csv")
        if isinstance(value, bytes)
        else value
        for name, value in values.items()
    }


def _mistakes(path: str, page: str, expected: str) -> list[tuple[str, str]]:
    said = " ".join(Page(found).text for found in SAID.findall(page))
    if expected in said and not ENGLISH.search(said):
        return []
    return [(path, said or Page(page).text[-300:])]
