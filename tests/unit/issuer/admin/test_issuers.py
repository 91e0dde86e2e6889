# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.models import AuditEntry, Issuer, IssuerEpoch, SigningKey
from issuer.services import badges, issuers
from tests.issuing import BASE_URL, RED, give
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

OWN = "/admin/issuers/accolades"
NEW = "/admin/issuers/-/new"


def typed(**changes: object) -> dict[str, object]:
    return {
        "name": "CentOS",
        "url": "https://centos.org",
        "email": "badges@centos.org",
        "description": "Thanks.",
        **changes,
    }


def test_an_issuer_is_made_with_a_key_and_a_picture(root: Browser, site: Site) -> None:
    picture = (io.BytesIO(RED), "logo.svg")
    page = root.follow(root.post(NEW, **typed(slug="centos", picture=picture)))
    assert "The issuer CentOS is made." in page
    profile = root.client.get("/issuers/centos.json").get_json()
    assert profile["name"] == "CentOS"
    assert root.client.get("/issuers/centos/image").content_type == "image/png"
    assert "CentOS" in root.get("/admin/issuers/?q=cent").text
    refused = root.post(NEW, **typed(slug="centos"))
    assert refused.status_code == 422
    assert "there is one with that address" in refused.text


def test_what_was_issued_under_a_profile_keeps_it(root: Browser, site: Site) -> None:
    """Issued documents never change: an essential change makes a Profile with a key of its own."""
    page = root.get(OWN).text
    assert "Make a new Profile with a new key" in page
    refused = root.post(OWN, **typed())
    assert refused.status_code == 422
    assert "confirm that there is to be a new one" in refused.text
    with site.database.reading() as session:
        former = issuers.find(session, "accolades")
        assert former.name == "Accolades"
        (epoch,) = session.scalars(select(IssuerEpoch))
        before = epoch.document
    page = root.follow(root.post(OWN, **typed(confirmed="y")))
    assert "Profile 2 signs from now on, for one badge." in page
    # The same again makes no other; nor does a change while nobody has a badge under the new one.
    assert "nothing was changed" in root.follow(root.post(OWN, **typed()))
    assert "Saved." in root.follow(root.post(OWN, **typed(name="CentOS Stream")))
    with site.database.writing() as session:
        badge = badges.find(session, "first-steps")
        first, second = session.scalars(select(IssuerEpoch).order_by(IssuerEpoch.number))
        assert first.document == before
        assert json.loads(second.document)["name"] == "CentOS Stream"
        assert json.loads(second.key.document)["owner"] == f"{BASE_URL}/issuers/accolades/epochs/2"
        given = give(session, badge, "ines").award.assertions[0]
        assert given.key_id == second.key_id
        assert given.edition.number == 2
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.action for entry in noted] == ["issuer.change"] * 2
        assert noted[0].before and noted[0].before["name"] == "Accolades"
    assert "/issuers/accolades/epochs/2" in Page(root.get(OWN).text).links()
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SigningKey)) == 2


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"slug": "A b"}, "address is not like"),
    ({"slug": "x" * 101}, "100"),
    ({"name": ""}, "Name"),
    ({"name": "x" * 201}, "200"),
    ({"name": "a\u202eb"}, "one line"),
    ({"url": "javascript:alert(1)"}, "home page"),
    ({"url": "https://[::1"}, "home page"),
    ({"url": "http://a@b"}, "home page"),
    ({"email": "nobody"}, "e-mail needs"),
    ({"picture": (io.BytesIO(b"GIF89a"), "x.png")}, "x.png"),
]


def test_what_is_no_issuer_is_refused(root: Browser, site: Site) -> None:
    for change, reason in REFUSED:
        answer = root.post(NEW, **typed(**{"slug": "new", **change}))
        assert answer.status_code == 422, change
        assert reason in Page(answer.text).text, change
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Issuer)) == 1


def test_issuers_are_for_admins(root: Browser, boris: Browser) -> None:
    assert root.get("/admin/issuers/none").status_code == 404
    for path in ("", "accolades", "-/new"):
        assert boris.get(f"/admin/issuers/{path}").status_code == 403
