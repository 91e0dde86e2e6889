# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from issuer.services import badges

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

SETTINGS = "/admin/settings/"
AS_THEY_ARE: dict[str, Any] = {
    "site_name": "",
    "site_claim": "",
    "notice": "",
    "verify_per_minute": 30,
    "login_per_minute": 40,
    "invitations_per_minute": "12",
    "claims_per_hour": "30",
    "api_per_minute": "120",
    "leaderboard": "y",
    "claims": "y",
}


def save(root: Browser, **values: Any) -> str:
    given = {**AS_THEY_ARE, **values}
    return root.follow(root.post(SETTINGS, **{k: v for k, v in given.items() if v is not None}))


def test_name_claim_and_notice_are_shown_at_once(root: Browser) -> None:
    assert "Nothing had to be changed" in save(root)
    told = save(root, site_name="Our Badges", site_claim="Thank you", notice="Down at *noon*.")
    assert "Changed: notice, site_claim, site_name" in told
    page = root.get("/").text
    for text in ("Our Badges</title>", "Thank you", "Down at <em>noon</em>."):
        assert text in page
    assert root.client.get("/manifest.webmanifest").json["name"] == "Our Badges"
    assert "Accolades</title>" in save(root)


def test_leaderboards_can_be_switched_off(root: Browser) -> None:
    save(root, leaderboard=None)
    for path in ("/leaderboard", "/leaderboard/json"):
        assert root.get(path).status_code == 404
    assert 'href="/leaderboard"' not in root.get("/explore").text
    save(root)
    assert root.get("/leaderboard").status_code == 200


def test_claims_can_be_switched_off(site: Site, root: Browser, asha: Browser) -> None:
    with site.database.writing() as session:
        badges.find(session, "first-steps").claimable = True
    save(root, claims=None)
    assert asha.get("/badges/first-steps/claim").status_code == 404
    assert asha.post("/badges/first-steps/claim", text="I did it").status_code == 404
    assert asha.get("/claims").status_code == 200
    save(root)
    assert asha.get("/badges/first-steps/claim").status_code == 200


@pytest.mark.parametrize(
    ("limit", "path"),
    [("claims_per_hour", "/claims/1/withdraw"), ("invitations_per_minute", "/invitations/none")],
)
def test_limits_of_members_hold_as_they_were_set(
    root: Browser, asha: Browser, limit: str, path: str
) -> None:
    save(root, **{limit: 1})
    assert [asha.post(path).status_code for _ in range(2)] == [404, 429]


def test_limits_hold_as_they_were_set(root: Browser, nobody: Browser) -> None:
    save(root, verify_per_minute=2)
    paths = ["/verify?url=https://127.0.0.1:1/x"] * 3
    assert [nobody.get(path).status_code for path in paths][-1] == 429
    save(root, verify_per_minute=50)
    assert nobody.get(paths[0]).status_code != 429


def test_a_mistake_keeps_what_was_typed(root: Browser) -> None:
    answer = root.post(SETTINGS, **{**AS_THEY_ARE, "notice": "soon", "verify_per_minute": 0})
    assert answer.status_code == 422
    assert "soon</textarea>" in answer.text


def test_a_text_is_previewed_saved_and_given_up(root: Browser) -> None:
    path = f"{SETTINGS}texts/about/de"
    assert root.get(f"{SETTINGS}texts/about/xx").status_code == 404
    text = "## Hallo {site_name}\n\n<script>alert(1)</script>"
    page = root.post(path, text=text, preview="1")
    assert page.status_code == 200
    assert "<h2>Hallo Accolades</h2>" in page.text
    assert "<script>alert" not in page.text
    assert "Changed: text.about.de" in root.follow(root.post(path, text=text))
    german = {"Accept": "text/html", "Accept-Language": "de"}
    assert "<h2>Hallo Accolades</h2>" in root.client.get("/about", headers=german).text
    assert "Hallo" not in root.get("/about").text
    root.post(path, text="")
    assert "Hallo" not in root.client.get("/about", headers=german).text


def test_nobody_else_changes_them(boris: Browser) -> None:
    for path in ("", "texts/about/en"):
        assert boris.get(SETTINGS + path).status_code == 403
        assert boris.post(SETTINGS + path, **AS_THEY_ARE, text="x").status_code == 403
