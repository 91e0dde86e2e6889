# SPDX-License-Identifier: AGPL-3.0-or-later
"""One site connects to another as a wallet does: our own client, and our own API of 3.0."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from issuer.adapters.backpacks.calls import Calls
from issuer.adapters.backpacks.results import Reason
from issuer.adapters.backpacks.tokens import Tokens
from issuer.adapters.vault import Vault
from issuer.models import App, AppAccess, BackpackConnection, BackpackHost, PushState
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.serialization import dumps
from openbadges.verification import verify
from tests.browsing import Browser
from tests.simulators.site import sending_site
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulators.site import Sender

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def sites(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Sender, Sender]]:
    """Return who connects, and the host, which is on either database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    (tmp_path / "host").mkdir()
    (tmp_path / "own").mkdir()
    with sending_site(tmp_path / "own") as own, sending_site(tmp_path / "host", url) as host:
        yield own, host


def connect(own: Sender, host: Sender) -> int:
    """Let asha's account here into her account there; return the row of the connection."""
    here, there = Browser(own.app, "asha"), Browser(host.app, "asha")
    base_url = host.site.settings.base_url
    page = Page(here.post("/my/backpacks/connect", address=base_url, kind="ob3").text)
    target = next(link for link in page.links() if link.startswith(base_url))
    asked = there.get(target.removeprefix(base_url))
    assert "wants to reach your account asha" in Page(asked.text).text
    fields = {
        each["name"]: each.get("value", "")
        for each in Page(asked.text).all("input")
        if each.get("type") == "hidden" and each["name"] != "csrf_token"
    }
    answer = there.post("/oauth/authorize", **fields, decision="allow")
    back = urlsplit(answer.headers["Location"])
    shown = here.follow(here.get(f"{back.path}?{back.query}"))
    assert "is connected" in shown
    with own.site.database.reading() as session:
        return session.scalars(select(BackpackConnection.id)).one()


def tokens(own: Sender, number: int) -> Tokens:
    sealed = own.connection(number).tokens
    assert sealed
    return Tokens.load(Vault(own.site.settings).open(sealed))


def test_our_own_client_connects_to_our_own_host(sites: tuple[Sender, Sender]) -> None:
    own, host = sites
    host.award("asha", "First Steps", "Second Steps")
    award_ids = own.award("asha", "Elsewhere")
    number = connect(own, host)
    assert own.connection(number).account == "asha@example.org"

    # It reads what its owner holds there, and all of it is true.
    calls = Calls(allow_loopback=True, seconds=20)
    api = f"{host.site.settings.base_url}/ims/ob/v3p0"
    listed = calls.ask("GET", f"{api}/credentials", bearer=tokens(own, number).access).json()
    fetcher = OwnFetcher(
        host.site.database.reading,
        host.site.settings.base_url,
        host.site.keys,
        host.site.objects,
        Elsewhere(),
    )
    for each in listed["credential"]:
        report = verify(each, fetcher=fetcher, now=datetime.now(UTC))
        assert report.valid, report.sentence
    assert [each["name"] for each in listed["credential"]] == ["First Steps", "Second Steps"]
    text = dumps(listed["credential"][0]).decode()
    taken = calls.ask(
        "POST",
        f"{api}/credentials",
        bearer=tokens(own, number).access,
        json=listed["credential"][0],
    )
    assert (taken.status, dumps(taken.json()).decode()) == (200, text)

    # What it hands in is of another issuer: the host is none of a backpack, and says so.
    own.queue(number, award_ids)
    own.push()
    assert own.states(number) == [(str(PushState.REFUSED), str(Reason.FORBIDDEN))]
    page = Browser(own.app, "asha").get(f"/my/backpacks/{number}").text
    assert "keeps only the badges that it awarded itself" in page


def test_a_connection_is_renewed_and_ends_when_it_is_shut_out(
    sites: tuple[Sender, Sender],
) -> None:
    own, host = sites
    host.award("asha", "First Steps")
    award_ids = own.award("asha", "Elsewhere", "More")
    number = connect(own, host)
    former = tokens(own, number)
    own.clock.move(minutes=59)
    own.queue(number, award_ids[:1])
    own.push()
    assert tokens(own, number).refresh != former.refresh
    assert [state for state, _ in own.states(number)] == [str(PushState.REFUSED)]
    there = Browser(host.app, "asha")
    page = there.get("/my/apps").text
    assert "Accolades" in Page(page).text
    found = re.search(r"/my/apps/(\d+)/remove", page)
    assert found
    there.post(found[0])
    with host.site.database.reading() as session:
        assert session.scalars(select(AppAccess)).all() == []
    own.queue(number, award_ids[1:])
    own.push()
    assert own.connection(number).tokens is None
    assert "does not let us in any more" in Browser(own.app, "asha").get("/my/backpacks").text


def test_a_registration_that_nobody_used_is_made_anew_in_time(
    sites: tuple[Sender, Sender],
) -> None:
    """The host forgot it by then, and would say so to nobody but the person who is sent there."""
    own, host = sites
    base_url = host.site.settings.base_url
    own.award("asha", "Elsewhere")
    here = Browser(own.app, "asha")
    for _ in range(2):
        here.post("/my/backpacks/connect", address=base_url, kind="ob3")
    with host.site.database.writing() as session:
        (app,) = session.scalars(select(App)).all()
        session.delete(app)
    with own.site.database.writing() as session:
        known = session.scalars(select(BackpackHost)).one()
        known.created_at -= timedelta(days=21)
    host.award("asha", "First Steps")
    connect(own, host)
    with own.site.database.writing() as session:
        session.scalars(select(BackpackHost)).one().created_at -= timedelta(days=999)
    here.post("/my/backpacks/connect", address=base_url, kind="ob3")
    with host.site.database.reading() as session:
        assert len(session.scalars(select(App)).all()) == 1
