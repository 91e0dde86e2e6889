# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from issuer.errors import NotFoundError
from issuer.services import sample
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def test_the_newest_message_is_one_hour_old(session: Session) -> None:
    state = sample.begin(session, now=NOW)
    moments = [
        datetime.fromisoformat(record["timestamp"]) for record in sample.messages(state.shift)
    ]
    assert max(moments) == NOW - timedelta(hours=1)
    assert moments == sorted(moments)
    assert not state.finished


def test_what_was_decided_first_holds(session: Session) -> None:
    first = sample.begin(session, now=NOW)
    again = sample.begin(session, now=NOW + timedelta(days=9))
    assert again == first
    sample.finish(session, now=NOW)
    session.flush()
    session.expire_all()
    assert sample.begin(session, now=NOW + timedelta(days=9)).finished
    assert sample.begin(session, now=NOW).shift == first.shift


def test_a_message_is_moved_as_a_whole_and_keeps_its_id() -> None:
    plain, moved = sample.messages(timedelta(0)), sample.messages(timedelta(days=1))
    assert [record["id"] for record in plain] == [record["id"] for record in moved]
    for before, after in zip(plain, moved, strict=True):
        moment = datetime.fromisoformat(after["timestamp"])
        assert moment - datetime.fromisoformat(before["timestamp"]) == timedelta(days=1)
        assert after["headers"]["sent-at"] == after["timestamp"]
        assert after["body"] == before["body"]


def test_who_has_most_is_shown(session: Session, site: Site) -> None:
    first, second = make_badge(session, site), make_badge(session, site, "Second")
    give(session, first, "boris")
    give(session, first, "asha")
    newest = give(session, second, "asha", issued_at=NOW).award.assertions[0].document_id
    assert sample.showcase(session) == ("asha", newest)


def test_nobody_to_show_is_told(session: Session) -> None:
    with pytest.raises(NotFoundError):
        sample.showcase(session)
