# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from consumer.bootstrap import open_intake
from issuer.config import Settings
from issuer.errors import DatabaseNotReadyError
from issuer.models import ArchivedMessage, BackpackConnection
from issuer.services import persons
from issuer.services.tasks import Task
from tests.issuing import BASE_URL, NOW, make_site
from tests.unit.consumer.taking import edit, every, kept

if TYPE_CHECKING:
    from pathlib import Path

    from consumer.callback import AccoladesConsumer
    from issuer.site import Site


def _settings(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=url, base_url=BASE_URL)


def test_a_message_is_archived_and_earns_its_badge(site: Site, consumer: AccoladesConsumer) -> None:
    consumer(edit())
    assert kept(site) == (1, 1)


def test_a_message_delivered_five_times_awards_once(
    site: Site, consumer: AccoladesConsumer
) -> None:
    message = edit()
    for _ in range(5):
        consumer(message)
    assert kept(site) == (1, 1)


def test_a_message_that_comes_back_from_another_queue_is_taken(
    site: Site, consumer: AccoladesConsumer
) -> None:
    message = edit()
    headers: dict[str, Any] = message._headers
    headers["x-death"] = [{"count": 1, "time": datetime(2026, 2, 1, tzinfo=UTC)}]
    consumer(message)
    assert kept(site) == (1, 1)


def test_it_does_not_start_on_tables_of_another_version(tmp_path: Path) -> None:
    settings = _settings(tmp_path, f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(DatabaseNotReadyError, match="accolades db upgrade"):
        open_intake(settings)


def test_it_starts_without_a_rule_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path / 'accolades.sqlite'}"
    make_site(tmp_path, url).database.dispose()
    site, intake = open_intake(_settings(tmp_path, url))
    site.database.dispose()
    assert site.database.on_left is not None  # what it awards reaches backpacks
    assert len(intake.ruleset.rules) == 0
    assert "accolades rules sync" in caplog.text


def test_what_was_delivered_again_is_archived_without_the_count(
    site: Site, consumer: AccoladesConsumer
) -> None:
    message = edit()
    message._headers["x-delivery-count"] = 2
    consumer(message)
    with site.database.reading() as session:
        (archived,) = every(session, ArchivedMessage)
        assert "x-delivery-count" not in archived.headers
        assert "sent-at" in archived.headers


def test_an_award_wakes_whoever_sends_the_outbox(taken: tuple[Site, AccoladesConsumer]) -> None:
    _, consumer = taken
    woken: list[int] = []
    consumer._sender = SimpleNamespace(wake=lambda: woken.append(1))
    consumer(edit())
    consumer(edit())
    assert woken == [1]


def test_an_award_wakes_whoever_sends_badges_to_backpacks(
    taken: tuple[Site, AccoladesConsumer],
) -> None:
    site, consumer = taken
    woken: list[set[str]] = []
    site.database.on_left = woken.append
    consumer(edit("asha"))
    assert woken == []
    with site.database.writing() as session:
        boris = persons.ensure(session, "boris", now=NOW)
        values = {"protocol": "badgr", "base_url": "https://backpack.example.org", "tokens": "x"}
        session.add(
            BackpackConnection(person_id=boris.id, automatic=True, created_at=NOW, **values)
        )
    consumer(edit("boris"))
    assert woken == [{Task.PUSH}]
