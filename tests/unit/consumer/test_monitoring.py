# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from consumer.monitoring import Metrics, Ready
from consumer.status import MAX_REASONS, Status
from issuer.sending import Tally
from issuer.services.processing import Processed


@dataclass
class Request:
    """As much of a request as is asked for."""

    code: int = 200
    headers: dict[bytes, bytes] = field(default_factory=dict)

    def setResponseCode(self, code: int) -> None:  # noqa: N802 -- Twisted's name
        self.code = code

    def setHeader(self, name: Any, value: Any) -> None:  # noqa: N802 -- Twisted's name
        self.headers[name] = value


def service(*, consuming: bool = True) -> Any:
    return SimpleNamespace(consuming=consuming, stats=SimpleNamespace(as_dict=lambda: {"n": 1}))


def asked(status: Status, *, consuming: bool = True) -> tuple[int, dict[str, Any]]:
    request = Request()
    body = Ready(status, service(consuming=consuming)).render_GET(request)
    return request.code, json.loads(body)


def test_it_is_ready_while_messages_are_handled() -> None:
    code, told = asked(Status(rules=3))
    assert (code, told["status"], told["consuming"], told["rules"], told["n"]) == (
        200,
        "OK",
        True,
        3,
        1,
    )
    assert "degraded" not in told


def test_it_is_not_ready_while_a_message_waits_and_says_why() -> None:
    code, told = asked(Status(waiting_for="waiting for the database: refused"))
    assert (code, told["status"]) == (503, "waiting for the database: refused")


def test_it_is_not_ready_while_nothing_is_consumed() -> None:
    assert asked(Status(), consuming=False)[0] == 503


def test_rules_that_could_not_be_taken_over_degrade_it() -> None:
    code, told = asked(Status(rules_trouble="rules that cannot be read: first-steps"))
    assert (code, told["degraded"]) == (200, "rules that cannot be read: first-steps")


def test_an_outbox_that_cannot_be_sent_is_told() -> None:
    assert asked(Status(tally=Tally(trouble="broker: gone")))[1]["outbox"] == "broker: gone"


def test_metrics_are_in_the_text_form_of_prometheus() -> None:
    status = Status(awards=2, tally=Tally(sent=5))
    processed = Processed("m1", duplicate=True)
    processed.dropped += [("bot", "a service user"), ("x", 'odd "reason"\n')]
    processed.failures.append(("rule", "broken"))
    status.note(processed)
    request = Request()
    lines = Metrics(status).render_GET(request).decode().splitlines()
    for line in (
        "# TYPE accolades_consumer_messages_total counter",
        "accolades_consumer_messages_total 1",
        "accolades_consumer_duplicates_total 1",
        "accolades_consumer_rule_failures_total 1",
        "accolades_consumer_awards_total 2",
        "accolades_consumer_outbox_sent_total 5",
        "# TYPE accolades_consumer_waiting gauge",
        "accolades_consumer_waiting 0",
        'accolades_consumer_dropped_total{reason="a service user"} 1',
        r'accolades_consumer_dropped_total{reason="odd \"reason\"\n"} 1',
    ):
        assert line in lines
    assert request.headers[b"Content-Type"].startswith(b"text/plain")


def test_reasons_cannot_grow_without_end() -> None:
    status = Status()
    for number in range(MAX_REASONS * 2):
        processed = Processed(f"m{number}")
        processed.dropped.append(("x", f"reason {number}"))
        status.note(processed)
    assert len(status.dropped) == MAX_REASONS + 1
    assert status.dropped["another reason"] == MAX_REASONS
