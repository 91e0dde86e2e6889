# SPDX-License-Identifier: AGPL-3.0-or-later
"""Feeds tell of what was taken back: to those who read of the award before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from defusedxml import ElementTree
from sqlalchemy import select

from issuer.app import create_app
from issuer.config import Settings
from issuer.models import Assertion, Award
from issuer.services import feeds
from issuer.services import schema as schemas
from issuer.site import Site
from tests import prepared
from tests.issuing import BASE_URL
from tests.unit.issuer.web.seeds import NOW, Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

ATOM = "{http://www.w3.org/2005/Atom}"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Told:
    """An entry of a feed."""

    id: str
    title: str
    updated: str
    summary: str
    link: str
    category: str


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    settings = Settings(home=tmp_path, database_url=database_url, base_url=BASE_URL)
    made = Site.of(settings)
    prepared.make(made.database, schemas.upgrade)
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


def told(client: FlaskClient, path: str) -> tuple[list[Told], str, str]:
    """Return the entries of a feed, when it changed, and where it goes on."""
    root = ElementTree.fromstring(client.get(path).data)
    entries = [
        Told(
            *(each.findtext(ATOM + name) or "" for name in ("id", "title", "updated", "summary")),
            link=each.find(f"{ATOM}link").get("href"),
            category=(
                each.find(f"{ATOM}category").get("term")
                if each.find(f"{ATOM}category") is not None
                else ""
            ),
        )
        for each in root.iter(f"{ATOM}entry")
    ]
    after = [each.get("href") for each in root.findall(f"{ATOM}link") if each.get("rel") == "next"]
    return entries, root.findtext(f"{ATOM}updated"), after[0] if after else ""


def award_of(session: Session, uuid: UUID) -> Award:
    return session.scalars(select(Award).join(Award.assertions).where(Assertion.uuid == uuid)).one()


def moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def test_a_revocation_takes_the_place_of_the_award_in_each_feed(
    client: FlaskClient, site: Site
) -> None:
    with site.database.writing() as session:
        seeds = Seeds(session)
        badge, other = seeds.badge("mended", "Mended"), seeds.badge("other", "Other")
        asha, boris = seeds.person("asha", display_name="Asha Raman"), seeds.person("boris")
        ghost = seeds.person("ghost", opted_out=True)
        gone = seeds.person("gone", erased_at=NOW)
        taken = seeds.award(badge, asha, issued_at=NOW - 9 * HOUR)
        for holder in (boris, ghost, gone):
            seeds.award(badge, holder, issued_at=NOW - 8 * HOUR)
        seeds.award(other, boris, issued_at=NOW - 7 * HOUR)
        for holder in (ghost, gone):
            seeds.award(other, holder, issued_at=NOW - HOUR, revoked_at=NOW, revocation_reason="x")
    paths = ("/feeds/awards.atom", "/badges/mended/feed.atom", "/people/asha/feed.atom")
    before = {path: told(client, path) for path in paths}
    with site.database.writing() as session:
        award = award_of(session, taken)
        award.revoked_at, award.revocation_reason = NOW, "Counted twice."
    for path in paths:
        entries, updated, _ = told(client, path)
        assert updated == moment(NOW) != before[path][1]
        assert entries[0].title == "Revoked: Mended of Asha Raman"
        assert (entries[0].summary, entries[0].category) == ("Counted twice.", "revoked")
        assert entries[0].updated == moment(NOW)
        former = {each.id: each for each in before[path][0]}
        assert former[entries[0].id].title == "Asha Raman earned Mended"
        assert former[entries[0].id].link == entries[0].link
        assert {each.id for each in entries} == set(former)
        assert [each.category for each in entries[1:]] == [""] * (len(entries) - 1)
        assert client.get(entries[0].link.removeprefix(BASE_URL)).status_code == 410
    assert [each.category for each in told(client, "/badges/other/feed.atom")[0]] == [""]


def test_each_revocation_is_told_once_however_one_pages(
    client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FEED_LENGTH", 2)
    with site.database.writing() as session:
        seeds = Seeds(session)
        for number in range(7):
            badge = seeds.badge(f"b{number}", f"B{number}")
            given = seeds.award(badge, seeds.person(f"p{number}"), issued_at=NOW + number * HOUR)
            if number % 3 == 0:
                award = award_of(session, given)
                award.revoked_at = award.issued_at + HOUR / 2
    seen, path = [], "/feeds/awards.atom"
    while path:
        entries, _, path = told(client, path)
        seen += [(each.updated, each.title) for each in entries]
        path = path.removeprefix(BASE_URL)
    assert len(seen) == len(set(seen)) == 7
    assert sorted(seen, reverse=True) == seen
    assert sum("Revoked" in title for _, title in seen) == 3
