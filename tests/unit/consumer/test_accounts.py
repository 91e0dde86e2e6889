# SPDX-License-Identifier: AGPL-3.0-or-later
"""A consumer whose accounts are in a directory: it waits for it, and drops nobody silently."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from fedora_messaging.exceptions import HaltConsumer

from tests.services.fasjson import Fault, fasjson
from tests.unit.consumer.taking import Clock, consuming, edit, kept, put_aside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consumer.callback import AccoladesConsumer
    from issuer.site import Site


@pytest.fixture
def asking(tmp_path: Path, clock: Clock) -> Iterator[tuple[Site, AccoladesConsumer, Any]]:
    """Give what takes messages, for a site whose accounts are in a directory."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    with fasjson() as directory:
        directory.add("asha")
        settings = {"accounts": "fasjson", "fasjson_url": directory.url, "fasjson_auth": "none"}
        with consuming(tmp_path, url, clock, **settings) as (site, taking):
            accounts = taking._intake.accounts
            accounts._directory._patient = accounts._directory._hasty  # tried again without pause
            accounts._memory._clock = clock.monotonic
            yield site, taking, directory


def test_it_waits_while_the_directory_of_accounts_is_away(
    asking: tuple[Site, AccoladesConsumer, Any], clock: Clock
) -> None:
    site, taking, directory = asking
    directory.lasting["v1"] = Fault(503)
    said: list[str] = []
    clock.meanwhile[2] = lambda: said.append(taking.status.waiting_for)
    clock.meanwhile[4] = directory.lasting.clear
    taking(edit())
    taking(edit("nobody"))
    assert kept(site) == (2, 1)
    assert clock.now < 60
    assert said == ["waiting for the accounts: accounts: FASJSON answers users/asha/ with 503"]
    assert taking.status.dropped == {"no such account": 1}
    assert taking.status.is_ready
    assert put_aside(site) == []


def test_a_directory_that_stays_away_leaves_the_message_in_the_queue(
    asking: tuple[Site, AccoladesConsumer, Any], clock: Clock
) -> None:
    site, taking, directory = asking
    directory.lasting["v1"] = Fault(503)
    with pytest.raises(HaltConsumer) as caught:
        taking(edit())
    assert (caught.value.exit_code, caught.value.requeue) == (1, True)
    assert caught.value.reason == "accounts away for too long"
    assert kept(site) == (0, 0)


def test_a_name_about_which_the_directory_fails_is_put_aside_for_later(
    asking: tuple[Site, AccoladesConsumer, Any], clock: Clock
) -> None:
    site, taking, directory = asking
    directory.lasting["asha"] = Fault(500)
    taking(edit())
    (aside,) = put_aside(site)
    assert "FASJSON answers users/asha/ with 500, though it answers about others" in aside.reason
    assert clock.waits == []
    assert kept(site) == (0, 0)


def test_the_monitor_tells_of_the_directory(
    asking: tuple[Site, AccoladesConsumer, Any], clock: Clock
) -> None:
    _, taking, directory = asking
    taking(edit())
    clock.now, directory.lasting["v1"] = 4000.0, Fault(503)
    taking(edit())
    told, metrics = taking.status.as_dict(), taking.status.metrics()
    assert (told["status"], told["accounts"]) == (
        "OK",
        "accounts: FASJSON answers users/asha/ with 503",
    )
    for line in ("asked_total 1", "stale_total 1", "failed_total 1"):
        assert f"accolades_consumer_accounts_{line}" in metrics


NOBODIES = {
    "": "an empty name",
    "BODHI": "a service user",
    "ghost": "no such account",
    "a/b": "not an account name",
    "x" * 300: "not an account name",
    "аsha": "not an account name",  # noqa: RUF001 -- the first letter is Cyrillic
    "192.0.2.7": "an IP address",
    "2001:db8::1": "an IP address",
    "asha ": "not an account name",
}


def test_who_is_nobody_gets_nothing_and_each_reason_is_counted(
    asking: tuple[Site, AccoladesConsumer, Any],
) -> None:
    site, taking, directory = asking
    taking(edit([*NOBODIES, None, 7, {"name": "asha"}]))
    expected = Counter([*NOBODIES.values(), "no recipient", "not a text: int", "not a text: dict"])
    assert taking.status.dropped == expected
    assert kept(site) == (1, 0)
    assert directory.times() == {"/v1/users/ghost/": 1}
    for reason, number in expected.items():
        line = f'accolades_consumer_dropped_total{{reason="{reason}"}} {number}\n'
        assert line in taking.status.metrics()
