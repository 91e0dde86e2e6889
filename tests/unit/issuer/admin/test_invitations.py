# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pypdf
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from issuer.models import Grant, Invitation
from issuer.services import invitations, persons
from tests.issuing import BASE_URL, NOW, make_badge
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

PATH = "/admin/invitations"
LINK = {"badge": "first-steps", "kind": "link", "lasts": "week", "note": "Flock"}
CODES = {"badge": "First Steps", "kind": "codes", "lasts": "day", "codes": 12}


def made(site: Site) -> list[Invitation]:
    with site.database.reading() as session:
        found = session.scalars(select(Invitation).order_by(Invitation.id)).all()
        session.expunge_all()
    return list(found)


@pytest.mark.slow
def test_a_link_is_made_shown_printed_and_closed(boris: Browser, site: Site) -> None:
    answer = boris.post(f"{PATH}/new", **LINK, maximum_uses=30)
    page = boris.follow(answer)
    (invitation,) = made(site)
    where, link = f"{PATH}/{invitation.id}", f"{BASE_URL}/invitations/{invitation.token}"
    assert answer.headers["Location"] == where
    assert "The invitation is made." in page
    assert f'value="{link}"' in page
    assert "0 of 30" in page
    assert invitation.expires_at is not None
    assert (invitation.expires_at - invitation.created_at).days == 7

    code = boris.get(f"{where}/code.png")
    with Image.open(io.BytesIO(code.data)) as picture:
        assert [each.text for each in zxingcpp.read_barcodes(picture.convert("RGB"))] == [link]
    drawing = boris.get(f"{where}/code.svg")
    assert (drawing.mimetype, b"<svg" in drawing.data) == ("image/svg+xml", True)
    assert "attachment" in drawing.headers["Content-Disposition"]
    sheet = boris.get(f"{where}/sheet.pdf?paper=letter")
    assert sheet.mimetype == "application/pdf"
    assert "Scan this code" in pypdf.PdfReader(io.BytesIO(sheet.data)).pages[0].extract_text()

    listed = boris.get(f"{PATH}/?q=flock&sort=-uses").text
    assert where in listed
    assert "No invitation here" in boris.get(f"{PATH}/?state=closed").text
    assert "Nobody gets the badge by it any more." in boris.follow(boris.post(f"{where}/revoke"))
    assert "It was closed before." in boris.follow(boris.post(f"{where}/revoke"))
    assert boris.get(f"{where}/sheet.pdf").status_code == 410
    assert where in boris.get(f"{PATH}/?state=closed").text


def test_codes_are_made_and_printed_as_cards(root: Browser, site: Site) -> None:
    page = root.follow(root.post(f"{PATH}/new", **CODES))
    batch = made(site)
    where = f"{PATH}/{batch[0].id}"
    assert "12 codes are open" in page
    assert all(each.token in page for each in batch)
    with site.database.writing() as session:
        asha = persons.ensure(session, "ines", now=NOW)
        used = invitations.claim(
            session, batch[3].token, asha, email_domain="example.org", now=batch[3].created_at
        )
    assert used.created
    page = root.get(where).text
    assert "11 codes are open" in page
    assert batch[3].token not in page
    assert "/people/ines" in page
    assert "1 of 12" in root.get(f"{PATH}/").text
    pages = pypdf.PdfReader(io.BytesIO(root.get(f"{where}/sheet.pdf").data)).pages
    assert sum(page.extract_text().count("Scan this") for page in pages) == 11


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({**LINK, "badge": "nothing"}, "there is none"),
        ({**LINK, "badge": ""}, "required"),
        ({**LINK, "maximum_uses": "0"}, "Number must be"),
        ({**LINK, "until": "2020-01-01T00:00"}, "lies in the past"),
        ({**CODES, "codes": ""}, "Say how many codes"),
        ({**CODES, "codes": "501"}, "Number must be"),
        ({**LINK, "note": "x" * 201}, "longer than 200"),
        ({**LINK, "kind": "all"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_made_is_told_and_what_was_typed_is_kept(
    root: Browser, site: Site, typed: dict[str, object], words: str
) -> None:
    answer = root.post(f"{PATH}/new", **{"note": "kept words", **typed})
    assert (answer.status_code, made(site)) == (422, [])
    assert words in Page(answer.text).text
    assert str(typed.get("note", "kept words")) in answer.text


@pytest.mark.slow
def test_an_invitation_is_for_those_who_may(
    dora: Browser, otto: Browser, rita: Browser, asha: Browser, boris: Browser, site: Site
) -> None:
    """Attacks W3."""
    with site.database.writing() as session:
        make_badge(session, site, "Other")
        session.scalars(select(Grant)).one().quota = 3
    boris.follow(boris.post(f"{PATH}/new", **LINK))
    (foreign,) = made(site)
    where = f"{PATH}/{foreign.id}"
    for browser in (dora, otto, rita, asha):
        for path in (where, f"{where}/code.png", f"{where}/code.svg", f"{where}/sheet.pdf"):
            assert browser.get(path).status_code == 403
        assert browser.post(f"{where}/revoke").status_code == 403
        assert browser.post(f"{PATH}/new", **{**LINK, "badge": "other"}).status_code == 403
    assert "No invitation here" in dora.get(f"{PATH}/").text
    for values in (LINK, {**LINK, "maximum_uses": 4}, {**CODES, "codes": 4}):
        answer = dora.post(f"{PATH}/new", **values)
        assert (answer.status_code, "leaves 3 more" in answer.text) == (422, True)
    assert "3 codes are open" in dora.follow(dora.post(f"{PATH}/new", **{**CODES, "codes": 3}))
    assert "leaves 0 more" in dora.post(f"{PATH}/new", **{**LINK, "maximum_uses": 1}).text
    assert "first-steps" in dora.get(f"{PATH}/new").text
    assert '"other"' not in dora.get(f"{PATH}/new").text
    assert boris.get(f"{PATH}/999").status_code == 404


def test_the_page_of_the_badge_leads_to_a_new_invitation(dora: Browser, asha: Browser) -> None:
    link = f"{PATH}/new?badge=first-steps"
    assert link in dora.get("/badges/first-steps").text
    assert link not in asha.get("/badges/first-steps").text
    assert 'value="first-steps"' in dora.get(link).text
