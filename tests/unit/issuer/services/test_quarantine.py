# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.models import QuarantinedMessage
from issuer.services import quarantine
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def put(session: Session, **changes: Any) -> list[QuarantinedMessage]:
    whole = {"message_id": "m1", "topic": "a.b", "content": {"x": 1}, "reason": "r", "now": NOW}
    quarantine.put(session, **{**whole, **changes})
    session.expire_all()
    return list(session.scalars(select(QuarantinedMessage).order_by(QuarantinedMessage.id)))


def test_a_message_is_kept_with_the_reason(session: Session) -> None:
    (kept,) = put(session)
    assert (kept.message_id, kept.topic, kept.content) == ("m1", "a.b", '{"x": 1}')
    assert (kept.reason, kept.times, kept.received_at) == ("r", 1, NOW)


def test_a_message_is_found_by_its_id(session: Session) -> None:
    assert put(session)[0].message_id == "m1"


def test_the_same_message_again_is_counted(session: Session) -> None:
    for _ in range(3):
        (kept,) = put(session)
    assert kept.times == 3


@pytest.mark.parametrize("change", [{"message_id": "m2"}, {"topic": "c"}, {"content": {"x": 2}}])
def test_another_message_is_kept_too(session: Session, change: dict[str, Any]) -> None:
    put(session)
    assert len(put(session, **change)) == 2


@pytest.mark.parametrize(
    "odd",
    [
        "a\0b",
        "\ud800",
        "x" * (5 << 20),
        "🏅" * 1000,
        "'\"\\",
        "a'''",
        "",
    ],
    ids=["nul", "half", "long", "wide", "quotes", "ends-in-quotes", "empty"],
)
@pytest.mark.parametrize("where", ["message_id", "topic", "content", "reason"])
def test_any_letters_are_kept_in_bounds(session: Session, where: str, odd: str) -> None:
    (kept,) = put(session, **{where: odd})
    assert len(kept.content) <= quarantine.MAX_CONTENT
    assert len(kept.topic) <= quarantine.MAX_TOPIC
    assert len(kept.reason) <= quarantine.MAX_REASON
    assert (kept.content + kept.topic + kept.reason + str(kept.message_id)).isascii()


@pytest.mark.parametrize("topic", ["it's", "ends'", "'"])
def test_a_topic_is_kept_as_it_was(session: Session, topic: str) -> None:
    assert put(session, topic=topic)[0].topic == topic


def test_what_is_no_json_is_kept_as_well_as_can_be(session: Session) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"deeper": deep}
    assert "cannot be written" in put(session, content=deep)[0].content
    assert "object" in put(session, content={"x": object()})[1].content
