# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.models import Grant
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

GRANTS = "/admin/grants/"


def _number(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Grant)) or 0


def test_a_grant_is_given_found_and_ended(
    site: Site, boris: Browser, otto: Browser, asha: Browser
) -> None:
    assert "dora" in boris.get(GRANTS).text
    form = {"badge": "first-steps", "username": "asha", "quota": "2", "until": "2099-12-31"}
    page = boris.follow(boris.post(GRANTS, **form))
    assert "asha may award first-steps now." in page
    assert "1 Jan 2100" in page  # the last day counts
    assert "is changed" in boris.follow(boris.post(GRANTS, **{**form, "quota": "3"}))
    assert asha.get("/admin/award/").status_code == 200
    found = Page(boris.get(f"{GRANTS}?q=ash&sort=badge").text).text
    assert "asha" in found
    assert "dora" not in found
    with site.database.reading() as session:
        number = session.scalars(select(func.max(Grant.id))).one()
    assert otto.post(f"{GRANTS}{number}/end").status_code == 403
    assert otto.post(GRANTS, **form).status_code == 403
    assert "The grant has ended." in boris.follow(boris.post(f"{GRANTS}{number}/end"))
    assert "has ended before" in boris.follow(boris.post(f"{GRANTS}{number}/end"))
    assert asha.get("/admin/award/").status_code == 403
    assert "asha" in Page(boris.get(f"{GRANTS}?state=ended").text).text
    group = {"badge": "first STEPS", "group": "designers"}
    assert "designers may award" in boris.follow(boris.post(GRANTS, **group))
    assert _number(site) == 3


def test_wrong_grants_are_no_success_and_keep_what_was_typed(site: Site, boris: Browser) -> None:
    """predecessors 1.2: authorize says success for an unknown badge or person."""
    good = {"badge": "first-steps", "username": "asha"}
    cases: list[tuple[dict[str, str], str]] = [
        ({"badge": "no-such"}, "there is none"),
        ({"username": "nobody"}, "not known here"),
        ({"group": "designers"}, "either a person or a group"),
        ({"username": ""}, "either a person or a group"),
        ({"quota": "0"}, "How often"),
        ({"quota": "x"}, "How often"),
        ({"until": "2020-01-01"}, "in the past"),
        ({"until": "soon"}, "Last day"),
    ]
    for values, said in cases:
        answer = boris.post(GRANTS, **{**good, **values})
        assert answer.status_code == 422
        assert said in Page(answer.text).text
        assert all(f'value="{value}"' in answer.text for value in values.values() if value)
    assert _number(site) == 1
