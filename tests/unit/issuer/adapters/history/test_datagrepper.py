# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from issuer.adapters.history import datagrepper
from issuer.adapters.history.datagrepper import Datagrepper
from issuer.errors import HistoryAwayError, HistoryRefusedError
from rules.model import Query
from tests.issuing import NOW
from tests.services.datagrepper import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.datagrepper import Grepper

    Said = dict[str, Any]

TOPIC = "org.example.prod.wiki.edit"
ASHAS = Query(users=("asha",), topics=(TOPIC,))


def said(number: int, seconds: float = 0, user: str = "asha", **more: Any) -> Said:
    moment = (NOW - timedelta(days=1) + timedelta(seconds=seconds or number)).isoformat()
    return {
        "id": f"m{number}",
        "topic": TOPIC,
        "timestamp": moment,
        "body": {},
        "usernames": [user],
        "headers": {"sent-at": moment},
        **more,
    }


@pytest.fixture
def history(grepper: Grepper) -> Iterator[Datagrepper]:
    made = Datagrepper(grepper.url, sleep=lambda _: None)
    yield made
    made.close()


def count(history: Datagrepper, query: Query = ASHAS, *without: str) -> int:
    return history.count(query, until=NOW, without=without)


def test_all_pages_are_read_and_what_is_ours_is_left_out(
    history: Datagrepper, grepper: Grepper
) -> None:
    grepper.keep(*(said(n) for n in range(250)), said(999, user="boris"))
    assert count(history) == 250
    assert [asked["page"] for asked in grepper.asked] == [["1"], ["2"], ["3"]]
    assert count(history, ASHAS, "m3", "m4", "elsewhere") == 248


def test_an_agent_and_the_last_moment_are_asked_of_each_message(
    history: Datagrepper, grepper: Grepper
) -> None:
    grepper.keep(
        said(1, agent_name="Asha"),
        said(2, agent_name="boris"),
        said(3, 86_400.2, agent_name="asha"),  # within the second in which the history ends
    )
    assert count(history, Query(agents=("asha",), topics=(TOPIC,))) == 1


def cut(status: int, body: Said) -> tuple[int, Said]:
    return status, {**body, "raw_messages": body["raw_messages"][1:]}


def fewer(status: int, body: Said) -> tuple[int, Said]:
    return status, {**body, "raw_messages": body["raw_messages"][1:], "count": body["count"] - 1}


def another_total(status: int, body: Said) -> tuple[int, Said]:
    return status, {**body, "total": body["total"] + 1}


def without_id(status: int, body: Said) -> tuple[int, Said]:
    return status, {**body, "raw_messages": [{**m, "msg_id": None} for m in body["raw_messages"]]}


TROUBLES = {
    "500": lambda _, body: (500, body),
    "503 of a proxy": lambda *_: (503, b"<html>try again</html>"),
    "a page to log in": lambda *_: (302, b""),
    "broken JSON": lambda status, _: (status, b'{"raw_messages": ['),
    "too deep": lambda status, _: (status, b"[" * 100_000),
    "a list": lambda status, _: (status, b"[]"),
    "nothing": lambda status, _: (status, {}),
    "fewer messages than it says": cut,
    "fewer messages than a page has": fewer,
    "another total": another_total,
    "a message without an id": without_id,
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_a_page_that_is_not_whole_is_asked_for_again(
    history: Datagrepper, grepper: Grepper, trouble: Any
) -> None:
    grepper.keep(*(said(n) for n in range(150)))
    waits: list[float] = []
    history.sleep = waits.append
    grepper.troubles = [lambda status, body: (status, body), trouble, trouble]
    assert count(history) == 150
    assert waits == [0.5, 1.0]
    grepper.always = trouble
    with pytest.raises(HistoryAwayError, match=r"datagrepper: http.*4 times"):
        count(history)


def test_who_does_not_answer_in_time_is_asked_again(
    history: Datagrepper, grepper: Grepper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datagrepper, "READ_SECONDS", 0.2)
    grepper.keep(said(1))
    grepper.troubles = [silent(0.5)]
    assert count(history) == 1


def test_nobody_there_is_one_clear_line(grepper: Grepper) -> None:
    history = Datagrepper("http://127.0.0.1:9/datagrepper", sleep=lambda _: None)
    with pytest.raises(HistoryAwayError, match="check ACCOLADES_HISTORY_URL"):
        count(history)
    history.close()


def test_pages_that_repeat_a_message_are_read_in_the_other_order_too(
    history: Datagrepper, grepper: Grepper
) -> None:
    """Messages of one moment may come in another order each time: one twice, another never."""
    grepper.keep(*(said(n, 5) for n in range(150)))

    def shuffled(status: int, body: Said) -> tuple[int, Said]:
        messages = list(body["raw_messages"])
        if body["arguments"]["page"] == ["2"] and body["arguments"]["order"] == ["asc"]:
            messages[0] = grepper.answer({"rows_per_page": ["1"], "order": ["asc"]})[1][
                "raw_messages"
            ][0]
        return status, {**body, "raw_messages": messages}

    grepper.always = shuffled
    assert count(history) == 150


def test_too_many_messages_are_refused_before_they_are_read(
    history: Datagrepper, grepper: Grepper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datagrepper, "MAX_COUNTED", 120)
    monkeypatch.setattr(datagrepper, "MAX_BYTES", 50_000)
    grepper.keep(*(said(n) for n in range(121)))
    with pytest.raises(HistoryRefusedError, match="121 messages are too many"):
        count(history)
    assert len(grepper.asked) == 1
    grepper.keep(said(500, user="chen", body={"text": "x" * 60_000}))
    with pytest.raises(HistoryRefusedError, match="larger than 50000 bytes"):
        count(history, Query(users=("chen",)))


def test_messages_of_known_topics_come_in_order(history: Datagrepper, grepper: Grepper) -> None:
    grepper.keep(said(2), said(1), said(3, topic="org.example.prod.wiki.new"), said(4, 90_000))
    found = history.messages(lambda topic: topic == TOPIC, [TOPIC, "another"], until=NOW)
    assert [message.id for message in found] == ["m1", "m2"]
    assert history.size(lambda topic: True, [TOPIC], until=NOW) == 2
    assert list(history.messages(lambda topic: False, [TOPIC], until=NOW)) == []
    assert history.archive(until=NOW, without=()) is None
