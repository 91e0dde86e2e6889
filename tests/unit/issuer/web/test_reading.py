# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of somebody with very many badges read no more than those of somebody with some."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text

from issuer.app import create_app
from issuer.config import Settings
from issuer.models import Assertion, Award, Badge, Source, Tag
from issuer.services import front, recounting
from issuer.site import Site
from tests.filled import fill
from tests.unit.issuer.web.community import settle_site
from tests.unit.issuer.web.conftest import HTML
from tests.unit.issuer.web.html import Page
from tests.unit.issuer.web.reading import small_parts, work_of
from tests.unit.issuer.web.seeds import NOW, Seeds, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.models import Person

SOME, MANY = 200, 2_000
BADGES = 40
PAGES = (
    "/people/{}",
    "/people/{}?by=tag",
    "/people/{}?by=series",
    "/people/{}?by=history",
    "/people/{}?by=tag&tag=tag-1",
    "/people/{}/badges.json",
    "/people/{}/feed.atom",
    "/diff?a={}&b=few",
)
PAGES_OF_BADGES = ("/badges/{}-times", "/badges/{}-times/feed.atom", "/badge/{}-times/json")


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    settings = Settings(home=tmp_path, database_url=database_url, secret_key="secret")  # noqa: S106 (a test's own)
    made = Site.of(settings)
    make_tables(made.database)
    with made.database.writing() as session:
        seeds = Seeds(session)
        tags = [Tag(name=f"tag-{n}") for n in range(5)]
        badges = [seeds.badge(f"badge-{n}", tags=(tags[n % 5],)) for n in range(BADGES)]
        for n in range(0, BADGES, 4):
            seeds.series(f"Series-{n}", *badges[n : n + 4])
        for name, number in (("few", 20), ("some", SOME), ("many", MANY)):
            _give(seeds, badges, seeds.person(name, pinned=[badges[3].id]), number)
            often = seeds.badge(f"{name}-times", repeatable=True)
            _give(seeds, [often], seeds.person(f"{name}-times"), number)
        recounting.recount(session)
        session.execute(text("ANALYZE"))
    yield made
    made.database.dispose()


@pytest.fixture
def site_of_few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FlaskClient]:
    """The pages of a site where one badge is many."""
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path}/few.db", secret_key="s")  # noqa: S106 (a test's own)
    made = Site.of(settings)
    make_tables(made.database)
    fill(made, settle_site)
    with small_parts(monkeypatch, 1, 1):
        yield create_app(site=made).test_client()
    made.database.dispose()


def _give(seeds: Seeds, badges: list[Badge], person: Person, number: int) -> None:
    """Give somebody badges, each again and again, and take some of the newest back."""
    session, moments = seeds.session, {"created_at": NOW, "source": Source.RULE}
    session.execute(
        insert(Award),
        [
            {
                "badge_id": badges[n % len(badges)].id,
                "person_id": person.id,
                "occurrence": str(n),
                "issued_at": NOW - timedelta(hours=7 * n),
                "revoked_at": NOW if n % 20 == 19 and n < SOME else None,
                **moments,
            }
            for n in range(number)
        ],
    )
    rows = session.execute(select(Award.id, Award.badge_id).filter_by(person_id=person.id)).all()
    facts = {"salt": "salt", "document": "{}", "key_id": seeds.key.id, "created_at": NOW}
    session.execute(
        insert(Assertion),
        [
            {
                "award_id": award,
                "uuid": (uuid := uuid4()),
                "document_id": str(uuid),
                "identity_hash": f"sha256${award}",
                "edition_id": seeds.edition_of[badge].id,
                **facts,
            }
            for award, badge in rows
        ],
    )


@pytest.mark.slow
def test_no_page_reads_more_of_who_or_what_has_more_awards(site: Site) -> None:
    client, engine = create_app(site=site).test_client(), site.database.engine

    def work(address: str) -> int:
        answers = []
        found = work_of(engine, lambda: answers.append(client.get(address, headers=HTML)))
        assert [answer.status_code for answer in answers] == [200], address
        return found

    for page in (*PAGES, *PAGES_OF_BADGES):
        some, many = (work(page.format(name)) for name in ("some", "many"))
        assert many <= 1.25 * some, (page, some, many)
    with site.database.reading() as session:
        some, many = (
            work_of(engine, partial(front.awards, session, name)) for name in ("some", "many")
        )
    assert many <= 1.25 * some, (some, many)


def test_pages_of_parts_lead_to_the_next_and_say_where_nothing_is(
    site_of_few: FlaskClient,
) -> None:
    """Of three badges each part looks at one; the oldest has no tag and is in no series."""

    def parts(address: str) -> list[Page]:
        found = []
        while address:
            found.append(Page(site_of_few.get(address, headers=HTML).text))
            more = [link["href"] for link in found[-1].all("a") if link.get("rel") == "next"]
            address = f"{address.partition('?')[0]}{more[0]}" if more else ""
        return found

    tags = parts("/people/Asha?by=tag")
    assert [part.text.count("Show all quality") for part in tags] == [1, 1, 0]
    assert "Alone <&> at last" in tags[2].text
    series = parts("/people/Asha?by=series")
    assert ["Tester 2 of 3" in part.text for part in series] == [True, False, False]
    assert ["Nothing here" in part.text for part in series] == [False, True, True]
    quality = parts("/people/Asha?by=tag&tag=quality")
    assert ["Nothing here" in part.text for part in quality] == [False, False, True]
    sides = parts("/diff?a=asha&b=other-0")
    # The rarest badge is held by somebody who is hidden.
    assert [part.text.count("None of these.") for part in sides] == [3, 2, 2, 2]
    wrong = site_of_few.get("/diff?a=asha&b=other-0&after=x", headers=HTML)
    assert wrong.status_code == 400
