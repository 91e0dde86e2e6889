# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.adapters.pictures import read_picture
from issuer.errors import ConflictError, ForbiddenError
from issuer.models import Badge, Grant, Invitation, RankHistogram, Rule, RuleRevision, Total
from issuer.services import (
    badge_editing,
    badge_lists,
    badges,
    collections,
    editions,
    milestones,
    persons,
    recounting,
    tags,
)
from issuer.services.permissions import Actor, Role
from tests.issuing import BLUE, NOW, RED, facts, give, make_badge, make_issuer, make_rule

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Milestone
    from issuer.site import Site

ROOT = Actor(username="root", roles=frozenset({Role.ADMIN}))
OTTO = Actor(username="otto", roles=frozenset({Role.MANAGER}), issuers=frozenset({"another"}))
LATER = NOW + timedelta(days=1)
EARN = """\
tags: [docs]
points: 2
trigger: {topic: a.b}
series: {slug: row, name: Row, level: 1}
"""


def change(
    session: Session, site: Site, badge: Badge, picture: bytes = b"", **changes: Any
) -> set[str]:
    kept = ("name", "points", "author", "discussion_url")
    wanted = facts(**{name: getattr(badge, name) for name in kept} | changes)
    drawing = read_picture(picture, "x.svg") if picture else None
    return badge_editing.change(session, ROOT, badge, wanted, drawing, site.objects, now=LATER)


def sync(session: Session, site: Site, text: str = EARN) -> collections.SyncReport:
    issuer = make_issuer(session, site)
    rule = make_rule(text)
    placeholder = read_picture(RED, "x.svg")
    return collections.sync(session, [rule], issuer, site.objects, placeholder, now=LATER)


def place(session: Session, badge: Badge) -> tuple[str, int] | None:
    found: Milestone | None = milestones.of(session, badge)
    return (found.series.slug, found.position) if found else None


def test_what_is_written_on_the_site_outlasts_the_rule_file(session: Session, site: Site) -> None:
    sync(session, site)
    badge = badges.find(session, "first-steps")
    assert badge.by_hand == []
    changed = change(session, site, badge, BLUE, name="Frist Steps", tags=("docs",), series=None)
    assert changed == {"name", "picture", "series"}
    drawing = badge.svg_id
    report = sync(session, site, EARN.replace("points: 2", "points: 7"))
    assert (report.changed, report.problems) == (["first-steps"], [])
    assert (badge.name, badge.svg_id, badge.points) == ("Frist Steps", drawing, 7)
    assert place(session, badge) is None
    told = badge_lists.described(session, badge)
    assert told is not None
    assert (told.source, set(told.differing)) == ("test.yml", {"name", "series"})
    assert badge_editing.release(session, ROOT, badge, now=LATER)
    sync(session, site)
    assert (badge.name, place(session, badge)) == ("First Steps", ("row", 1))


def test_a_picture_outlasts_a_file_that_has_none(session: Session, site: Site) -> None:
    sync(session, site)
    badge = badges.find(session, "first-steps")
    change(session, site, badge, BLUE)
    drawing = badge.svg_id
    badge_editing.release(session, ROOT, badge, now=LATER)
    sync(session, site)
    assert badge.svg_id == drawing


def test_a_badge_made_by_hand_is_described_by_no_file(session: Session, site: Site) -> None:
    issuer = make_issuer(session, site)
    made = badge_editing.create(
        session, ROOT, issuer, facts(), read_picture(BLUE, "x.svg"), site.objects, now=NOW
    )
    number = editions.newest(session, made)
    report = sync(session, site)
    assert report.added == ["first-steps"]  # the rule alone
    assert (made.points, place(session, made), made.tags) == (1, None, [])
    assert editions.newest(session, made) is number


def test_a_level_that_somebody_asks_for_and_another_has_is_refused(
    session: Session, site: Site
) -> None:
    """A badge never stands elsewhere than was asked for, as if that had been said."""
    make_badge(session, site, "Taken", series=("row", "Row", 1)).by_hand = ["series"]
    own = make_badge(session, site, "Own", series=("row", "Row", 2))
    for badge in (own, make_badge(session, site, "Third")):
        with pytest.raises(ConflictError, match="level 1 of series 'row' belongs to 'taken'"):
            change(session, site, badge, series=("row", "Row", 1))
    new = facts("Fourth", series=("row", "Row", 2))
    drawing = read_picture(RED, "x.svg")
    with pytest.raises(ConflictError, match="belongs to 'own'"):
        badge_editing.create(session, ROOT, own.issuer, new, drawing, site.objects, now=LATER)


def test_who_comes_to_a_series_ordered_by_hand_stands_at_its_end(
    session: Session, site: Site
) -> None:
    taken = make_badge(session, site, "Taken", series=("row", "Row", 1))
    taken.by_hand = ["series"]
    for _ in range(2):
        report = sync(session, site)
        assert report.problems == []
        assert place(session, badges.find(session, "first-steps")) == ("row", 2)


def test_points_of_holders_follow_what_a_badge_is_worth(session: Session, site: Site) -> None:
    badge, other = make_badge(session, site, points=2), make_badge(session, site, "Other")
    for number, name in enumerate(("asha", "boris", "ines", "gone")):
        give(session, badge, name, issued_at=NOW - timedelta(days=40 * number))
    give(session, other, "asha")
    persons.find(session, "gone").opted_out = True
    session.flush()
    recounting.recount(session)
    for points in (5, 0, 3):
        change(session, site, badge, points=points)
        kept = _kept(session)
        recounting.recount(session)
        assert kept == _kept(session)


def _kept(session: Session) -> tuple[list[Any], list[Any]]:
    totals = select(Total.person_id, Total.period, Total.starts_on, Total.badges, Total.points)
    ranks = select(
        RankHistogram.measure,
        RankHistogram.period,
        RankHistogram.starts_on,
        RankHistogram.total,
        RankHistogram.people,
    ).where(RankHistogram.people != 0)
    return tuple(sorted(tuple(row) for row in session.execute(part)) for part in (totals, ranks))


def test_a_badge_that_nobody_got_goes_with_all_that_hangs_on_it(
    session: Session, site: Site
) -> None:
    badge = make_badge(session, site, tags=("x",), series=("row", "Row", 1))
    dora = persons.ensure(session, "dora", now=NOW)
    session.add(Grant(badge_id=badge.id, person_id=dora.id, created_at=NOW))
    session.add(Invitation(token=str(badge.id), badge_id=badge.id, created_at=NOW))
    session.flush()
    assert badge_lists.goes_along(session, badge) == {"grants": 1, "invitations": 1}
    badge_editing.delete(session, ROOT, badge, now=NOW)
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Badge)) == 0
    make_badge(session, site)  # its name is free again


@pytest.mark.parametrize("reason", ["somebody got it", "a rule awards it"])
def test_a_badge_that_means_something_is_kept(session: Session, site: Site, reason: str) -> None:
    badge = make_badge(session, site)
    if "rule" in reason:
        rule = Rule(slug="first-steps", badge=badge, created_at=NOW, updated_at=NOW)
        rule.revisions = [RuleRevision(number=1, text="", fingerprint="", created_at=NOW)]
        session.add(rule)
    else:
        give(session, badge, "asha").award.revoked_at = NOW
    session.flush()
    with pytest.raises(ConflictError, match=reason):
        badge_editing.delete(session, ROOT, badge, now=NOW)


def test_each_change_asks_for_the_right(session: Session, site: Site) -> None:
    badge = make_badge(session, site, tags=("docs",))
    objects, tag = site.objects, tags.find(session, "docs")
    for attempt in (
        lambda: badge_editing.create(
            session, OTTO, badge.issuer, facts("New"), None, objects, now=NOW
        ),
        lambda: badge_editing.change(session, OTTO, badge, facts(), None, objects, now=NOW),
        lambda: badge_editing.retire(session, OTTO, badge, now=NOW),
        lambda: badge_editing.unretire(session, OTTO, badge, now=NOW),
        lambda: badge_editing.release(session, OTTO, badge, now=NOW),
        lambda: badge_editing.delete(session, OTTO, badge, now=NOW),
        lambda: tags.rename(session, OTTO, tag, "x", now=NOW),
    ):
        with pytest.raises(ForbiddenError):
            attempt()


def test_the_history_tells_what_each_edition_changed(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    give(session, badge, "asha")
    change(session, site, badge, BLUE, tags=("docs",))
    give(session, badge, "boris")
    give(session, badge, "ines")
    change(session, site, badge, description="Other.", tags=("docs",))
    told = [
        (past.edition.number, past.changed, past.assertions)
        for past in editions.history(session, badge)
    ]
    assert told == [(3, ("criteria", "description"), 0), (2, ("image", "tags"), 2), (1, (), 1)]


def test_the_slug_and_the_old_id_stay_with_the_first_name(session: Session, site: Site) -> None:
    badge = make_badge(session, site, legacy_id="first,-steps")
    wanted = replace(facts("Other Name"), legacy_id="other")
    badge_editing.change(session, ROOT, badge, wanted, None, site.objects, now=LATER)
    assert (badge.name, badge.slug, badge.legacy_id) == (
        "Other Name",
        "first-steps",
        "first,-steps",
    )
