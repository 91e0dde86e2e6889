# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from fedora_messaging.message import Message
from fedora_messaging.twisted import consumer as library  # after the event loop: see __init__
from pika import BasicProperties

from consumer import receiving
from consumer.receiving import UnreadableMessage, receive
from issuer.adapters.letters import MAX_BODY, Letter
from issuer.errors import InvalidInputError
from tests.issuing import NOW

TOPIC = "org.example.prod.wiki.edit"
HEADERS = {
    "fedora_messaging_schema": "base.message",
    "fedora_messaging_severity": 20,
    "sent-at": NOW.isoformat(),
}


def delivered(body: bytes = b'{"user": "asha"}', **changes: Any) -> Message:
    values = {
        "message_id": "m1",
        "headers": dict(HEADERS),
        "content_encoding": "utf-8",
        **changes,
    }
    return receive(TOPIC, BasicProperties(**values), body)


UNREADABLE = [
    pytest.param({"content_encoding": "no-such-thing"}, "LookupError", id="unknown-encoding"),
    pytest.param({"content_encoding": "a\0b"}, "cannot be read", id="nul-in-encoding"),
    pytest.param({"content_encoding": "base64"}, "cannot be read", id="an-encoding-of-bytes"),
    pytest.param({"body": b"[" * 100_000}, "nested too deep", id="deep"),
    pytest.param({"body": b'{"a":' * 5000 + b"1" + b"}" * 5000}, "nested too deep", id="deep-2"),
    pytest.param({"body": b"{"}, "JSONDecodeError", id="bad-json"),
    pytest.param({"body": b""}, "JSONDecodeError", id="empty"),
    pytest.param({"body": b"\xff\xfe"}, "not utf-8", id="not-utf-8"),
    pytest.param({"body": b"[1, 2]"}, "not of type 'object'", id="list"),
    pytest.param({"body": b'"text"'}, "not of type 'object'", id="text"),
    pytest.param({"body": b"9" * 10_000}, "ValueError", id="long-number"),
    pytest.param({"body": b"x" * (MAX_BODY + 1)}, "at most", id="too-large"),
    pytest.param(
        {"headers": {**HEADERS, "fedora_messaging_severity": "high"}}, "severity", id="severity"
    ),
    pytest.param({"headers": {"fedora_messaging_schema": ["x"]}}, "cannot be read", id="schema"),
    pytest.param(
        {"headers": {**HEADERS, "fedora_messaging_schema": "wiki.article.edit.v1"}},
        "required",
        id="not-of-its-schema",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), UNREADABLE)
def test_what_cannot_be_read_comes_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    message = delivered(**changes)
    assert isinstance(message, UnreadableMessage)
    assert reason in message.reason
    assert len(message.reason) < 500
    assert message.topic == TOPIC
    assert message.id == "m1"


@pytest.mark.parametrize(("changes", "reason"), UNREADABLE)
def test_what_cannot_be_read_is_kept_so_that_it_can_be_tried_again(
    changes: dict[str, Any], reason: str
) -> None:
    message = delivered(**changes)
    assert isinstance(message, UnreadableMessage)
    text = json.dumps(message.letter.to_dict(), default=repr)
    if len(changes.get("body", b"")) > MAX_BODY:
        assert len(text) < MAX_BODY / 10
        return
    again = Letter.from_dict(json.loads(text))
    assert (again.topic, again.id) == (TOPIC, "m1")
    if "content_encoding" in changes:  # of a body that is UTF-8 all the same
        assert again.open().body == {"user": "asha"}
        return
    with pytest.raises(InvalidInputError, match="cannot be read"):
        again.open()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"headers": None},
        {"headers": {}},
        {"message_id": None},
        {"content_encoding": None},
        {"headers": {**HEADERS, "fedora_messaging_schema": "no.such.schema"}},
        {"body": b'{"x": NaN}'},
        {"body": b'{"x": "\\u0000"}'},
    ],
    ids=["good", "no-headers", "empty", "no-id", "no-encoding", "unknown-schema", "nan", "nul"],
)
def test_what_can_be_read_is_the_message_that_fedora_messaging_makes(
    changes: dict[str, Any],
) -> None:
    message = delivered(**changes)
    assert type(message) is Message
    assert isinstance(message.body, dict)
    assert message._properties.message_id == changes.get("message_id", "m1")


def test_headers_of_the_broker_stay_with_the_message() -> None:
    message = delivered(headers={**HEADERS, "x-delivery-count": 2})
    assert message._headers["x-delivery-count"] == 2


def test_fedora_messaging_reads_with_it_once_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "get_message", library.get_message)
    restart = library.Consumer._restart_consuming
    monkeypatch.setattr(library.Consumer, "_restart_consuming", restart)
    receiving.install()
    mended = library.Consumer._restart_consuming
    receiving.install()
    assert library.get_message is receive
    assert library.Consumer._restart_consuming is mended


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": None, "body": b'{"x": "' + b"secret" * 9999 + b'"}'},
        {"body": b'["' + b"secret" * 9999 + b'"]'},
        {"body": b"secret" * 9999},
        {"body": b"\xff" + b"secret" * 9999},
    ],
    ids=["no-headers", "list", "no-json", "not-utf-8"],
)
def test_the_log_does_not_quote_what_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr(library, "get_message", library.get_message)
    monkeypatch.setattr(library.Consumer, "_restart_consuming", library.Consumer._restart_consuming)
    receiving.install()
    delivered(**changes)
    assert caplog.records
    assert len(caplog.text) < 5000


class Channel:
    """As much of a channel as is asked for."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open


@pytest.mark.parametrize(
    ("is_open", "is_closed", "restarts"),
    [(True, False, 0), (False, True, 0), (False, False, 1)],
    ids=["restarted-before", "connection-lost", "channel-closed"],
)
def test_a_consumer_is_not_registered_twice_after_a_lost_connection(
    monkeypatch: pytest.MonkeyPatch, *, is_open: bool, is_closed: bool, restarts: int
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(library, "get_message", library.get_message)
    monkeypatch.setattr(library.Consumer, "_restart_consuming", asked.append)
    receiving.install()
    consumer = library.Consumer("queue", print)
    consumer._channel = Channel(is_open=is_open)
    consumer._protocol = SimpleNamespace(is_closed=is_closed)
    consumer._restart_consuming()
    assert len(asked) == restarts
