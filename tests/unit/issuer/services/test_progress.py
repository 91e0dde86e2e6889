# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import Counter, Rule
from issuer.services import progress
from tests.issuing import NOW
from tests.unit.issuer.services.test_processing import EDIT, awarded, feed, load, message
from tests.unit.issuer.web.seeds import Seeds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

LARGE = (
    EDIT + "previous:\n  filter: {users: [recipient]}\n"
    "  operation: {lambda: 'len([row for row in results if row.msg[\"size\"] > 10])'}\n"
    "condition: {greater than or equal to: %s}\n"
)


@pytest.fixture
def seeds(session: Session) -> Seeds:
    return Seeds(session)


def test_the_nearest_badges_are_those_whose_own_counter_is_far(
    session: Session, seeds: Seeds
) -> None:
    asha = seeds.person("asha")
    #: name, ending of the topic, threshold
    for name, topic, threshold in (
        ("tests-25", "update.comment", 25),
        ("tests-10", "update.comment", 10),
        ("tests-50", "update.comment", 50),
        ("edits-100", "wiki.edit", 100),
        ("builds-4", "build.done", 4),
        ("held", "build.done", 9),
        ("asleep", "build.done", 5),
    ):
        badge = seeds.badge(name)
        moments = {"created_at": NOW, "updated_at": NOW}
        rule = Rule(
            slug=name, badge=badge, asks="same", threshold=threshold, topic=topic, **moments
        )
        rule.active = name != "asleep"
        session.add(rule)
        if name == "held":
            seeds.award(badge, asha)
    for topic, value in (("org.update.comment", 12), ("org.wiki.edit", 40), ("org.build.done", 3)):
        facts = {"topics": [topic], "agents": ["asha"]}
        key = f"asha {topic}"
        session.add(
            Counter(
                key=key, filter="same", person_key="asha", facts=facts, value=value, updated_at=NOW
            )
        )
    session.flush()
    found = [
        (way.badge.slug, way.value, way.threshold) for way in progress.nearest(session, "asha", 3)
    ]
    assert found == [("builds-4", 3, 4), ("tests-25", 12, 25), ("edits-100", 40, 100)]
    assert progress.nearest(session, "nobody", 3) == ()


def ways(session: Session, key: str) -> list[tuple[str, int, int]]:
    return [(way.badge.slug, way.value, way.threshold) for way in progress.nearest(session, key, 3)]


def test_what_an_operation_made_of_rows_is_remembered_as_it_was_last(
    session: Session, site: Site
) -> None:
    load(session, site, LARGE % 2, LARGE % 3, LARGE % 9)
    assert ways(session, "asha") == []
    for number, size in enumerate((20, 5), 1):
        feed(session, message(number, size=size))
        assert ways(session, "asha") == [("badge-1", 1, 2)]
    assert awarded(feed(session, message(3, size=30))) == [("badge-1", "asha")]
    assert ways(session, "asha") == [("badge-2", 2, 3)]
    # All levels share one value, and nothing advances it behind the rule's back.
    assert session.scalars(select(Counter.value)).all() == [2]
    feed(session, message(4, topic="org.example.prod.wiki.other", size=30))
    assert ways(session, "asha") == [("badge-2", 2, 3)]


@pytest.mark.parametrize(
    "text",
    [
        LARGE.replace("{users: [recipient]}", "{users: [recipient], start: 'message.sent_at'}") % 2,
        LARGE.replace("greater than or equal to: %s", "lambda: 'value == 7'"),
        LARGE.replace("greater than or equal to: %s", "less than: 0"),
    ],
    ids=["moving", "lambda", "less"],
)
def test_where_no_number_is_to_be_reached_nobody_is_on_the_way(
    session: Session, site: Site, text: str
) -> None:
    load(session, site, text)
    feed(session, message(1, size=20))
    assert ways(session, "asha") == []


def test_values_of_rules_that_are_no_more_are_forgotten(session: Session, site: Site) -> None:
    load(session, site, LARGE % 5)
    feed(session, message(1, size=20))
    assert ways(session, "asha") == [("badge-1", 1, 5)]
    load(session, site, EDIT)
    assert ways(session, "asha") == []
