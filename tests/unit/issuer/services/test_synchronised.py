# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.services.synchronised import MAX_COLLECTIONS, MAX_TEXT, note, summary, trouble
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

GIT = "https://somebody:secret@git.example.org/rules.git"


def test_what_is_wrong_is_told_until_it_is_mended(session: Session) -> None:
    assert (trouble(session), summary(session)) == ("", "")
    note(session, ["a", "b"], [], now=NOW)
    note(session, ["a", "b"], ["a/x.yml:1: broken", "a/y.yml: broken"], now=NOW)
    note(session, ["b"], [], now=NOW)
    assert trouble(session) == "rules could not be loaded: a: a/x.yml:1: broken (and 1 more)"
    assert summary(session).startswith("rules of 1 collection could not be loaded")
    note(session, ["a"], [], now=NOW)
    assert trouble(session) == ""


def test_an_address_that_never_held_rules_is_a_mistake_and_no_trouble(session: Session) -> None:
    note(session, ["nowhere"], ["nowhere: no such folder"], now=NOW)
    assert trouble(session) == ""


def test_no_password_and_nothing_endless_is_told(session: Session) -> None:
    note(session, [GIT], [], now=NOW)
    note(session, [GIT], [f"{GIT}\n\0: " + "x" * 1000], now=NOW)
    told = trouble(session)
    assert "secret" not in told
    assert told.isprintable()
    assert len(told) < MAX_TEXT + 200
    note(session, [str(number) for number in range(MAX_COLLECTIONS)], [], now=NOW)
    assert trouble(session) == ""  # what was not synchronised for longest is forgotten
