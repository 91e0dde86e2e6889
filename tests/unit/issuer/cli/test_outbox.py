# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.adapters.publishing import Publisher, bus_message
from issuer.cli import outbox as command
from issuer.errors import BrokerAwayError, MailAwayError
from issuer.models import OutboxMessage
from issuer.services import mailing, outbox
from tests.issuing import NOW

if TYPE_CHECKING:
    from issuer.adapters.mail import Mail
    from issuer.site import Site


class FakePublisher(Publisher):
    """Takes what fits its schema, while the broker is there."""

    is_away = False
    sent: list[str]

    def publish(self, **what: Any) -> None:
        if self.is_away:
            raise BrokerAwayError("broker: refused")
        bus_message(**what)
        self.sent.append(what["topic"])


@pytest.fixture(autouse=True)
def publisher(monkeypatch: pytest.MonkeyPatch) -> type[FakePublisher]:
    FakePublisher.is_away, FakePublisher.sent = False, []
    monkeypatch.setattr(command, "Publisher", FakePublisher)
    monkeypatch.setattr(command, "load_bus_configuration", lambda: None)
    return FakePublisher


@pytest.fixture
def spoilt(site: Site) -> Site:
    """Return a site with a message that fits no schema behind two that do."""
    with site.database.writing() as session:
        outbox.announce(session, outbox.AWARD_TOPIC, {}, stream="asha", now=NOW)
    return site


def rows(site: Site) -> list[OutboxMessage]:
    with site.database.reading() as session:
        found = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        session.expunge_all()
        return found


def test_what_waits_is_sent(site: Site, call: Any, publisher: type[FakePublisher]) -> None:
    outcome = call("outbox", "send")
    assert (outcome.code, outcome.out) == (0, "2 sent, 0 refused, 0 delayed\n")
    assert publisher.sent == [outbox.AWARD_TOPIC, outbox.RANK_TOPIC]
    assert call("outbox", "list").out == "everything is sent\n"
    assert call("outbox", "list", "--json").lines == []


def test_what_can_never_be_sent_is_told_and_shown(spoilt: Site, call: Any) -> None:
    outcome = call("outbox", "send", "--json")
    assert outcome.code == 1
    assert '{"sent": 2, "refused": 1, "delayed": 0}' in outcome.out
    (facts,) = call("outbox", "list", "--refused", "--json").lines
    assert (facts["state"], facts["attempts"], facts["stream"]) == ("refused", 1, "asha")
    assert "required property" in facts["error"]
    assert "refused" in call("outbox", "list").out


def test_a_refused_message_can_be_tried_again(spoilt: Site, call: Any) -> None:
    call("outbox", "send")
    outcome = call("outbox", "retry", 3)
    assert (outcome.code, outcome.out) == (0, "1 to be tried again\n")
    assert call("outbox", "send", "--json").code == 1
    assert rows(spoilt)[2].attempts == 2
    assert call("outbox", "retry", "--all").out == "1 to be tried again\n"


def test_what_is_not_refused_is_not_tried_again(site: Site, call: Any) -> None:
    outcome = call("outbox", "retry", 10**20)
    assert (outcome.code, outcome.err) == (1, f"message {10**20}: is not refused or delayed\n")
    outcome = call("outbox", "retry", 1, 99)
    assert outcome.code == 1
    assert "message 99: is not refused" in outcome.err
    assert call("outbox", "retry").code == 2


def test_a_broker_that_is_away_leaves_everything(
    site: Site, call: Any, publisher: type[FakePublisher]
) -> None:
    publisher.is_away = True
    outcome = call("outbox", "send")
    assert outcome.code == 2
    assert outcome.error == "broker: refused"
    assert [row.sent_at for row in rows(site)] == [None, None]
    states = [facts["state"] for facts in call("outbox", "list", "--json").lines]
    assert states == ["waiting", "waiting"]


class FakeMailer:
    """Takes letters while the mail server is there."""

    def __init__(self, _settings: object) -> None:
        pass

    def send(self, mail: Mail) -> None:
        if mail.to.startswith("away"):
            raise MailAwayError("mail server: refused")


def test_letters_that_wait_are_sent(site: Site, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no mail server" in call("outbox", "mail").error
    monkeypatch.setenv("ACCOLADES_MAIL_HOST", "mail.example")
    monkeypatch.setattr(command, "SmtpMailer", FakeMailer)
    now = datetime.now(UTC)
    for to, code, out in (
        ("asha@x.example", 0, {"sent": 1, "waiting": 0}),
        ("away@x.example", 1, {"sent": 0, "waiting": 1}),
    ):
        with site.database.writing() as session:
            mailing.queue(session, to, "s", "t", topic="t", stream="letters-1", now=now)
        outcome = call("outbox", "mail", "--json")
        assert (outcome.code, json.loads(outcome.out)) == (code, out)
