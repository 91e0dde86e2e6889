# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fedora_messaging.message import Message as BusMessage
from pika import BasicProperties
from tahrir_messages import BadgeAwardV1

from issuer.adapters.messages import (
    MAX_DEPTH,
    MAX_ID,
    MAX_NAMES,
    MAX_TOPIC,
    BadgeRevokeV1,
    Incoming,
    from_bus,
    from_record,
)
from issuer.errors import InvalidInputError

MOMENT = "2026-02-01T10:00:00+00:00"
BADGE = {"badge_id": "b", "name": "First", "description": "Did it.", "image_url": "https://x.org/"}
SENT = BasicProperties(message_id="m1", headers={"sent-at": MOMENT})
AWARD = {"badge": BADGE, "user": {"username": "asha", "badges_user_id": 1}}


class Failing(BusMessage):
    """A class of somebody else that fails on what its schema allows."""

    @property
    def usernames(self) -> list[str]:
        raise KeyError("user")

    @property
    def packages(self) -> list[str]:
        return ["kernel"]


def record(**changes: Any) -> dict[str, Any]:
    """Return a line of a replay file."""
    whole = {"id": "m1", "topic": "org.example.prod.wiki.edit", "body": {}, "timestamp": MOMENT}
    return {name: value for name, value in {**whole, **changes}.items() if value is not ...}


def deep(levels: int) -> dict[str, Any]:
    """Return a body of so many objects within each other."""
    body: dict[str, Any] = {}
    for _ in range(levels - 1):
        body = {"deeper": body}
    return body


def test_a_message_of_the_bus_keeps_all_that_rules_read() -> None:
    bus = BadgeAwardV1(topic="org.example.prod.badges.badge.award", body=AWARD)
    incoming = from_bus(bus)
    message = incoming.message
    assert (message.id, message.topic, message.body) == (bus.id, bus.topic, AWARD)
    assert message.usernames == incoming.users == ("asha",)
    assert message.headers["fedora_messaging_schema"] == "badges.badge.award.v1"
    assert message.sent_at == datetime.fromisoformat(message.headers["sent-at"])


def test_a_name_that_a_class_cannot_tell_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    message = from_bus(Failing(topic="a.b.c.d", body={"x": 1}, properties=SENT)).message
    assert message.usernames == ()
    assert message.packages == ("kernel",)
    assert "usernames of its class fails: KeyError('user')" in caplog.text


def test_a_record_says_its_own_names() -> None:
    incoming = from_record(
        record(agent_name="asha", usernames=["asha", "boris"], packages=["kernel"])
    )
    assert incoming.message.agent_name == "asha"
    assert incoming.message.usernames == incoming.users == ("asha", "boris")
    assert incoming.message.packages == ("kernel",)


def test_a_record_without_names_asks_its_schema() -> None:
    headers = {"fedora_messaging_schema": "badges.badge.award.v1"}
    assert from_record(record(headers=headers, body=AWARD)).message.usernames == ("asha",)
    assert from_record(record(schema="badges.badge.award.v1", body=AWARD)).users == ("asha",)


def test_a_record_that_was_not_valid_is_read_without_its_schema() -> None:
    given = record(schema="badges.badge.award.v1", valid=False, body=AWARD)
    assert from_record(given).message.usernames == ()


@pytest.mark.parametrize("schema", ["no.such.schema", 5, None, ["a"], {}])
def test_an_unknown_schema_is_read_as_a_plain_message(schema: object) -> None:
    assert from_record(record(schema=schema)).message.usernames == ()


def test_a_schema_class_that_cannot_be_made_is_a_plain_message() -> None:
    pytest.importorskip("journal_to_fedora_messaging_messages")
    assert from_record(record(schema="journal.ipa.user_add.v1")).message.usernames == ()


def test_the_archive_may_keep_other_people_than_rules_read() -> None:
    incoming = from_record(
        record(agent_name=None, usernames=["asha"], packages=[], dn_users=["boris"])
    )
    assert (incoming.message.usernames, incoming.users) == (("asha",), ("boris",))


def test_names_are_told_once_and_only_when_they_are_names() -> None:
    names = ["asha", None, 5, "", "x" * 300, "nul\0", "half\ud800", "asha", ["boris"], "boris"]
    given = record(agent_name=None, usernames=names, packages="kernel")
    message = from_record(given).message
    assert message.usernames == ("asha", "boris")
    assert message.packages == ()


def test_names_without_end_are_cut() -> None:
    names = [f"user{number}" for number in range(MAX_NAMES + 5)]
    given = record(agent_name=None, usernames=names, packages=[])
    assert len(from_record(given).message.usernames) == MAX_NAMES


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        (MOMENT, datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T10:00:00Z", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01 10:00:00", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T12:00:00+02:00", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        (1769940000, datetime(2026, 2, 1, 10, tzinfo=UTC)),
        (1769940000.5, datetime(2026, 2, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_stamp_has_many_forms(stamp: object, moment: datetime) -> None:
    assert from_record(record(timestamp=stamp)).message.sent_at == moment
    assert from_record(record(timestamp=..., headers={"sent-at": stamp})).message.sent_at == moment


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"id": ...}, id="no-id"),
        pytest.param({"id": ""}, id="empty-id"),
        pytest.param({"id": 5}, id="number-as-id"),
        pytest.param({"id": "x" * (MAX_ID + 1)}, id="long-id"),
        pytest.param({"id": "a\0"}, id="nul-in-id"),
        pytest.param({"id": "a\ud800"}, id="half-a-character-in-id"),
        pytest.param({"topic": ...}, id="no-topic"),
        pytest.param({"topic": ""}, id="empty-topic"),
        pytest.param({"topic": "x" * (MAX_TOPIC + 1)}, id="long-topic"),
        pytest.param({"topic": "a.\0"}, id="nul-in-topic"),
        pytest.param({"body": ...}, id="no-body"),
        pytest.param({"body": []}, id="list-as-body"),
        pytest.param({"body": "text"}, id="text-as-body"),
        pytest.param({"body": {"x": "a\0b"}}, id="nul"),
        pytest.param({"body": {"a\0b": 1}}, id="nul-in-a-key"),
        pytest.param({"body": {"x": "\ud800"}}, id="half-a-character"),
        pytest.param({"body": {"x": float("nan")}}, id="nan"),
        pytest.param({"body": {"x": float("inf")}}, id="infinity"),
        pytest.param({"body": deep(MAX_DEPTH + 1)}, id="deep"),
        pytest.param({"body": deep(50_000)}, id="very-deep"),
        pytest.param({"body": {"x": "y" * (5 << 20)}}, id="large"),
        pytest.param({"body": {"x": {1, 2}}}, id="not-json"),
        pytest.param({"headers": 5}, id="headers-are-a-number"),
        pytest.param({"headers": {"x": "a\0"}}, id="nul-in-a-header"),
        pytest.param({"timestamp": ...}, id="no-time"),
        pytest.param({"timestamp": "yesterday"}, id="word-as-time"),
        pytest.param({"timestamp": True}, id="true-as-time"),
        pytest.param({"timestamp": float("nan")}, id="nan-as-time"),
        pytest.param({"timestamp": 1e300}, id="time-after-the-end"),
        pytest.param({"timestamp": []}, id="list-as-time"),
    ],
)
def test_what_can_never_be_processed_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"^message"):
        from_record(record(**changes))


@pytest.mark.parametrize("given", [None, 5, "text", [], [1]])
def test_what_is_no_object_is_refused(given: object) -> None:
    with pytest.raises(InvalidInputError, match="needs a JSON object"):
        from_record(given)


def test_a_body_as_deep_as_allowed_is_kept() -> None:
    assert from_record(record(body=deep(MAX_DEPTH))).message.body == deep(MAX_DEPTH)


@pytest.mark.parametrize("text", [r"how to write \u0000 in JSON", "\\\\u0000"])
def test_a_text_about_nul_is_not_nul(text: str) -> None:
    assert from_record(record(body={"text": text})).message.body["text"] == text


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_refused(stamp: str) -> None:
    with pytest.raises(InvalidInputError, match="timestamp"):
        from_record(record(timestamp=stamp))


@pytest.mark.parametrize("agent", ["a\0b", "a\ud800", "x" * 20_000])
def test_an_agent_that_is_no_name_is_left_out(agent: str) -> None:
    given = record(agent_name=agent, usernames=[], packages=[])
    assert from_record(given).message.agent_name is None


def test_a_header_that_is_no_json_does_not_cost_the_message() -> None:
    """``x-death`` holds the moment at which a message was put into another queue."""
    bus = BadgeAwardV1(topic="org.example.prod.badges.badge.award", body=AWARD)
    bus._headers["x-death"] = [{"count": 1, "time": datetime(2026, 2, 1, tzinfo=UTC)}]
    assert from_bus(bus).message.usernames == ("asha",)


def test_a_refusal_is_short_whatever_was_given() -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_record(record(timestamp="x" * 100_000))
    assert len(str(caught.value)) < 500


def test_a_refusal_is_one_line_whatever_was_given() -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_record(record(id="a\nb\x1b[2J", topic=""))
    assert str(caught.value).isprintable()


def test_our_own_messages_have_what_readers_need() -> None:
    revoked = BadgeRevokeV1(body={**AWARD, "reason": "by mistake"}, properties=SENT)
    revoked.validate()
    assert revoked.topic == "badges.badge.revoke"
    assert revoked.usernames == ["asha"]
    assert revoked.app_name == "Accolades"
    assert str(revoked) == "asha lost the badge First: by mistake"


def test_an_incoming_message_cannot_be_changed() -> None:
    incoming = from_record(record())
    assert isinstance(incoming, Incoming)
    with pytest.raises(AttributeError):
        incoming.users = ("mallory",)  # type: ignore[misc]  # the point
