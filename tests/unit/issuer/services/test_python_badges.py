# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.pictures import read_picture
from issuer.errors import InvalidInputError
from issuer.models import Award, Badge, Milestone, PendingDecision, PythonBadgeState
from issuer.services import awards, events, persons, python_badges
from issuer.services.processing import Policy, Processed
from rules.plugins import collect
from tests.issuing import NOW, RED, give, make_badge, make_issuer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


class Talker:
    slug = "talker"
    levels = (("Speaks", "Said something."), ("Orator", "Said ten things."))
    events = ("talk.held",)

    def award(self, state: dict[str, Any]) -> int | None:
        return {1: 1, 10: 2}.get(state["talks"])


class Again(Talker):
    slug = "again"
    levels = ("Again",)
    multiple = True

    def award(self, state: dict[str, Any]) -> int | None:
        return 1


class Later(Talker):
    slug = "later"
    levels = ("Later",)
    background = True

    def freeze(self, state: dict[str, Any]) -> dict[str, Any]:
        return {"talks": state["talks"]}


class Counting(Talker):
    slug = "counting"
    levels = ("Counting",)

    def award(self, state: dict[str, Any]) -> int | None:
        return (
            1 if state["history"].count(users=state["user"], topics=[state["event"]]) >= 2 else None
        )


class Broken(Talker):
    slug = "broken"
    levels = ("Broken",)

    def award(self, state: dict[str, Any]) -> int | None:
        return 1 // state["zero"]


class BrokenLater(Broken):
    slug = "broken-later"
    background = True


class Unkeepable(Later):
    slug = "unkeepable"

    def freeze(self, state: dict[str, Any]) -> dict[str, Any]:
        return state


def policy_of(*kinds: type) -> Policy:
    found = collect((kind.__name__, kind) for kind in kinds)
    assert found.problems == ()
    return Policy(
        accounts=OpenAccounts(),
        skip_users=frozenset({"bodhi"}),
        email_domain="example.org",
        plugins=found.badges,
    )


def load(session: Session, site: Site, *kinds: type) -> Policy:
    policy = policy_of(*kinds)
    picture = read_picture(RED, "red.svg")
    issuer = make_issuer(session, site)
    report = python_badges.sync(session, policy.plugins, issuer, site.objects, picture, now=NOW)
    assert report.problems == []
    return policy


def record(session: Session, policy: Policy, user: str = "asha", **state: Any) -> Processed:
    return events.record(session, "talk.held", user=user, policy=policy, now=NOW, **state)


def awarded(processed: Processed) -> list[tuple[str, str]]:
    return [(given.badge.slug, given.person.username) for given in processed.given]


def count(session: Session, table: type) -> int | None:
    return session.scalar(select(func.count()).select_from(table))


def test_each_level_is_a_badge_of_one_series(session: Session, site: Site) -> None:
    load(session, site, Talker)
    found = session.execute(
        select(Badge.slug, Badge.name, Milestone.position).join(Milestone).order_by(Badge.slug)
    ).all()
    assert [tuple(row) for row in found] == [("talker-1", "Speaks", 1), ("talker-2", "Orator", 2)]


def test_loading_twice_changes_nothing(session: Session, site: Site) -> None:
    policy = load(session, site, Talker)
    picture = read_picture(RED, "red.svg")
    again = python_badges.sync(
        session, policy.plugins, make_issuer(session, site), site.objects, picture, now=NOW
    )
    assert (again.added, again.changed) == ([], [])
    assert again.unchanged == ["talker-1", "talker-2"]


def test_a_badge_whose_slug_belongs_to_another_stops_no_other(session: Session, site: Site) -> None:
    make_badge(session, site, "Again", legacy_id="elsewhere")
    policy = policy_of(Again, Talker)
    report = python_badges.sync(
        session,
        policy.plugins,
        make_issuer(session, site),
        site.objects,
        read_picture(RED, "red.svg"),
        now=NOW,
    )
    assert report.added == ["talker-1", "talker-2"]
    assert "belongs to another" in report.problems[0]


def test_an_event_awards_the_level_that_the_class_gives(session: Session, site: Site) -> None:
    policy = load(session, site, Talker)
    assert awarded(record(session, policy, talks=1)) == [("talker-1", "asha")]
    assert awarded(record(session, policy, talks=2)) == []
    assert awarded(record(session, policy, talks=10)) == [("talker-2", "asha")]
    assert awarded(record(session, policy, talks=10)) == []


def test_an_explicit_time_is_the_time_of_the_award(session: Session, site: Site) -> None:
    policy = load(session, site, Talker)
    (given,) = record(session, policy, talks=1, at=NOW - timedelta(days=400)).given
    assert given.award.issued_at == NOW - timedelta(days=400)


def test_the_same_event_twice_changes_nothing(session: Session, site: Site) -> None:
    policy = load(session, site, Again)
    first = record(session, policy, talks=1, event_id="one")
    assert awarded(first) == [("again", "asha")]
    assert record(session, policy, talks=1, event_id="one").duplicate
    assert count(session, Award) == 1


def test_a_badge_for_many_times_is_given_for_each_event(session: Session, site: Site) -> None:
    policy = load(session, site, Again)
    for name in ("one", "two"):
        assert len(record(session, policy, talks=1, event_id=name).given) == 1


def test_a_class_may_count_what_happened_before(session: Session, site: Site) -> None:
    policy = load(session, site, Counting)
    assert awarded(record(session, policy)) == []
    assert awarded(record(session, policy, user="ben")) == []
    assert awarded(record(session, policy)) == [("counting", "asha")]


def test_only_known_names_can_be_counted_by(session: Session) -> None:
    history = python_badges.History(session, NOW)
    with pytest.raises(InvalidInputError, match="no 'colour' to count by"):
        history.count(colour=["red"])


def test_a_class_that_fails_is_counted_and_stops_no_other(session: Session, site: Site) -> None:
    policy = load(session, site, Broken, Talker)
    for talks in (1, 10):
        processed = record(session, policy, talks=talks, zero=0)
        assert len(processed.given) == 1
        assert [slug for slug, _ in processed.failures] == ["broken"]
    state = session.get_one(PythonBadgeState, "broken")
    assert state.failures == 2
    assert "ZeroDivisionError" in (state.last_failure or "")


def test_a_service_gets_nothing(session: Session, site: Site) -> None:
    policy = load(session, site, Again)
    assert record(session, policy, user="bodhi").given == []


def test_whoever_wants_no_badges_gets_none(session: Session, site: Site) -> None:
    policy = load(session, site, Again)
    persons.ensure(session, "asha", now=NOW).opted_out = True
    processed = record(session, policy)
    assert processed.given == []
    assert ("asha", "opted out") in processed.dropped


def test_a_revoked_badge_is_not_given_again_by_a_class(session: Session, site: Site) -> None:
    policy = load(session, site, Talker)
    (given,) = record(session, policy, talks=1).given
    awards.revoke(session, given.award, "by mistake", now=NOW)
    assert record(session, policy, talks=1).given == []


def test_a_decision_for_later_sees_the_state_of_the_event(session: Session, site: Site) -> None:
    policy = load(session, site, Later)
    moment = NOW - timedelta(days=3)
    assert record(session, policy, talks=1, at=moment, event_id="one").given == []
    assert count(session, PendingDecision) == 1
    assert python_badges.run_pending(session, policy, now=NOW) == 1
    assert count(session, PendingDecision) == 0
    award = session.scalars(select(Award)).one()
    assert (award.issued_at, award.cause_id, award.badge.slug) == (moment, "one", "later")


def test_a_decision_is_kept_once(session: Session, site: Site) -> None:
    policy = load(session, site, Later)
    for _ in range(2):
        record(session, policy, talks=1, event_id="one")
    assert count(session, PendingDecision) == 1


def test_a_decision_against_it_is_a_decision(session: Session, site: Site) -> None:
    policy = load(session, site, Later)
    record(session, policy, talks=5)
    assert python_badges.run_pending(session, policy, now=NOW) == 1
    assert count(session, PendingDecision) == 0
    assert count(session, Award) == 0


def test_a_decision_that_fails_is_tried_again_later_and_not_for_ever(
    session: Session, site: Site
) -> None:
    policy = load(session, site, BrokenLater)
    record(session, policy, talks=1, zero=0)
    now = NOW
    for attempt in range(1, python_badges.MAX_ATTEMPTS + 1):
        assert python_badges.run_pending(session, policy, now=now) == 1
        assert python_badges.run_pending(session, policy, now=now) == 0
        now += timedelta(days=1)
        assert session.scalars(select(PendingDecision)).one().attempts == attempt
    assert python_badges.run_pending(session, policy, now=now + timedelta(days=9000)) == 0
    kept = session.scalars(select(PendingDecision)).one()
    assert "ZeroDivisionError" in (kept.last_error or "")


def test_what_cannot_be_kept_is_a_failure(session: Session, site: Site) -> None:
    policy = load(session, site, Unkeepable)
    processed = record(session, policy, talks=1)
    assert [slug for slug, _ in processed.failures] == ["unkeepable"]
    assert count(session, PendingDecision) == 0


def test_a_decision_of_a_badge_that_is_not_installed_waits(session: Session, site: Site) -> None:
    policy = load(session, site, Later)
    record(session, policy, talks=1)
    assert python_badges.run_pending(session, replace(policy, plugins=()), now=NOW) == 0
    assert count(session, PendingDecision) == 1


def test_who_has_the_badge_by_hand_does_not_get_it_again(session: Session, site: Site) -> None:
    policy = load(session, site, Talker)
    badge = session.scalars(select(Badge).filter_by(slug="talker-1")).one()
    give(session, badge, "asha")
    processed = record(session, policy, talks=1)
    assert processed.given == []
    assert ("asha", "has the badge") in processed.dropped


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"event": "no such thing"}, "must be like"),
        ({"user": "no such user"}, "no account name"),
        ({"event_id": ""}, "its id needs"),
        ({"event_id": "x" * 300}, "its id needs"),
        ({"event_id": "a\nb"}, "its id needs"),
        ({"at": NOW + timedelta(seconds=1)}, "must not be later"),
        ({"at": NOW.replace(tzinfo=None)}, "needs a zone"),
        ({"thing": object()}, "not JSON"),
        ({"thing": float("nan")}, "not JSON"),
        ({"thing": "\0"}, "holds NUL"),
        ({"thing": "x" * 70_000}, "over"),
    ],
    ids=[
        "event",
        "user",
        "no-id",
        "long-id",
        "lines",
        "later",
        "no-zone",
        "object",
        "nan",
        "nul",
        "large",
    ],
)
def test_an_event_that_cannot_be_told_says_why(
    session: Session, arguments: dict[str, Any], reason: str
) -> None:
    values = {"event": "talk.held", "user": "asha", "policy": policy_of(), "now": NOW, **arguments}
    with pytest.raises(InvalidInputError, match=reason):
        events.record(session, **values)
