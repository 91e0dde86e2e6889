# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from tahrir_messages import BadgeAwardV1

from issuer.adapters.messages import BadgeRevokeV1
from issuer.models import OutboxMessage
from issuer.services import awards, outbox
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def queued(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def test_a_message_waits_to_be_sent(session: Session) -> None:
    outbox.announce(session, "a.b", {"x": 1}, stream="asha", now=NOW)
    session.flush()
    (message,) = queued(session)
    assert (message.topic, message.body, message.stream) == ("a.b", {"x": 1}, "asha")
    assert (message.kind, message.attempts, message.sent_at) == ("message", 0, None)


def test_each_message_has_an_id_of_its_own(session: Session) -> None:
    for _ in range(2):
        outbox.announce(session, "a.b", {}, stream="", now=NOW)
    session.flush()
    first, second = queued(session)
    assert first.message_id != second.message_id


def test_what_is_announced_fits_its_schema(session: Session, site: Site) -> None:
    given = give(session, make_badge(session, site), "Asha").award
    awards.revoke(session, given, "by mistake", now=NOW)
    awarded, revoked = queued(session)
    for kind, message in ((BadgeAwardV1, awarded), (BadgeRevokeV1, revoked)):
        assert message.topic == kind.topic
        assert message.stream == "asha"
        sent = kind(body=message.body, topic=message.topic, properties=_properties())
        sent.validate()
        assert sent.usernames == ["Asha"]


def _properties() -> object:
    from pika import BasicProperties

    return BasicProperties(message_id="m1", headers={})


def test_what_is_undone_is_not_announced(site: Site) -> None:
    with pytest.raises(RuntimeError), site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
        raise RuntimeError
    with site.database.reading() as session:
        assert queued(session) == []
