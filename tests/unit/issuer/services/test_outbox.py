# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from tahrir_messages import BadgeAwardV1, PersonRankAdvanceV1

from issuer.adapters.messages import BadgeRevokeV1
from issuer.adapters.publishing import bus_message
from issuer.models import OutboxMessage
from issuer.services import awards, outbox
from issuer.services.outbox import Mark
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.site import Site

LATER = NOW + timedelta(hours=2)


def queued(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def announce(session: Session, *streams: str) -> list[int]:
    rows = [
        outbox.announce(session, "a.b", {"x": place}, stream=stream, now=NOW)
        for place, stream in enumerate(streams)
    ]
    session.flush()
    return [row.id for row in rows]


def batch(session: Session, **arguments: object) -> list[int]:
    values = {"now": NOW, **arguments}
    return [message.id for message in outbox.next_batch(session, **values)]


def test_a_message_waits_to_be_sent(session: Session) -> None:
    announce(session, "asha")
    (message,) = queued(session)
    assert (message.topic, message.body, message.stream) == ("a.b", {"x": 0}, "asha")
    assert (message.kind, message.attempts, message.sent_at) == ("message", 0, None)


def test_each_message_has_an_id_of_its_own(session: Session) -> None:
    announce(session, "", "")
    first, second = queued(session)
    assert first.message_id != second.message_id


def test_what_is_announced_fits_its_schema(session: Session, site: Site) -> None:
    given = give(session, make_badge(session, site), "Asha").award
    awards.revoke(session, given, "by mistake", now=NOW)
    kinds = (BadgeAwardV1, PersonRankAdvanceV1, BadgeRevokeV1)
    for kind, message in zip(kinds, queued(session), strict=True):
        assert message.stream == "asha"
        sent = bus_message(
            topic=message.topic,
            body=message.body,
            message_id=message.message_id,
            created_at=message.created_at,
        )
        assert type(sent) is kind
        assert sent.usernames == ["Asha"]


def test_what_is_undone_is_not_announced(site: Site) -> None:
    with pytest.raises(RuntimeError), site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
        raise RuntimeError
    with site.database.reading() as session:
        assert queued(session) == []


def test_a_batch_is_in_order_and_holds_whole_streams(session: Session) -> None:
    ids = announce(session, "asha", "boris", "asha", "asha", "boris")
    assert batch(session) == ids


def test_a_batch_is_bounded(session: Session) -> None:
    ids = announce(session, *(["asha"] * 5), "boris")
    assert batch(session, limit=3) == ids[:3]


def test_what_was_sent_or_refused_waits_no_more(session: Session) -> None:
    ids = announce(session, "asha", "asha", "boris", "asha")
    sent = Mark(id=ids[0], at=NOW)
    refused = Mark(id=ids[1], at=NOW, error="no class", is_refused=True)
    outbox.mark(session, [sent, refused])
    assert batch(session) == ids[2:]


def test_a_delayed_message_holds_up_its_stream_and_no_other(session: Session) -> None:
    ids = announce(session, "asha", "boris", "asha")
    due_at = NOW + timedelta(minutes=1)
    outbox.mark(session, [Mark(id=ids[0], at=NOW, error="forbidden", due_at=due_at)])
    assert batch(session) == [ids[1]]
    assert batch(session, now=due_at) == ids


def test_a_message_is_delayed_twice_as_long_each_time_but_not_for_ever(session: Session) -> None:
    announce(session, "asha")
    (message,) = queued(session)
    waits = []
    for attempts in (0, 1, 2, 11, 12, 5000):
        message.attempts = attempts
        waits.append((outbox.delay(message, NOW) - NOW).total_seconds())
    assert waits == [1, 2, 4, 2048, 3600, 3600]


def test_marks_tell_what_became_of_a_message(session: Session) -> None:
    ids = announce(session, "a", "b", "c")
    reason = "no\0 \ud800" + "x" * 1000
    outbox.mark(
        session,
        [
            Mark(id=ids[0], at=NOW),
            Mark(id=ids[1], at=NOW, error=reason, is_refused=True),
            Mark(id=ids[2], at=NOW, error="away"),
        ],
    )
    session.expire_all()
    sent, refused, waiting = queued(session)
    assert (sent.sent_at, sent.attempts, sent.last_error) == (NOW, 1, None)
    assert (refused.sent_at, refused.refused_at, refused.attempts) == (None, NOW, 1)
    assert refused.last_error is not None
    assert len(refused.last_error) == outbox.MAX_ERROR
    assert (waiting.sent_at, waiting.refused_at, waiting.last_error) == (None, None, "away")


def test_other_kinds_are_left_to_their_senders(session: Session) -> None:
    announce(session, "asha")
    session.execute(update(OutboxMessage).values(kind="e-mail"))
    assert batch(session) == []
    assert outbox.backlog(session).waiting == 0


def test_the_backlog_tells_how_much_waits_and_since_when(session: Session) -> None:
    assert outbox.backlog(session) == outbox.Backlog(0, None, 0)
    ids = announce(session, "asha", "boris", "carla")
    outbox.announce(session, "a.b", {}, stream="x", now=LATER)
    outbox.mark(session, [Mark(id=ids[0], at=NOW, error="no", is_refused=True)])
    assert outbox.backlog(session) == outbox.Backlog(3, NOW, 1)


def test_what_is_not_sent_is_shown(session: Session) -> None:
    ids = announce(session, "asha", "boris", "carla")
    refused = Mark(id=ids[1], at=NOW, error="no", is_refused=True)
    outbox.mark(session, [Mark(id=ids[0], at=NOW), refused])
    both = outbox.unsent(session, refused_only=False, limit=10)
    assert [message.id for message in both] == ids[1:]
    assert [m.id for m in outbox.unsent(session, refused_only=True, limit=10)] == [ids[1]]
    assert len(outbox.unsent(session, refused_only=False, limit=1)) == 1


def test_what_was_refused_can_be_tried_again(session: Session) -> None:
    ids = announce(session, "asha", "boris", "carla")
    outbox.mark(
        session,
        [
            Mark(id=ids[0], at=NOW),
            Mark(id=ids[1], at=NOW, error="no", is_refused=True),
            Mark(id=ids[2], at=NOW, error="later", due_at=LATER),
        ],
    )
    assert batch(session) == []
    assert outbox.retry(session, [ids[0], ids[1]]) == [ids[1]]
    assert batch(session) == [ids[1]]
    assert outbox.retry(session) == [ids[2]]
    assert batch(session) == ids[1:]


def test_what_was_sent_long_ago_is_deleted_some_at_a_time(session: Session) -> None:
    ids = announce(session, *"abcdefg")
    sent = [Mark(id=each, at=NOW) for each in ids[:2] + ids[3:6]]
    refused = Mark(id=ids[2], at=NOW, error="no", is_refused=True)
    outbox.mark(session, [*sent, refused])
    session.execute(
        update(OutboxMessage).where(OutboxMessage.id == ids[4]).values(sent_at=LATER, kind="e-mail")
    )
    steps, after = [], 0
    while (last := outbox.prune(session, before=LATER, after=after, limit=3)) is not None:
        steps.append(after := last)
    assert steps == [ids[2], ids[5]]
    assert [message.id for message in queued(session)] == [ids[2], ids[4], ids[6]]
    assert outbox.prune(session, before=NOW, after=0, limit=3) is None  # nothing is as old as that
    assert len(queued(session)) == 3


@pytest.fixture
def shared(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    site = make_site(tmp_path, postgres_url)
    yield site
    site.database.dispose()


def test_two_senders_never_have_the_same_stream(shared: Site) -> None:
    with shared.database.writing() as session:
        ids = announce(session, "asha", "asha", "boris", "boris", "carla")
    with shared.database.session() as first, shared.database.session() as second:
        assert batch(first, limit=2) == ids[:2]
        assert batch(second) == ids[4:]  # boris was claimed by the first, his rows came too late
        first.rollback()
        assert batch(second) == ids
