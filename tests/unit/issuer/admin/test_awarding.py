# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from issuer import steps
from issuer.adapters.accounts import OpenAccounts
from issuer.admin import working
from issuer.errors import AccountsAwayError
from issuer.models import Award, BatchLine, Grant, Person
from issuer.services import awarding, persons
from tests.issuing import NOW, make_badge
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from issuer.site import Site
    from tests.browsing import Browser

FORM = "/admin/award/"


@pytest.fixture(autouse=True)
def _people(site: Site) -> None:
    with site.database.writing() as session:
        make_badge(session, site, "Second Wind")
        for name in ("ines", "karl", "lena"):
            persons.ensure(session, name, now=NOW)


def _awards(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Award)) or 0


def _show(browser: Browser, **values: object) -> str:
    """Return the address of a list that was shown."""
    answer = browser.post(FORM, **{"badge": "first-steps", "action": "preview", **values})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def _upload(browser: Browser, content: bytes, **values: object) -> TestResponse:
    return browser.post(f"{FORM}file", file=(io.BytesIO(content), "list.csv"), **values)


@pytest.mark.slow
def test_three_people_are_shown_awarded_and_undone(site: Site, root: Browser) -> None:
    """predecessors 1.1: /award commits and then answers 500."""
    shown = _show(
        root,
        people="ines\nkarl, LENA asha nobody",
        narrative="Thanks",
        evidence="https://x.example",
    )
    page = Page(root.get(shown).text).text
    assert "3 badges will be awarded. 2 lines cannot: see why below." in page
    assert "Has the badge already" in page
    assert "Nobody of that name is known here" in page
    assert _awards(site) == 1
    page = root.follow(root.post(f"{shown}/give"))
    assert "3 badges were awarded. 2 lines were not awarded: see why." in Page(page).text
    links = [link for link in Page(page).links() if link.startswith("/assertions/")]
    assert len(links) == 3
    share = root.get(links[0]).text
    assert 'Awarded by</dt><dd><a href="/people/root"' in share  # fedbadges 50
    assert "Thanks" in share
    again = Page(root.follow(root.post(f"{shown}/give"))).text
    assert "nothing was done now" in again
    assert _awards(site) == 4
    page = root.follow(root.post(f"{shown}/undo"))
    assert "All of it is undone." in page
    assert root.get(links[0]).status_code == 410
    assert "Awarded by mistake." in root.get(links[0]).text
    assert "nothing was done now" in root.follow(root.post(f"{shown}/undo"))
    assert "It may be earned again" in root.get(_page_of(site, root, "ines")).text


def test_a_list_of_which_nothing_can_be_given_is_no_success(site: Site, root: Browser) -> None:
    """predecessors 1.2: success is said for unknown badges and people."""
    shown = _show(root, people="nobody")
    assert "Award 0" not in root.get(shown).text
    page = root.follow(root.post(f"{shown}/give"))
    assert 'class="state state-bad told"' in page
    assert "0 badges were awarded." in page
    assert _awards(site) == 1
    assert "dropped" not in root.follow(root.post(f"{shown}/drop"))
    dropped = _show(root, people="ines")
    assert "nothing was awarded" in root.follow(root.post(f"{dropped}/drop"))
    assert root.get(dropped).status_code == 404


def test_a_wrong_form_is_shown_again_with_all_that_was_typed(site: Site, root: Browser) -> None:
    cases: list[tuple[dict[str, str], str]] = [
        ({"badge": "", "people": "ines"}, "Badge"),
        ({"people": " "}, "name at least one person"),
        ({"people": "ines", "evidence": "javascript:alert(1)"}, "needs addresses like"),
        ({"people": "ines", "day": "yesterday"}, "needs a day like"),
        ({"people": "ines", "narrative": "x" * 5001}, "Why"),
        ({"people": "a " * 10_001}, "10000 at once are enough"),
        ({"people": "in\0es"}, "cannot be seen"),
        ({"people": "ines", "find": "kar\0l"}, "cannot be seen"),
        ({"people": "a " * 9_000, "narrative": "kept" + "x" * 4_000}, "shorten or split"),
    ]
    usual = {"badge": "first-steps", "narrative": "kept as typed", "day": "2026-03-01"}
    for values, said in cases:
        typed = {**usual, **values}
        answer = root.post(FORM, **typed, action="preview")
        assert answer.status_code == 422
        assert said in Page(answer.text).text
        assert typed["narrative"][:20] in answer.text
    assert _awards(site) == 1


def test_without_a_script_people_are_found_and_chosen(site: Site, root: Browser) -> None:
    with site.database.writing() as session:
        persons.find(session, "ines").display_name = "In\u00eas Carvalho"
    typed = {"badge": "first-steps", "people": "karl", "narrative": "Thanks"}
    answer = root.post(FORM, **typed, find="carv", action="find")
    assert answer.status_code == 200
    assert "In\u00eas Carvalho (ines)" in answer.text
    assert "Thanks" in answer.text
    assert "Nobody was found." in root.post(FORM, **typed, find="zz", action="find").text
    kept = root.post(FORM, **typed, find="len", chosen="ines", action="find").text
    assert 'value="ines"' in kept
    assert 'value="lena"' in kept
    shown = _show(root, **typed, chosen=["ines", "lena"])
    assert "3 badges will be awarded." in root.get(shown).text
    for path, value in (("people?q=carv", "ines"), ("badges?q=fir", "first-steps")):
        assert [item["value"] for item in root.get(FORM + path).json["items"]] == [value]


def test_a_file_is_read_by_its_columns_and_each_line_is_told(site: Site, root: Browser) -> None:
    """predecessors 1.1: /award_from_csv always answers 500, and knows one badge a person."""
    lines = [
        "When;Badge;FAS;Link",
        "2026-03-01;;ines;https://x.example",
        ";second-wind;ines;",
        ";first-steps;asha;",
        "31.2.2026;;karl;",
        ";nothing;karl;",
        ";;karl;nowhere",
        "2026-03-01;second-wind;lena;",
    ]
    text = "\r\n".join(lines).replace("When", "Date")
    answer = _upload(root, text.encode("latin-1"), badge="first-steps")
    shown = answer.headers["Location"]
    page = root.get(shown).text
    assert "8 rows, separated by semicolons, in utf-8." in Page(page).text
    columns = {"headed": "y", "user": "2", "badge": "1", "date": "0", "evidence": "3"}
    wrong = root.post(f"{shown}/columns", **{**columns, "user": "9"}, narrative="-1")
    assert wrong.status_code == 422
    root.follow(root.post(f"{shown}/columns", **columns, narrative="-1"))
    page = Page(root.get(shown).text).text
    assert "3 badges will be awarded. 4 lines cannot" in page
    for words in ("Has the badge already", "Not a date", "There is no such badge", "31.2.2026"):
        assert words in page
    assert "The evidence needs web addresses: nowhere" in page
    assert "Will be done (3)" in page
    assert "karl" not in Page(root.get(f"{shown}?show=ready").text).text
    # What was shown is not altered by sending it again.
    assert root.post(f"{shown}/columns", **{**columns, "user": "1"}).status_code == 303
    assert "3 badges were awarded." in root.follow(root.post(f"{shown}/give"))
    with site.database.reading() as session:
        ines = persons.find(session, "ines").id
        own = select(func.count()).select_from(Award).filter_by(person_id=ines)
        assert session.scalar(own) == 2


def test_a_file_that_is_none_is_refused(root: Browser) -> None:
    cases = [
        (b"", "holds no row"),
        (b"\x89PNG\r\n\x1a\n\0", "cannot be seen"),
        (b"a\n" * 10_002, "more than 10000 rows"),
        (b'a,"b', "quotation mark"),
    ]
    for content, said in cases:
        answer = _upload(root, content, badge="kept")
        assert answer.status_code == 422
        assert said in answer.text
        assert 'value="kept"' in answer.text


def test_long_lists_go_on_where_they_stopped(
    site: Site, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SECONDS", 0)
    monkeypatch.setattr(awarding.batches, "CHUNK", 2)
    names = [f"p{number}" for number in range(5)]
    shown = _show(root, people=" ".join(names), make_accounts="y")
    page = root.follow(root.post(f"{shown}/give"))
    assert "2 badges were awarded. 3 lines are not done yet: go on." in Page(page).text
    page = root.follow(root.post(f"{shown}/give"))
    assert "4 badges were awarded. 1 line is not done yet: go on." in Page(page).text
    page = root.follow(root.post(f"{shown}/give"))
    assert "5 badges were awarded." in Page(page).text
    assert "Go on" not in page
    assert _awards(site) == 6


def test_a_database_that_goes_away_is_no_success(
    site: Site, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = _show(root, people="ines karl")

    def away(*_arguments: object, **_more: object) -> bool:
        raise OperationalError("INSERT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(awarding.awards, "give", away)
    assert root.post(f"{shown}/give").status_code == 503
    monkeypatch.undo()
    assert "2 badges will be awarded." in root.get(shown).text
    assert _awards(site) == 1
    with site.database.reading() as session:
        assert set(session.scalars(select(BatchLine.state))) == {"ready"}


def test_a_directory_that_is_away_is_told_and_nothing_is_lost(
    site: Site, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(OpenAccounts):
        def email(self, address: str) -> str | None:
            raise AccountsAwayError("fasjson: does not answer: try again later")

    monkeypatch.setattr(steps, "accounts", Away)
    typed = {"badge": "first-steps", "people": "ines@example.org"}
    answer = root.post(FORM, **typed, action="preview")
    assert answer.status_code == 422
    assert "try again later" in answer.text
    assert "ines@example.org</textarea>" in answer.text
    assert _awards(site) == 1


def test_two_that_stand_in_each_others_way_begin_anew(
    site: Site, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DeadlockError(Exception):
        sqlstate = "40P01"

    shown = _show(root, people="ines karl")
    give, tries = awarding.give, []

    def sometimes(*arguments: object, **more: object) -> bool:
        tries.append(1)
        if len(tries) < steps.TRIES:
            raise OperationalError("INSERT", {}, DeadlockError())
        return give(*arguments, **more)

    monkeypatch.setattr(awarding, "give", sometimes)
    assert "2 badges were awarded." in root.follow(root.post(f"{shown}/give"))
    assert _awards(site) == 3


def test_a_delegate_awards_their_own_badge_and_no_other(
    site: Site, dora: Browser, asha: Browser, otto: Browser, nobody: Browser
) -> None:
    """attacks W3: other issuers' managers, members and strangers get nothing."""
    assert nobody.get(FORM).status_code == 302
    assert asha.get(FORM).status_code == 403
    assert asha.post(FORM, badge="first-steps", people="ines", action="preview").status_code == 403
    assert [item["value"] for item in dora.get(f"{FORM}badges?q=sec").json["items"]] == []
    shown = _show(dora, badge="second-wind", people="ines")
    assert "You have no right to this badge" in dora.get(shown).text
    assert otto.get(shown).status_code == 404
    alien = _show(otto, people="ines")  # manages another issuer, so no badge here
    assert "You have no right to this badge" in otto.get(alien).text
    own = _show(dora, people="ines")
    assert otto.post(f"{own}/give").status_code == 404
    with site.database.writing() as session:
        session.query(Grant).delete()
    assert dora.post(f"{own}/give").status_code == 403
    assert _awards(site) == 1


def test_forms_need_their_token(site: Site, root: Browser) -> None:
    """attacks W2."""
    shown = _show(root, people="ines")
    for path in (FORM, f"{FORM}file", f"{shown}/give", f"{shown}/undo", f"{shown}/drop"):
        assert root.client.post(path, data={"badge": "first-steps"}).status_code == 400
    assert root.get(f"{shown}/give").status_code == 405  # predecessors 1.1: claims on GET
    assert _awards(site) == 1


def test_names_and_texts_of_strangers_stay_texts(site: Site, root: Browser) -> None:
    """attacks W4."""
    shown = _show(
        root, people="<script>alert(1)</script> {{7*7}} ines", narrative="<img src=x onerror=y>"
    )
    page = root.get(shown).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "{{7*7}}" in page
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 9


def _page_of(site: Site, browser: Browser, name: str) -> str:
    with site.database.reading() as session:
        person = persons.find(session, name).id
        newest = select(Award.uuid).filter_by(person_id=person).order_by(Award.id.desc())
        return f"/admin/awards/{session.scalars(newest).first()}"
