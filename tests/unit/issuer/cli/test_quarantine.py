# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pika import BasicProperties
from sqlalchemy import func, select

from consumer.callback import AccoladesConsumer
from consumer.receiving import receive
from issuer.adapters.pictures import read_picture
from issuer.intake import Intake, policy_of
from issuer.models import ArchivedMessage, QuarantinedMessage
from issuer.services import collections
from tests.issuing import NOW, RED, make_issuer, make_rule

if TYPE_CHECKING:
    from issuer.site import Site

TOPIC = "org.example.prod.wiki.edit"
RULE = "trigger: {topic: wiki.edit}\nrecipient: message.body['user']\n"
GOOD = {"sent-at": NOW.isoformat()}


def deliver(site: Site, body: bytes, **changes: Any) -> None:
    """Let a delivery come in that the consumer puts aside."""
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        rules = [make_rule(RULE, name="Editor")]
        collections.sync(session, rules, issuer, site.objects, picture, now=NOW)
    properties = BasicProperties(**{"message_id": "m1", "headers": GOOD, **changes})
    taking = AccoladesConsumer(site, Intake(site, policy_of(site.settings)))
    taking(receive(TOPIC, properties, body))


@pytest.fixture
def curable(site: Site) -> Site:
    """Return a site that put a message aside whose encoding nobody knows; it is UTF-8."""
    deliver(site, b'{"user": "boris"}', content_encoding="no-such-thing")
    return site


@pytest.fixture
def hopeless(site: Site) -> Site:
    """Return a site that put aside what is no message."""
    deliver(site, b"\xff{", message_id="m2")
    return site


def rows(site: Site) -> list[QuarantinedMessage]:
    with site.database.reading() as session:
        found = list(session.scalars(select(QuarantinedMessage).order_by(QuarantinedMessage.id)))
        session.expunge_all()
        return found


def archived(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ArchivedMessage)) or 0


def test_the_list_names_each_message_with_topic_and_reason(curable: Site, call: Any) -> None:
    outcome = call("quarantine", "list")
    assert outcome.code == 0
    assert outcome.out.startswith(f"1  {TOPIC}  message: cannot be read: LookupError")
    (facts,) = call("quarantine", "list", "--json").lines
    assert (facts["id"], facts["message_id"], facts["topic"]) == (1, "m1", TOPIC)
    assert (facts["times"], facts["resolution"]) == (1, None)


@pytest.mark.usefixtures("site")
def test_an_empty_quarantine_is_told(call: Any) -> None:
    assert call("quarantine", "list").out == "nothing was put aside\n"
    assert call("quarantine", "list", "--json").lines == []
    assert call("quarantine", "replay", "--all").code == 0


def test_a_message_is_shown_as_it_came(curable: Site, call: Any) -> None:
    (facts,) = call("quarantine", "show", 1, "--json").lines
    assert facts["content"]["body"] == {"user": "boris"}
    assert facts["content"]["headers"] == GOOD
    shown = call("quarantine", "show", 1).out
    assert "topic: org.example.prod.wiki.edit" in shown
    assert '"user": "boris"' in shown


def test_what_is_no_text_is_shown_in_letters(hopeless: Site, call: Any) -> None:
    (facts,) = call("quarantine", "show", 1, "--json").lines
    assert facts["content"]["base64"] == "/3s="


def test_a_message_that_can_be_handled_now_is(curable: Site, call: Any) -> None:
    outcome = call("quarantine", "replay", 1)
    assert (outcome.code, outcome.out) == (0, "1: handled, awards: 1\n")
    assert archived(curable) == 1
    (row,) = rows(curable)
    assert row.resolution == "replayed, awards: 1"
    assert call("quarantine", "list", "--json").lines == []
    (facts,) = call("quarantine", "list", "--all", "--json").lines
    assert facts["resolution"] == "replayed, awards: 1"


def test_a_message_is_handled_once(curable: Site, call: Any) -> None:
    call("quarantine", "replay", 1)
    again = call("quarantine", "replay", 1, "--json")
    assert again.code == 1
    assert "resolved before" in again.lines[0]["error"]
    assert archived(curable) == 1


def test_a_message_that_still_cannot_be_handled_stays_with_the_reason(
    hopeless: Site, call: Any
) -> None:
    outcome = call("quarantine", "replay", "--all", "--json")
    assert outcome.code == 1
    (result,) = outcome.lines
    assert (result["id"], result["awards"]) == (1, 0)
    assert "not utf-8" in result["error"]
    (row,) = rows(hopeless)
    assert row.resolved_at is None


def test_a_message_that_was_kept_by_half_says_so(site: Site, call: Any) -> None:
    deliver(site, b"x" * (9 << 20))
    outcome = call("quarantine", "replay", 1)
    assert outcome.code == 1
    assert "was not kept whole" in outcome.out


def test_a_dropped_message_is_forgotten_and_remembered(hopeless: Site, call: Any) -> None:
    outcome = call("quarantine", "drop", 1)
    assert (outcome.code, outcome.out) == (0, "1 dropped\n")
    (row,) = rows(hopeless)
    assert (row.content, row.resolution) == ("null", "dropped")
    assert call("quarantine", "drop", "--all").out == "0 dropped\n"


def test_a_message_that_comes_again_is_open_again(hopeless: Site, call: Any) -> None:
    call("quarantine", "drop", 1)
    deliver(hopeless, b"\xff{", message_id="m2")
    (row,) = rows(hopeless)
    assert (row.times, row.resolution, row.resolved_at) == (2, None, None)
    assert json.loads(row.content)["base64"] == "/3s="


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("command", ["replay", "drop"])
def test_wrong_use_is_told(call: Any, command: str) -> None:
    for arguments in ((), (1, "--all")):
        outcome = call("quarantine", command, *arguments)
        assert outcome.code == 2
        assert "--all" in outcome.error
    for number in (7, 0, 1 << 70):
        outcome = call("quarantine", command, number)
        assert outcome.code == 2
        assert "there is none" in outcome.error


@pytest.mark.usefixtures("site")
def test_a_number_that_is_none_is_told(call: Any) -> None:
    assert "there is none" in call("quarantine", "show", 5).error
