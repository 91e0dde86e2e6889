# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.admin import working
from issuer.models import AuditEntry, Award, OutboxMessage
from issuer.services import awards, badges, persons, withdrawing
from issuer.services.revocations import Letters
from tests.issuing import NOW, give, make_badge
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

LIST = "/admin/awards/"
REVOKE = "/admin/awards/revoke/"


def _asha(site: Site) -> tuple[str, str]:
    """Return the addresses of Asha's award: here, and for everybody."""
    with site.database.reading() as session:
        award = session.scalars(select(Award).order_by(Award.id)).first()
        assert award is not None
        return f"{LIST}{award.uuid}", f"/assertions/{award.assertions[0].uuid}"


def _left(site: Site) -> int:
    with site.database.reading() as session:
        left = select(func.count()).select_from(Award).where(Award.revoked_at.is_(None))
        return session.scalar(left) or 0


def test_an_award_is_found_revoked_for_a_reason_and_allowed_again(
    site: Site, boris: Browser, asha: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = Letters("Accolades", "https://badges.example.org", "badges@example.org")
    monkeypatch.setattr(working, "letters", lambda: letters)
    with site.database.writing() as session:
        persons.find(session, "asha").email = "asha@login.example"
    own, public = _asha(site)
    assert own in Page(boris.get(f"{LIST}?q=asha").text).links()
    empty = boris.post(f"{own}/revoke", reason=" ")
    assert empty.status_code == 422
    long = boris.post(f"{own}/revoke", reason="kept " + "x" * 1000)
    assert long.status_code == 422
    assert "kept x" in long.text
    assert _left(site) == 1
    page = boris.follow(boris.post(f"{own}/revoke", reason="Somebody else did it."))
    assert "The award is revoked." in page
    shown = asha.get(public)  # the holder reads why
    assert shown.status_code == 410
    assert "Somebody else did it." in shown.text
    with site.database.reading() as session:
        mail = session.scalars(select(OutboxMessage).filter_by(kind="e-mail")).one()
        assert "Somebody else did it." in mail.body["text"]
    assert "revoked before" in boris.follow(boris.post(f"{own}/revoke", reason="Again."))
    assert "may earn the badge again" in boris.follow(boris.post(f"{own}/allow"))
    assert "nothing is in the way" in boris.follow(boris.post(f"{own}/allow"))
    assert "is awarded again" in boris.follow(boris.post(f"{own}/again"))
    assert "has the badge" in boris.follow(boris.post(f"{own}/again"))
    assert _left(site) == 1
    with site.database.reading() as session:
        found = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert found == ["award.revoke", "award.allow_again", "award.again"]


@pytest.mark.slow
def test_the_list_is_filtered_sorted_and_paged(site: Site, root: Browser) -> None:
    with site.database.writing() as session:
        badge = make_badge(session, site, "Second Wind", repeatable=True)
        for number in range(60):
            cause = awards.Cause(source="rule", id=f"m{number}")
            give(session, badge, "lena", occurrence=f"m{number}", cause=cause)
    page = Page(root.get(f"{LIST}?badge=second-wind&source=rule&sort=-entered").text)
    rows = [link for link in page.links() if link.startswith(LIST) and len(link) > 40]
    assert len(rows) == 50
    (more,) = (link for link in page.links() if "after=" in link)
    rest = Page(root.get(LIST + more).text)
    assert len([one for one in rest.links() if one.startswith(LIST) and len(one) > 40]) == 10
    assert "No award is like that" in root.get(f"{LIST}?state=revoked&q=lena").text
    for strange in ("sort=x", "state=x&source=x&badge=%00", "after=!"):
        assert root.get(f"{LIST}?{strange}").status_code in {200, 400}


def test_nobody_opens_the_awards_of_another_issuer(
    site: Site, otto: Browser, dora: Browser, asha: Browser, rita: Browser
) -> None:
    """attacks W3."""
    own, _ = _asha(site)
    for browser in (dora, asha, rita):
        assert browser.get(LIST).status_code == 403
        assert browser.post(f"{own}/revoke", reason="no").status_code == 403
    assert own not in otto.get(LIST).text
    assert otto.get(own).status_code == 403
    for action in ("revoke", "allow", "again"):
        assert otto.post(f"{own}/{action}", reason="no").status_code == 403
    form = {"badge": "first-steps", "reason": "no"}
    assert otto.post(f"{REVOKE}badge", **form).status_code == 403
    shown = otto.post(f"{REVOKE}list", names="asha", **form).headers["Location"]
    assert "You have no right to this badge" in otto.get(shown).text
    assert "0 awards were revoked." in otto.follow(otto.post(f"{shown}/confirm"))
    assert _left(site) == 1


def test_a_list_is_shown_before_it_is_revoked(site: Site, root: Browser, boris: Browser) -> None:
    with site.database.writing() as session:
        badge = badges.find(session, "first-steps")
        for name in ("lena", "karl"):
            give(session, badge, name)
    _, public = _asha(site)
    form = {
        "names": f"http://127.0.0.1:8000{public}?x=1#take\nlena\nnobody",
        "badge": "First Steps",
    }
    assert root.post(f"{REVOKE}list", **form, reason="").status_code == 422
    unknown = root.post(f"{REVOKE}list", **{**form, "badge": "no-such"}, reason="x")
    assert unknown.status_code == 422
    assert "there is none" in unknown.text
    assert "nobody</textarea>" in unknown.text
    shown = root.post(f"{REVOKE}list", **form, reason="By fraud.").headers["Location"]
    page = Page(root.get(shown).text).text
    assert "2 awards will be revoked. 1 line cannot: see why below." in page
    assert _left(site) == 3
    assert boris.get(shown).status_code == 404
    page = root.follow(root.post(f"{shown}/confirm"))
    assert "2 awards were revoked." in Page(page).text
    assert "By fraud." in root.get(public).text
    assert "nothing was done now" in root.follow(root.post(f"{shown}/confirm"))
    assert _left(site) == 1


def test_all_of_a_badge_needs_its_name_typed(
    site: Site, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "CHUNK", 1)
    monkeypatch.setattr(working, "SECONDS", 0)
    with site.database.writing() as session:
        give(session, badges.find(session, "first-steps"), "lena", now=NOW)
    answer = root.post(f"{REVOKE}badge", badge=" First Steps", reason="Was wrong.")
    shown = answer.headers["Location"]
    page = Page(root.get(shown).text).text
    assert "2 awards will be revoked. That is all of First Steps." in page
    for typed in ("", "first steps"):
        page = root.follow(root.post(f"{shown}/confirm", typed=typed))
        assert "to revoke all awards of it" in page
    assert _left(site) == 2
    page = root.follow(root.post(f"{shown}/confirm", typed="first-steps"))
    assert "1 award was revoked. More are left: go on." in Page(page).text
    root.post(f"{shown}/confirm")
    assert "2 awards were revoked." in Page(root.follow(root.post(f"{shown}/confirm"))).text
    assert _left(site) == 0
    dropped = root.post(f"{REVOKE}badge", badge="first-steps", reason="x").headers["Location"]
    assert "nothing was revoked" in root.follow(root.post(f"{dropped}/drop"))
