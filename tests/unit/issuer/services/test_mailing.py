# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import MailAwayError, MailRefusedError
from issuer.models import OutboxMessage
from issuer.posting import post
from issuer.services import mailing, outbox
from tests.issuing import NOW

if TYPE_CHECKING:
    from issuer.adapters.mail import Mail
    from issuer.site import Site


class Box:
    """Takes letters, or fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[str] = []

    def send(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(mail.to)


def write(site: Site, *names: str) -> None:
    with site.database.writing() as session:
        for name in names:
            mailing.queue(session, name, "Hello", "text", topic="t", stream="letters-1", now=NOW)
        outbox.announce(session, "badges.x", {}, stream="asha", now=NOW)


def kept(site: Site) -> list[tuple[str, int]]:
    with site.database.reading() as session:
        found = session.scalars(select(OutboxMessage).filter_by(kind="e-mail")).all()
        return [(each.body["to"], each.attempts) for each in found]


def test_letters_that_were_sent_are_forgotten_and_messages_stay(site: Site) -> None:
    write(site, "a@x.example", "b@x.example")
    box = Box()
    assert post(site, box, now=NOW) == 2
    assert box.taken == ["a@x.example", "b@x.example"]
    assert kept(site) == []
    assert post(site, box, now=NOW) == 0
    with site.database.reading() as session:
        assert outbox.backlog(session).waiting == 1
        assert mailing.waiting(session) == 0


def test_letters_are_not_seen_by_who_sends_messages(site: Site) -> None:
    write(site, "a@x.example")
    with site.database.writing() as session:
        assert [each.kind for each in outbox.next_batch(session, now=NOW)] == ["message"]
        assert outbox.backlog(session).waiting == 1


def test_while_the_server_is_away_letters_stay_and_are_tried_later(site: Site) -> None:
    write(site, "a@x.example", "b@x.example")
    with pytest.raises(MailAwayError):
        post(site, Box(MailAwayError("away")), now=NOW)
    assert kept(site) == [("a@x.example", 1), ("b@x.example", 1)]
    assert post(site, Box(), now=NOW) == 0
    assert post(site, Box(), now=NOW + timedelta(seconds=5)) == 2


def test_a_letter_that_can_never_be_sent_holds_up_no_other(site: Site) -> None:
    write(site, "bad@x.example", "good@x.example")
    box = Box(MailRefusedError("no such person"))
    assert post(site, box, now=NOW) == 1
    assert (box.taken, kept(site)) == (["good@x.example"], [])


def test_whoever_took_a_letter_has_it_alone_until_the_lease_ends(site: Site) -> None:
    write(site, "a@x.example")
    with site.database.writing() as session:
        assert len(mailing.take(session, now=NOW)) == 1
    assert post(site, Box(), now=NOW) == 0  # the other died meanwhile
    assert post(site, Box(), now=NOW + mailing.LEASE) == 1


def test_a_letter_that_nobody_took_for_a_day_is_dropped(site: Site) -> None:
    write(site, "a@x.example")
    assert post(site, Box(), now=NOW + mailing.KEPT + timedelta(seconds=1)) == 0
    assert kept(site) == []
