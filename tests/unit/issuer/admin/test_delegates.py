# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from issuer.models import Award, Grant
from issuer.services import badges, persons
from tests.issuing import NOW
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser


def _given(site: Site) -> list[str]:
    with site.database.reading() as session:
        dora = persons.find(session, "dora").id
        own = select(Award.uuid).filter_by(awarded_by_id=dora).order_by(Award.id)
        return [str(uuid) for uuid in session.scalars(own)]


def test_a_delegate_has_a_page_of_their_own(site: Site, dora: Browser, asha: Browser) -> None:
    assert asha.get("/award").status_code == 403
    assert 'href="/award"' not in dora.get("/about").text
    page = Page(dora.get("/award").text)
    assert "First Steps" in page.text
    assert "As often as you like" in page.text
    assert "/admin/award/?badge=first-steps" in page.links()
    assert 'href="/award"' in dora.get("/about").text  # remembered from here on
    assert 'value="first-steps"' in dora.get("/admin/award/?badge=first-steps").text
    assert "/admin/award/?badge=first-steps" in Page(dora.get("/badges/first-steps").text).links()
    assert "Award this badge" not in asha.get("/badges/first-steps").text
    with site.database.writing() as session:
        session.execute(update(Grant).values(quota=2))
    shown = dora.post(
        "/admin/award/",
        badge="first-steps",
        people="lena karl mei",
        make_accounts="y",
        action="preview",
    ).headers["Location"]
    assert "2 badges will be awarded. 1 line cannot" in Page(dora.get(shown).text).text
    dora.post(f"{shown}/give")
    page = Page(dora.get("/award").text)
    assert "0 of 2 left" in page.text
    first, second = _given(site)
    assert f"/award/{first}/undo" in [form["action"] for form in page.all("form")]
    assert "The award is undone." in dora.follow(dora.post(f"/award/{first}/undo"))
    assert "1 of 2 left" in dora.get("/award").text
    assert "revoked since" in dora.get(shown).text
    with site.database.writing() as session:
        late = datetime.now(UTC) - timedelta(minutes=11)
        session.execute(update(Award).values(created_at=late))
    assert "ten minutes" in dora.follow(dora.post(f"/award/{second}/undo"))


def test_a_delegate_undoes_nothing_of_others(site: Site, dora: Browser, root: Browser) -> None:
    with site.database.reading() as session:
        uuid = session.scalars(select(Award.uuid)).one()
    assert dora.post(f"/award/{uuid}/undo").status_code == 403
    assert root.get("/award").status_code == 200  # who has the right by a role, too
    with site.database.reading() as session:
        left = select(func.count()).select_from(Award).where(Award.revoked_at.is_(None))
        assert session.scalar(left) == 1


def test_whose_grant_has_ended_is_no_delegate_any_more(site: Site, dora: Browser) -> None:
    dora.get("/award")
    with site.database.writing() as session:
        session.execute(update(Grant).values(expires_at=NOW))
    assert dora.get("/award").status_code == 403
    with site.database.writing() as session:
        badge = badges.find(session, "first-steps")
        session.execute(update(Grant).values(expires_at=None))
        badge.retired_at = NOW
    assert "Retired." in dora.get("/award").text
