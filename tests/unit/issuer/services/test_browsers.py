# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.errors import NotFoundError
from issuer.models import AuditEntry, Login
from issuer.services import browsers, disclosing, erasing, merging, persons
from issuer.services.browsers import Agent, Span, read_agent
from issuer.services.permissions import Actor
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SPAN = Span(lasts=8 * HOUR, idle=2 * HOUR)
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0": "Firefox Linux",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}": "Chrome Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/131.0.0.0": "Edge Windows",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME}": "Chrome ChromeOS",
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile": "Chrome Android",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI}": "Safari macOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1": "Chrome iPhone",
    # The browser of GNOME calls itself that, and is not made by Apple.
    f"Mozilla/5.0 (X11; Linux x86_64) {SAFARI}": " Linux",
    "python-requests/2.32": " ",
    "": " ",
    "<script>alert(1)</script>": " ",
    "x" * 10_000 + "Firefox/132.0": " ",
}


@pytest.fixture
def asha(session: Session) -> Person:
    return persons.ensure(session, "asha", now=NOW)


def begin(session: Session, person: Person, mark: str, after: timedelta = timedelta()) -> Login:
    return browsers.begin(session, person, mark, SPAN, agent=Agent(), now=NOW + after)


def live(session: Session, mark: str, after: timedelta) -> bool:
    session.expire_all()
    return browsers.find(session, mark, now=NOW + after) is not None


def number(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Login)).one()


@pytest.mark.parametrize(("header", "found"), AGENTS.items(), ids=lambda text: text[:30])
def test_a_browser_is_named_in_our_words_or_not_at_all(header: str, found: str) -> None:
    agent = read_agent(header)
    assert f"{agent.browser} {agent.system}" == found


def test_a_login_that_nobody_uses_ends(session: Session, asha: Person) -> None:
    begin(session, asha, "m")
    assert live(session, "m", 2 * HOUR - MINUTE)
    assert not live(session, "m", 2 * HOUR)
    assert not live(session, "other", MINUTE)


def test_a_login_that_is_used_lasts_but_not_for_ever(session: Session, asha: Person) -> None:
    login = begin(session, asha, "m")
    for hour in range(1, 8):
        assert live(session, "m", hour * HOUR)
        browsers.note_use(session, login, SPAN, now=NOW + hour * HOUR)
    assert live(session, "m", 8 * HOUR - MINUTE)
    assert not live(session, "m", 8 * HOUR)
    browsers.note_use(session, login, SPAN, now=NOW + 3 * HOUR)  # by a request that was slow
    session.expire_all()
    assert login.last_used_at == NOW + 7 * HOUR


def test_what_is_short_is_noted_more_often() -> None:
    assert SPAN.noted == 5 * MINUTE
    assert Span(lasts=8 * HOUR, idle=4 * MINUTE).noted == MINUTE


def test_a_copy_of_the_database_holds_no_mark(session: Session, asha: Person) -> None:
    row = begin(session, asha, "the-mark")
    kept = [getattr(row, column.name) for column in Login.__table__.columns]
    assert "the-mark" not in str(kept)
    assert row.mark_hash not in "".join(disclosing.everything(session, asha, now=NOW))
    assert '"last_used_at"' in "".join(disclosing.everything(session, asha, now=NOW))


def test_a_person_ends_their_own_and_no_other(session: Session, asha: Person) -> None:
    boris = persons.ensure(session, "boris", now=NOW)
    rows = [begin(session, asha, mark, n * MINUTE) for n, mark in enumerate("abc")]
    foreign = begin(session, boris, "x")
    assert [each.id for each in browsers.listed(session, asha, now=NOW)] == [
        each.id for each in reversed(rows)
    ]
    for missing in (foreign.id, 10**6, 2**40):
        with pytest.raises(NotFoundError, match="there is none of yours"):
            browsers.end_one(session, asha, missing)
    browsers.end_one(session, asha, rows[0].id)
    assert [live(session, mark, MINUTE) for mark in "abcx"] == [False, True, True, True]
    assert browsers.end_others(session, asha, "c") == 1
    assert [live(session, mark, MINUTE) for mark in "abcx"] == [False, False, True, True]
    assert browsers.end(session, "c")
    assert not browsers.end(session, "c")
    assert live(session, "x", MINUTE)


def test_of_too_many_the_one_that_was_not_used_for_the_longest_ends(
    session: Session, asha: Person
) -> None:
    for n in range(browsers.MAX_LOGINS + 1):
        begin(session, asha, f"m{n}", n * MINUTE)
    assert number(session) == browsers.MAX_LOGINS
    assert not live(session, "m0", HOUR)
    assert live(session, "m1", HOUR)


def test_what_is_over_is_forgotten_at_the_next_login_or_by_the_job(
    session: Session, asha: Person
) -> None:
    begin(session, asha, "a")
    begin(session, asha, "b", 3 * HOUR)
    assert number(session) == 1
    assert browsers.drop_ended(session, now=NOW + 4 * HOUR) == 0
    assert browsers.drop_ended(session, now=NOW + 5 * HOUR) == 1
    assert number(session) == 0


def test_an_admin_ends_all_of_somebody(session: Session, asha: Person) -> None:
    begin(session, asha, "a")
    begin(session, asha, "b")
    root = Actor(username="root")
    assert browsers.end_for(session, root, asha, now=NOW) == 2
    assert browsers.end_for(session, root, asha, now=NOW) == 0
    (entry,) = session.scalars(select(AuditEntry)).all()
    assert (entry.action, entry.subject_id, entry.after) == (
        "person.sign_out",
        "asha",
        {"logins": 2},
    )


def test_logins_of_an_account_that_is_merged_or_erased_end(session: Session, asha: Person) -> None:
    kept = persons.ensure(session, "asha-new", now=NOW)
    begin(session, asha, "gone")
    begin(session, kept, "stays")
    merging.merge(session, Actor(username="root"), kept, asha, now=NOW)
    assert [live(session, mark, MINUTE) for mark in ("gone", "stays")] == [False, True]
    erasing.erase(session, kept, "anonymise", now=NOW)
    assert number(session) == 0
