# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that admins send through the archive, and the page that says how far it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer import pacing
from issuer.filling import Backfiller
from issuer.models import Backfill
from issuer.services import backfills, sweeping
from issuer.services.tasks import Task
from tests.unit.issuer.admin.rule_pages import (
    HERE,
    NOW,
    TWICE,
    arrive,
    audited,
    awarded,
    message,
    save,
    text_of,
)

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

PAGE = f"{HERE}/backfill"


@pytest.fixture
def ruled(site: Site, boris: Browser) -> Site:
    """A site whose rule came after its messages: chen and ella earned the badge by two each."""
    site.database.on_left = lambda _tasks: None  # the test is the worker
    names = ("chen", "ella", "chen", "ella", "dora")
    arrive(site, *(message(number, name) for number, name in enumerate(names, start=1)))
    save(boris, text_of(TWICE))
    assert boris.post(f"{HERE}/revisions/1/activate").status_code == 303
    return site


def backfill_of(site: Site) -> Backfill:
    with site.database.reading() as session:
        found = session.scalars(select(Backfill).order_by(Backfill.id.desc())).first()
        assert found is not None
        session.expunge_all()
        return found


@pytest.mark.slow
def test_who_earned_it_before_gets_it_behind_the_scenes(ruled: Site, boris: Browser) -> None:
    assert PAGE in boris.get(HERE).text
    page = boris.follow(boris.post(PAGE))
    assert "It is on its way." in page
    assert 'data-progress="2"' in page
    assert awarded(ruled) == set()
    assert boris.post(PAGE).status_code == 303  # it is begun already
    with ruled.database.reading() as session:
        assert len(session.scalars(select(Backfill)).all()) == 1
        assert sweeping.due(session, now=backfill_of(ruled).created_at) == [Task.BACKFILL]
    assert Backfiller(ruled).backfill()
    assert not Backfiller(ruled).backfill()
    assert awarded(ruled) == {"chen", "ella"}
    page = boris.get(PAGE).text
    assert "It is done." in page
    assert "2 awards" in page
    assert "data-progress" not in page
    assert audited(ruled)[-1] == "rule.backfill"
    boris.post(PAGE)
    assert Backfiller(ruled).backfill()
    assert (backfill_of(ruled).awarded, backfill_of(ruled).reason) == (0, None)


def test_only_what_was_earned_since_a_day_counts(ruled: Site, boris: Browser) -> None:
    day = (NOW + timedelta(days=1)).date()
    assert boris.post(PAGE, since=day.isoformat()).status_code == 303
    assert Backfiller(ruled).backfill()
    assert (awarded(ruled), backfill_of(ruled).awarded) == (set(), 0)
    refused = boris.post(PAGE, since="yesterday")
    assert refused.status_code == 422
    assert "Nothing was changed." in refused.text


def test_a_rule_that_is_not_in_force_is_not_sent_through(ruled: Site, boris: Browser) -> None:
    assert boris.post(PAGE).status_code == 303
    boris.post(f"{HERE}/deactivate")
    refused = boris.post(PAGE)
    assert refused.status_code == 422
    assert "is not in force: activate it first" in refused.text


def test_it_ends_when_it_has_to_and_says_why(
    ruled: Site, boris: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    boris.post(PAGE)
    assert Backfiller(ruled, is_stopped=lambda: True).backfill()
    kept = backfill_of(ruled)
    assert (kept.attempts, kept.finished_at) == (0, None)
    assert kept.due_at is not None
    moments = iter([0.0, *[pacing.LONGEST + 1] * 9])
    assert Backfiller(ruled, seconds=lambda: next(moments)).backfill()
    assert backfill_of(ruled).reason == backfills.TOO_LONG
    assert "accolades backfill first-steps" in boris.get(PAGE).text

    boris.post(PAGE)
    with monkeypatch.context() as patch:
        patch.setattr(backfills, "note", lambda *_, **__: False)
        assert Backfiller(ruled).backfill()  # another took it over
    assert backfill_of(ruled).finished_at is None
    with ruled.database.writing() as session:
        session.execute(Backfill.__table__.update().values(due_at=NOW, attempts=3))
        assert backfills.take(session, now=NOW) is None
    assert "died over it" in boris.get(PAGE).text
    assert awarded(ruled) == set()


def test_a_rule_that_is_gone_is_told(ruled: Site, boris: Browser) -> None:
    boris.post(PAGE)
    with ruled.database.writing() as session:
        session.execute(Backfill.__table__.update().values(slug="gone"))
    assert Backfiller(ruled).backfill()
    assert backfill_of(ruled).reason == "rule gone: is no file and no rule of the site"
