# SPDX-License-Identifier: AGPL-3.0-or-later
"""Claims are answered, and what may be claimed is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.models import AuditEntry, Badge, Claim, OutboxMessage
from issuer.services import claims, mailing, persons
from issuer.services.claims import Said
from issuer.site import Site
from tests.browsing import Browser
from tests.issuing import NOW
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/admin/claims"
OFFER = "/admin/bounties/first-steps"


@pytest.fixture
def send(site: Site) -> Callable[[str], int]:
    """Hand in a claim of the one badge."""

    def sent(username: str) -> int:
        with site.database.writing() as session:
            badge = session.scalars(select(Badge)).one()
            badge.claimable = True
            person = persons.ensure(session, username, now=NOW)
            said = Said("<b>Bold</b> *words*", ("https://evidence.example.org/1",))
            return claims.send(session, badge, person, said, now=NOW).id

    return sent


def claim(site: Site, number: int) -> Claim:
    with site.database.reading() as session:
        found = session.get_one(Claim, number)
        session.expunge_all()
    return found


def test_a_reviewer_reads_and_accepts(
    rita: Browser, site: Site, send: Callable[[str], int]
) -> None:
    number = send("ines")
    assert f"{PATH}/{number}" in rita.get(f"{PATH}/").text
    page = rita.get(f"{PATH}/{number}").text
    assert "&lt;b&gt;Bold&lt;/b&gt; <em>words</em>" in page
    assert 'href="https://evidence.example.org/1" rel="nofollow noopener noreferrer ugc"' in page
    told = rita.follow(rita.post(f"{PATH}/{number}/accept", sending=1, text="Thank you!"))
    assert "The claim is accepted and the badge awarded." in told
    assert 'href="/assertions/' in told
    assert "No claim here" in told
    assert f"{PATH}/{number}" in rita.get(f"{PATH}/?state=accepted").text
    assert "Thank you!" in rita.get(f"{PATH}/{number}").text
    with site.database.reading() as session:
        entry = session.scalars(select(AuditEntry).filter_by(subject_type="claim")).one()
        assert (entry.actor, entry.action, entry.subject_id) == (
            "rita",
            "claim.accepted",
            str(number),
        )


def test_whoever_comes_second_is_told_and_keeps_what_they_typed(
    rita: Browser, boris: Browser, site: Site, send: Callable[[str], int]
) -> None:
    number = send("ines")
    assert rita.post(f"{PATH}/{number}/ask-back", sending=1, text="Which?").status_code == 303
    answer = boris.post(f"{PATH}/{number}/decline", sending=1, text="Because.")
    assert answer.status_code == 422
    assert "somebody else answered it" in answer.text
    assert claim(site, number).state == "asked-back"
    second = send("otto")
    answer = boris.post(f"{PATH}/{second}/accept", sending=7, text="My words.")
    assert (answer.status_code, "was changed while you read it" in answer.text) == (422, True)
    assert "My words." in answer.text
    answer = boris.post(f"{PATH}/{second}/decline", sending=1, text=" ")
    assert (answer.status_code, "say why" in answer.text) == (422, True)
    assert claim(site, second).state == "open"


def test_nobody_answers_their_own_or_without_the_right(
    rita: Browser,
    dora: Browser,
    asha: Browser,
    otto: Browser,
    site: Site,
    send: Callable[[str], int],
) -> None:
    """Attacks W3."""
    number, own = send("ines"), send("rita")
    for browser in (dora, asha, otto):
        assert browser.get(f"{PATH}/{number}").status_code == 403
        assert browser.post(f"{PATH}/{number}/accept", sending=1).status_code == 403
    assert "This is your own claim" in rita.get(f"{PATH}/{own}").text
    assert rita.post(f"{PATH}/{own}/accept", sending=1).status_code == 403
    assert {claim(site, each).state for each in (number, own)} == {"open"}
    assert rita.get(f"{PATH}/999").status_code == 404


def test_a_letter_tells_the_answer_in_the_language_of_its_reader(
    site: Site, send: Callable[[str], int]
) -> None:
    mailed = Site(
        settings=site.settings.model_copy(
            update={"mail_host": "127.0.0.1", "mail_port": 1, "mail_from": "b@example.org"}
        ),
        database=site.database,
        objects=site.objects,
        keys=site.keys,
        live=site.live,
    )
    first, second = send("ines"), send("otto")
    with site.database.writing() as session:
        ines = persons.find(session, "ines")
        ines.email, ines.locale = "ines@login.example", "de"
    rita = Browser(create_app(site=mailed), "rita", "badge-reviewers")
    for number in (first, second):  # of the second no address is known
        assert rita.post(f"{PATH}/{number}/decline", sending=1, text="Not yet.").status_code == 303
    with site.database.reading() as session:
        letters = session.scalars(select(OutboxMessage).filter_by(kind=mailing.EMAIL)).all()
        (letter,) = [mailing.opened(each) for each in letters]
    assert (letter.to, letter.subject) == (
        "ines@login.example",
        "Accolades: dein Antrag auf First Steps",
    )
    assert "Dein Antrag wurde abgelehnt.\n\nNot yet.\n\n" in letter.text
    assert f"{site.settings.base_url}/claims" in letter.text


def test_what_may_be_claimed_is_decided_on_a_page_of_its_own(
    boris: Browser, otto: Browser, dora: Browser, site: Site
) -> None:
    assert "No badge can be claimed" in boris.get("/admin/bounties/").text
    chosen = boris.get("/admin/bounties/?badge=first+steps")
    assert chosen.headers["Location"] == OFFER
    assert "there is none" in boris.follow(boris.get("/admin/bounties/?badge=none"))
    typed = {"instructions": "Do *it*.", "maximum_awards": "3", "ends_at": "2999-12-31T18:00"}
    wrong = boris.post(OFFER, claimable="y", **{**typed, "maximum_awards": "0"})
    assert (wrong.status_code, "Do *it*." in wrong.text) == (422, True)
    page = boris.follow(boris.post(OFFER, claimable="y", **typed))
    assert "First Steps is saved." in page
    assert "0 of 3" in Page(page).text
    text = Page(Browser(boris.app, "ines").get("/badges/first-steps").text).text
    assert "3 awards are left. It can be claimed until 31 Dec 2999, 18:00 UTC." in text
    assert 'value="2999-12-31T18:00"' in boris.get(OFFER).text
    boris.follow(boris.post(OFFER, **typed))
    assert "not offered" in boris.get("/admin/bounties/?q=first&sort=-accepted").text
    for browser in (otto, dora):
        assert browser.get(OFFER).status_code == 403
        assert browser.post(OFFER, claimable="y").status_code == 403
    with site.database.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [each.action for each in entries] == ["bounty.change"] * 2
        assert entries[1].after == {"claimable": False}
