# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from issuer.models import JobRun, Rule
from issuer.services import awards, dashboards, exports, outbox, persons, quarantine
from issuer.services.permissions import Right
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def test_each_box_tells_what_there_is(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    for name, days in (("asha", 0), ("boris", 0), ("chen", 40), ("dora", 900)):
        give(session, badge, name, issued_at=NOW - timedelta(days=days))
    awards.revoke(session, give(session, badge, "boris").award, "by mistake", now=NOW)
    for slug, active, failures in (("broken", True, 3), ("off", False, 9), ("sound", True, 0)):
        values = {"created_at": NOW, "updated_at": NOW, "last_failure_at": NOW}
        session.add(Rule(slug=slug, badge_id=badge.id, active=active, failures=failures, **values))
    quarantine.put(session, message_id="m", topic="t", content={}, reason="no", now=NOW)
    outbox.announce(session, "badges.x", {}, stream="x", now=NOW).refused_at = NOW
    session.add(JobRun(name="mirror", started_at=NOW))
    asha = persons.find(session, "asha")
    asked = {"planned": 1, "address": None, "with_certificates": False, "words": {}}
    exports.ask(session, asha, **asked, now=NOW)
    session.flush()
    board = dashboards.dashboard(session, set(Right), now=NOW)
    assert board.awards == dashboards.Awards(1, ((date(2026, 1, 1), 1), (date(2026, 3, 1), 1)))
    assert [rule.name for rule in board.failing or ()] == ["broken"]
    assert board.traffic is not None
    assert (board.traffic.quarantined, board.traffic.backlog.refused) == (1, 1)
    assert [run.name for run in board.traffic.jobs] == ["mirror"]
    assert (board.traffic.exports.waiting, board.traffic.pushes.waiting) == (1, 0)
    assert not board.traffic.exports.is_late(NOW + dashboards.LATE)
    assert board.traffic.exports.is_late(NOW + dashboards.LATE + timedelta(seconds=1))
    assert not board.traffic.pushes.is_late(NOW + timedelta(days=9))
    assert [key.valid_from for key in board.keys or ()] == [NOW]


def test_nobody_is_told_more_than_they_may_know(session: Session, site: Site) -> None:
    make_badge(session, site)
    assert dashboards.dashboard(session, set(), now=NOW) == dashboards.Dashboard()
    board = dashboards.dashboard(session, {Right.AWARD}, now=NOW)
    assert board == dashboards.Dashboard(awards=dashboards.Awards(0, ()))
