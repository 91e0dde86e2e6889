# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ZIP of badges, as whoever took it home finds it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import html5lib
import pytest

from issuer import packing
from issuer.models import Award
from issuer.services import awards, bundling, exporting, persons
from tests.issuing import BLUE, NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from issuer.site import Site

HOSTILE = "<script>alert(1)</script>'\"&%(day)s"
LATER = NOW + timedelta(days=2)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = make_site(tmp_path, "")
    with made.database.writing() as session:
        give(session, make_badge(session, made, "First Steps", repeatable=True), "asha")
        for occurrence in ("again-1", "again-2"):
            badge = make_badge(session, made, "First Steps", repeatable=True)
            give(session, badge, "asha", occurrence=occurrence)
        facts = {"description": HOSTILE, "expires_after": timedelta(days=1), "slug": "hostile"}
        give(session, make_badge(session, made, HOSTILE, BLUE, **facts), "asha")
        mistake = give(session, make_badge(session, made, "Mistake"), "asha").award
        awards.revoke(session, mistake, "a mistake", now=NOW)
    return made


def packed(site: Site, award_ids: list[int] | None = None) -> list[bytes]:
    if award_ids is None:
        award_ids = held(site)
    bundle = bundling.Bundle(name=HOSTILE, site="Accolades", objects=site.objects, now=LATER)
    return list(bundling.stream(packing.exported(site, "asha", award_ids, None, now=NOW), bundle))


def held(site: Site) -> list[int]:
    with site.database.reading() as session:
        return exporting.of_person(session, persons.find(session, "asha"))


def test_all_is_inside_and_the_manifest_tells_what(site: Site) -> None:
    parts = packed(site)
    # A part for each badge, and some at the end: never all at once.
    assert len(parts) > len(held(site))
    assert max(map(len, parts)) < sum(map(len, parts)) / 3
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["badges"] == 4
    assert {each["path"] for each in manifest["files"]} == files.keys()
    for each in manifest["files"]:
        content = files[each["path"]]
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert each["size"] == len(content)
    folders = {name.split("/")[1] for name in files if name.startswith("badges/")}
    assert folders == {"first-steps", "first-steps_2", "first-steps_3", "hostile"}
    assert sum(name.startswith("badges/hostile/") for name in files) == len(exporting.PLAIN)


def test_the_page_inside_opens_without_the_net(site: Site) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(packed(site)))) as archive:
        names = set(archive.namelist())
        text = archive.read("index.html").decode()
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert page.find(".//script") is None
    assert not re.search(r"\son\w+=", re.sub(r"alert\(1\).*?<", "<", text))
    pictures = {each.get("src") for each in page.iter("img")}
    links = {each.get("href") for each in page.iter("a")}
    assert len(pictures) == 4
    assert pictures <= names
    assert all(each in names for each in links if not each.startswith("http://127.0.0.1:8000/"))
    titles = ["".join(each.itertext()) for each in page.iter("h2")]
    assert HOSTILE in titles
    assert "Expired on 2026-03-02" in text


def test_what_is_taken_back_meanwhile_is_left_out(site: Site) -> None:
    award_ids = held(site)
    with site.database.writing() as session:
        (hostile,) = exporting.of_person(session, persons.find(session, "asha"), "hostile")
        awards.revoke(session, session.get_one(Award, hostile), "a mistake", now=NOW)
    with zipfile.ZipFile(io.BytesIO(b"".join(packed(site, award_ids)))) as archive:
        assert not [name for name in archive.namelist() if "hostile" in name]


def test_no_file_is_called_like_a_device_of_windows() -> None:
    names = bundling.Names()
    given = [names.unlike(slug) for slug in ("con", "com7", "con", "console", "console")]
    assert given == ["con_1", "com7_1", "con_2", "console", "console_2"]
