# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.db import Database
from issuer.errors import InvalidInputError
from issuer.models import AuditEntry, Setting
from issuer.services import live
from issuer.services.live import Remembered
from issuer.services.permissions import Actor
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

ROOT = Actor(username="root")


def test_what_nobody_changed_is_as_configured(session: Session, site: Site) -> None:
    now = live.current(session, site.settings)
    assert (now.live.site_name, now.live.verify_per_minute, now.texts) == ("Accolades", 30, {})


def test_a_change_is_kept_noted_and_taken_back(session: Session, site: Site) -> None:
    wanted = {"site_name": " Fedora  ", "leaderboard": False, "text.about.de": "# Über\r\nuns"}
    assert live.change(session, ROOT, wanted, now=NOW) == sorted(wanted)
    assert live.change(session, ROOT, wanted, now=NOW) == []
    now = live.current(session, site.settings)
    assert (now.live.site_name, now.live.leaderboard) == ("Fedora", False)
    assert now.texts == {"text.about.de": "# Über\nuns"}
    live.change(session, ROOT, dict.fromkeys(wanted), now=NOW)
    assert live.stored(session) == {}
    first, second = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    assert first.after == second.before
    assert first.before == dict.fromkeys(wanted)


def test_every_mistake_is_told_and_nothing_is_changed(session: Session) -> None:
    wanted = {
        "site_name": "x" * 61,
        "site_claim": "a\u202eb",
        "verify_per_minute": 0,
        "leaderboard": "yes",
        "nonsense": 1,
        "text.about.de": "\0",
        "text.secrets.de": "x",
        "notice": "fine",
    }
    with pytest.raises(InvalidInputError) as caught:
        live.change(session, ROOT, wanted, now=NOW)
    for name in wanted.keys() - {"notice"}:
        assert f"{name}: " in str(caught.value)
    assert session.scalars(select(Setting)).all() == []


def test_a_stored_value_that_is_none_any_more_is_passed_over(session: Session, site: Site) -> None:
    for key, value in (("verify_per_minute", "many"), ("gone", 1), ("site_name", 7)):
        session.add(Setting(key=key, value=value, updated_at=NOW))
    session.flush()
    now = live.current(session, site.settings).live
    assert (now.verify_per_minute, now.site_name) == (30, "Accolades")


def test_each_process_sees_a_change_within_seconds(site: Site) -> None:
    clock = iter((0.0, 0.0, 1.0, 9.0, 9.0)).__next__
    remembered = Remembered(site.database, site.settings, seconds=5.0, clock=clock)
    assert remembered.get().live.leaderboard
    with site.database.writing() as session:
        live.change(session, ROOT, {"leaderboard": False}, now=NOW)
    assert remembered.get().live.leaderboard
    assert not remembered.get().live.leaderboard


def test_while_the_database_is_away_what_was_read_last_holds(site: Site) -> None:
    away = Remembered(Database("sqlite:////nowhere/at/all.db"), site.settings)
    assert away.get().live.site_name == "Accolades"
