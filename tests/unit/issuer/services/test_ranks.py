# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pika import BasicProperties
from sqlalchemy import select
from tahrir_messages import PersonRankAdvanceV1

from issuer.models import OutboxMessage
from issuer.services import awards, outbox
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def ranks(session: Session) -> list[tuple[str, int | None, int]]:
    """Return who got which rank after which, in order."""
    session.flush()
    found = session.scalars(
        select(OutboxMessage.body).filter_by(topic=outbox.RANK_TOPIC).order_by(OutboxMessage.id)
    )
    return [(b["person"]["nickname"], b["old_rank"], b["person"]["rank"]) for b in found]


def test_a_first_badge_gives_a_first_rank(session: Session, site: Site) -> None:
    give(session, make_badge(session, site), "asha")
    assert ranks(session) == [("asha", None, 1)]


def test_the_rank_follows_each_award_also_where_it_stays(session: Session, site: Site) -> None:
    first, second = make_badge(session, site, "One"), make_badge(session, site, "Two")
    give(session, first, "asha")
    give(session, second, "asha")
    assert ranks(session) == [("asha", None, 1), ("asha", 1, 1)]


def test_people_with_as_many_badges_share_a_rank_and_the_next_one_is_left_out(
    session: Session, site: Site
) -> None:
    one, two, three = (make_badge(session, site, name) for name in ("One", "Two", "Three"))
    for badge, people in ((one, "abcd"), (two, "ab"), (three, "a")):
        for person in people:
            give(session, badge, person)
    give(session, two, "d")
    give(session, three, "d")
    assert ranks(session)[-2:] == [("d", 3, 2), ("d", 2, 1)]
    give(session, three, "b")
    assert ranks(session)[-1] == ("b", 3, 1)


def test_the_year_of_an_award_does_not_matter(session: Session, site: Site) -> None:
    one, two = make_badge(session, site, "One"), make_badge(session, site, "Two")
    give(session, one, "asha", issued_at=NOW - timedelta(days=900))
    give(session, two, "asha")
    give(session, one, "boris")
    assert ranks(session)[-1] == ("boris", None, 2)


def test_the_same_award_again_announces_no_rank(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    for _ in range(2):
        give(session, badge, "asha")
    assert len(ranks(session)) == 1


def test_a_revocation_announces_no_rank(session: Session, site: Site) -> None:
    given = give(session, make_badge(session, site), "asha").award
    awards.revoke(session, given, "by mistake", now=NOW)
    assert len(ranks(session)) == 1


def test_the_message_is_one_of_tahrir_with_an_empty_address(session: Session, site: Site) -> None:
    given = give(session, make_badge(session, site), "Asha").award
    given.person.email = "asha@example.org"
    session.flush()
    message = session.scalars(select(OutboxMessage).filter_by(topic=outbox.RANK_TOPIC)).one()
    properties = BasicProperties(message_id="m", headers={})
    sent: Any = PersonRankAdvanceV1(body=message.body, topic=message.topic, properties=properties)
    sent.validate()
    assert sent.usernames == ["Asha"]
    assert message.body["person"]["email"] == ""
    assert message.stream == "asha"
