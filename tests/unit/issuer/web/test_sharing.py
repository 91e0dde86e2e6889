# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other sites are given of an award: pictures, cards, oEmbed, and codes to copy."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from defusedxml import ElementTree
from PIL import Image
from sqlalchemy import event

from issuer.app import create_app
from issuer.services import awards, badges, editions, persons
from issuer.web.wording import broken
from tests.filled import fill
from tests.issuing import BASE_URL, NOW, give, make_badge, make_site
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site

HTML = {"Accept": "text/html"}
HOSTILE = "<script>alert(1)</script>'\"&]]>{{7*7}}\u202e\uffff"
#: A share page with what a stranger finds out about it; each document is asked for once.
MOST_STATEMENTS = 12


@dataclass
class Paths:
    good: str
    revoked: str
    expired: str
    hidden: str
    hostile: str


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


@pytest.fixture
def paths(site: Site) -> Paths:
    return fill(site, _share)


def _share(site: Site) -> Paths:
    found = {}
    with site.database.writing() as session:
        badge = make_badge(session, site)
        short = make_badge(session, site, "Short Lived", expires_after=timedelta(minutes=1))
        hostile = make_badge(session, site, "Awful")
        hostile.name = hostile.description = HOSTILE
        editions.renew(session, hostile, now=NOW)
        for name, what, who in (
            ("good", badge, "asha"),
            ("revoked", badge, "boris"),
            ("expired", short, "asha"),
            ("hidden", badge, "ghost"),
            ("hostile", hostile, "villain"),
        ):
            award = give(session, what, who).award
            found[name] = f"/assertions/{award.assertions[0].uuid}"
            if name == "revoked":
                awards.revoke(session, award, "Given by mistake.", now=NOW)
        persons.find(session, "asha").display_name = "Asha Raman"
        ghost = persons.find(session, "ghost")
        ghost.display_name, ghost.opted_out = "Ghost Writer", True
        persons.find(session, "villain").display_name = HOSTILE
    return Paths(**found)


def oembed(client: FlaskClient, url: str, **arguments: object) -> dict[str, object]:
    answer = client.get("/oembed", query_string={"url": url, **arguments})
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.get_json()
    return body


def test_a_share_page_has_all_that_is_needed_to_share(client: FlaskClient, paths: Paths) -> None:
    page = Page(client.get(paths.good, headers=HTML).text)
    address = BASE_URL + paths.good
    meta = page.meta()
    assert meta["og:image"] == f"{address}/card.png"
    assert (meta["og:image:width"], meta["og:image:height"]) == ("1200", "630")
    assert meta["twitter:card"] == "summary_large_image"
    offers = {item["type"]: item["href"] for item in page.all("link") if "type" in item}
    for form in ("json", "xml"):
        kind = "application/json" if form == "json" else "text/xml"
        parts = urlsplit(offers[f"{kind}+oembed"])
        assert parse_qs(parts.query) == {"url": [address], "format": [form]}
    downloads = {f"{paths.good}{end}" for end in (".json", ".jws", "/image?download=1")}
    assert downloads | {f"{paths.good}/image.svg?download=1"} <= set(page.links())
    for link in downloads:
        assert client.get(link).status_code == 200
    assert "Checked now." in page.text
    assert f'src="{address}/embed"' in page.text
    assert f'src="{address}/embed.svg"' in page.text


def test_linkedin_is_given_every_field(client: FlaskClient, paths: Paths) -> None:
    page = Page(client.get(paths.good, headers=HTML).text)
    link = next(link for link in page.links() if "linkedin" in link)
    assert link.startswith("https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&")
    fields = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert fields == {
        "startTask": "CERTIFICATION_NAME",
        "name": "First Steps",
        "organizationName": "Accolades",
        "issueYear": "2026",
        "issueMonth": "3",
        "certUrl": BASE_URL + paths.good,
        "certId": paths.good.rpartition("/")[2],
    }


def test_linkedin_is_told_when_an_award_ends(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        badge = make_badge(session, site, "Long Lived", expires_after=timedelta(days=40_000))
        award = give(session, badge, "asha").award
        path, ends = f"/assertions/{award.assertions[0].uuid}", award.expires_at
    link = next(
        link for link in Page(client.get(path, headers=HTML).text).links() if "linkedin" in link
    )
    fields = parse_qs(urlsplit(link).query)
    assert ends
    assert fields["expirationYear"] == [str(ends.year)]
    assert fields["expirationMonth"] == [str(ends.month)]


POSTS = {
    "https://share.joinmastodon.org/": {"text": "{title} {address}"},
    "https://bsky.app/intent/compose": {"text": "{title} {address}"},
    "https://www.linkedin.com/sharing/share-offsite/": {"url": "{address}"},
    "https://x.com/intent/post": {"text": "{title}", "url": "{address}"},
    "https://www.facebook.com/sharer/sharer.php": {"u": "{address}"},
    "https://www.reddit.com/submit": {"url": "{address}", "title": "{title}"},
    "mailto:": {"subject": "{title}", "body": "{title}\n{address}"},
}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("good", "First Steps, awarded to Asha Raman"),
        ("hidden", "First Steps"),
        ("hostile", "{0}, awarded to {0}"),
    ],
)
def test_awards_are_told_of_by_links_that_hold_all(
    client: FlaskClient, paths: Paths, name: str, title: str
) -> None:
    path = getattr(paths, name)
    title = title.format(HOSTILE.rstrip("\u202e\uffff")) if name == "hostile" else title
    page = Page(client.get(path, headers=HTML).text)
    found = {}
    for link in page.links():
        start, _, query = link.replace("#", "?").partition("?")
        found[start] = query
    for start, form in POSTS.items():
        said = {key: values[0] for key, values in parse_qs(found[start]).items()}
        wanted = {
            key: text.replace("{address}", BASE_URL + path).replace("{title}", title)
            for key, text in form.items()
        }
        assert said == wanted, start
        assert "+" not in found[start]  # a letter would show it
    outside = [
        src
        for tag in ("script", "img", "iframe")
        for each in page.all(tag)
        if (src := each.get("src", "")).startswith("http")
    ]
    assert [src for src in outside if not src.startswith(BASE_URL)] == []


@pytest.mark.parametrize(("name", "word"), [("revoked", "Revoked"), ("expired", "Expired")])
def test_what_no_longer_counts_says_so_everywhere(
    client: FlaskClient, paths: Paths, name: str, word: str
) -> None:
    path = getattr(paths, name)
    answer = client.get(path, headers=HTML)
    assert answer.status_code == (410 if name == "revoked" else 200)
    page = Page(answer.text)
    assert word in page.text
    assert not [link for link in page.links() if "linkedin" in link or "mastodon" in link]
    assert word in client.get(f"{path}/embed").text
    assert word in client.get(f"{path}/embed.svg").text
    assert client.get(f"{path}/card.png").data != client.get(f"{paths.good}/card.png").data


def test_the_wide_picture_is_painted_once(
    client: FlaskClient, paths: Paths, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(f"{paths.good}/card.png")
    with Image.open(io.BytesIO(first.data)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 630))
    monkeypatch.setattr("issuer.web.sharing.paint", lambda *_: pytest.fail("painted again"))
    assert client.get(f"{paths.good}/card.png").data == first.data
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"{paths.good}/card.png", headers=known).status_code == 304
    monkeypatch.undo()
    with site.database.writing() as session:
        persons.find(session, "asha").display_name = "Another Name"
    again = client.get(f"{paths.good}/card.png", headers=known)
    assert again.status_code == 200
    assert again.data != first.data


def test_the_picture_of_a_badge_follows_its_art(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        make_badge(session, site)
    answer = client.get("/badges/first-steps/card.png")
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.size == (1200, 630)
    assert client.get("/badges/none/card.png").status_code == 404


def test_who_reads_another_language_gets_the_same_picture(
    client: FlaskClient, paths: Paths
) -> None:
    tags = {
        client.get(f"{paths.good}/card.png", headers={"Accept-Language": code}).headers["ETag"]
        for code in ("en", "de", "es")
    }
    assert len(tags) == 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("Asha Raman", ["Asha Raman"]),
        ("a" * 64, ["a" * 23 + "…"]),
        ("Asha " + "a" * 64, ["Asha " + "a" * 18 + "…"]),
        ("the first knot, and they tied the next", ["the first knot, and the…"]),
        ("字" * 40, ["字" * 11 + "…"]),
        ("🦆" * 40, ["🦆" * 11 + "…"]),
        ("W" * 40, ["W" * 16 + "…"]),
    ],
)
def test_a_line_of_a_drawing_holds_the_beginning_of_any_name(text: str, lines: list[str]) -> None:
    assert broken(text, 24, 1) == lines


def test_the_card_alone_may_stand_in_a_frame(client: FlaskClient, paths: Paths) -> None:
    client.set_cookie("session", "x")
    answer = client.get(f"{paths.good}/embed")
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert not {"X-Frame-Options", "Set-Cookie"} & set(answer.headers.keys())
    page = Page(answer.text)
    assert not [*page.all("script"), *page.all("form")]
    assert all(link["target"] == "_blank" for link in page.all("a"))
    other = client.get(paths.good, headers=HTML).headers
    assert other["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["good", "hidden", "hostile", "expired", "revoked"])
def test_nothing_that_is_shown_can_run_or_name_the_hidden(
    client: FlaskClient, paths: Paths, name: str
) -> None:
    path = getattr(paths, name)
    page = Page(client.get(path, headers=HTML).text)
    assert {item["src"].partition("?")[0] for item in page.all("script")} == {
        "/static/site.js",
        "/static/share.js",
    }
    card = client.get(f"{path}/embed").text
    drawing = client.get(f"{path}/embed.svg")
    offer = client.get("/oembed", query_string={"url": BASE_URL + path, "format": "xml"})
    for text in (card, drawing.text, offer.text):
        assert "<script" not in text
        assert "Ghost" not in text
        assert "\u202e" not in text or text is card
    root = ElementTree.fromstring(drawing.data)
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds <= {"svg", "title", "style", "rect", "circle", "image", "text"}
    assert "sandbox" in drawing.headers["Content-Security-Policy"]
    code = ElementTree.fromstring(offer.data).findtext("html") or ""
    assert [tag for tag, _ in Page(code).elements] == ["iframe"]
    assert client.get(f"{path}/card.png").status_code == 200


def test_oembed_speaks_json_and_xml_alike(client: FlaskClient, paths: Paths) -> None:
    url = BASE_URL + paths.good
    said = oembed(client, url)
    assert (said["type"], said["version"], said["provider_url"]) == ("rich", "1.0", BASE_URL)
    assert said["title"] == "First Steps, awarded to Asha Raman"
    assert said["author_url"] == f"{BASE_URL}/people/asha"
    frame = Page(str(said["html"])).all("iframe")[0]
    assert frame["src"] == f"{url}/embed"
    assert (int(frame["width"]), int(frame["height"])) == (said["width"], said["height"])
    answer = client.get("/oembed", query_string={"url": url, "format": "xml"})
    assert answer.content_type == "text/xml; charset=utf-8"
    read = {element.tag: element.text for element in ElementTree.fromstring(answer.data)}
    assert read == {name: str(value) for name, value in said.items()}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


ROOMS: list[tuple[dict[str, object], str, int | None, bool]] = [
    ({}, "rich", 480, True),
    ({"maxwidth": 2000, "maxheight": 2000}, "rich", 480, True),
    ({"maxwidth": 300}, "rich", 300, False),
    ({"maxwidth": 200}, "link", None, False),
    ({"maxheight": 100}, "link", None, False),
]
NOT_OURS: list[tuple[dict[str, str], int]] = [
    ({}, 404),
    ({"url": "https://evil.example/assertions/x"}, 404),
    ({"url": f"{BASE_URL}@evil.example/"}, 404),
    ({"url": f"{BASE_URL}.evil.example/badges/first-steps"}, 404),
    ({"url": f"{BASE_URL}/about"}, 404),
    ({"url": f"{BASE_URL}/badges/none"}, 404),
    ({"url": f"{BASE_URL}/badges/a%00b"}, 404),
    ({"url": f"{BASE_URL}/assertions/{'-' * 36}"}, 404),
    ({"url": f"{BASE_URL}/assertions/00000000-0000-4000-8000-000000000000"}, 404),
    ({"url": "http://[", "format": "json"}, 404),
    ({"url": BASE_URL, "format": ""}, 404),
    ({"url": BASE_URL, "format": "yaml"}, 501),
    ({"url": BASE_URL, "maxwidth": "-1"}, 400),
    ({"url": BASE_URL, "maxheight": "x"}, 400),
    ({"url": BASE_URL, "maxwidth": "0"}, 400),
]


def test_oembed_never_needs_more_room_than_there_is(client: FlaskClient, paths: Paths) -> None:
    for room, kind, width, has_picture in ROOMS:
        said = oembed(client, BASE_URL + paths.good, **room)
        assert (said["type"], said.get("width")) == (kind, width), room
        assert ("thumbnail_url" in said) == has_picture, room


def test_oembed_knows_our_own_addresses_only(client: FlaskClient, paths: Paths) -> None:
    for query, status in NOT_OURS:
        assert client.get("/oembed", query_string=query).status_code == status, query


def test_oembed_of_a_badge_is_a_link_with_a_picture(client: FlaskClient, paths: Paths) -> None:
    said = oembed(client, f"{BASE_URL}/badges/first-steps")
    assert (said["type"], said["title"]) == ("link", "First Steps")
    assert said["thumbnail_url"] == f"{BASE_URL}/badges/first-steps/card.png"


def test_names_in_scripts_that_the_font_lacks_have_a_stand_in(
    client: FlaskClient, paths: Paths, site: Site
) -> None:
    with site.database.writing() as session:
        persons.find(session, "asha").display_name = "\u963f\u838e"
    assert client.get(f"{paths.good}/card.png").status_code == 200


def test_a_share_page_asks_the_database_a_few_times(
    client: FlaskClient, paths: Paths, site: Site
) -> None:
    client.get(paths.good, headers=HTML)
    client.get(f"{paths.good}/image")
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    assert "Checked now." in client.get(paths.good, headers=HTML).text
    assert len(seen) <= MOST_STATEMENTS, len(seen)


def test_what_is_shared_says_what_was_issued(client: FlaskClient, site: Site, paths: Paths) -> None:
    """A badge that has another name since is still called in each form as in its documents."""
    with site.database.writing() as session:
        badge = badges.find(session, "first-steps")
        badge.name, badge.description = "Second Steps", "You did more."
        badge.issuer.name = "Somebody Else"
        editions.renew(session, badge, now=NOW)
    address, html = BASE_URL + paths.good, client.get(paths.good, headers=HTML).text
    (link,) = (each for each in Page(html).links() if "/profile/add" in each)
    shown = [
        html,
        link.replace("+", " "),
        client.get(f"{paths.good}/embed").text,
        client.get(f"{paths.good}/embed.svg").text,
        str(oembed(client, address)["title"]),
    ]
    for each in shown:
        assert "First Steps" in each
        assert "Second Steps" not in each
        assert "Somebody Else" not in each
