# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tasks of a worker: short looks at rows, told of again where there is more."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads
from sqlalchemy.exc import OperationalError

from issuer import working
from issuer.adapters.queues import QUEUE, make_app
from issuer.config import Settings
from issuer.services import exports, persons
from issuer.services.tasks import Task
from issuer.working import Hands, PlainConsumer, Stop, worker_app
from tests.issuing import NOW, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from celery import Celery

BROKER = "amqp://broker.example.org/vhost"


class Counting(Hands):
    """Hands that have so many parts of work, and note what they tell."""

    parts = 3

    def part(self, task: Task) -> bool:
        self.parts -= 1
        return self.parts >= 0

    def tell(self, task: Task) -> None:
        self.told = [*getattr(self, "told", []), task]


@pytest.fixture
def hands(tmp_path: Path) -> Counting:
    return Counting(Settings(home=tmp_path, broker_url=BROKER), Stop())


def app_of(hands: Hands) -> Celery:
    return worker_app(hands.settings, hands)


def test_the_broker_is_used_with_care(hands: Counting) -> None:
    app = app_of(hands)
    conf = app.conf
    (queue,) = app.amqp.queues.values()
    assert (queue.name, queue.durable) == (QUEUE, True)
    assert queue.queue_arguments == {"x-queue-type": "quorum", "x-delivery-limit": 20}
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert not conf.worker_enable_remote_control
    assert conf.result_backend is None
    ours = {name: task for name, task in app.tasks.items() if name.startswith("accolades.")}
    assert sorted(ours) == sorted(f"accolades.{task}" for task in (*Task, "sweep"))
    assert all(0 < task.time_limit < 1800 for task in ours.values())
    assert not any("delayed" in step for step in PlainConsumer.Blueprint.default_steps)


def test_what_is_pickled_is_never_opened(hands: Counting) -> None:
    accept = app_of(hands).conf.accept_content
    assert accept == ["json"]
    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps([]), "application/x-python-serialize", "binary", accept=accept)


@pytest.mark.parametrize(
    ("url", "encryption"),
    [
        ("amqp://host/v", False),
        ("amqps://host/v", {"cert_reqs": 2, "server_hostname": "host"}),
        (
            "amqps://u:p@host:5671/v?cafile=/ca.pem&keyfile=/k&certfile=/c",
            {
                "cert_reqs": 2,
                "server_hostname": "host",
                "ca_certs": "/ca.pem",
                "keyfile": "/k",
                "certfile": "/c",
            },
        ),
    ],
)
def test_an_encrypted_broker_is_always_checked(url: str, encryption: object) -> None:
    conf = make_app(Settings(broker_url=url)).conf
    assert conf.broker_use_ssl == encryption
    assert conf.broker_url == url.partition("?")[0]


def test_a_task_goes_on_while_there_is_work(hands: Counting) -> None:
    app_of(hands).tasks["accolades.push"].run()
    assert hands.parts == -1
    assert not hasattr(hands, "told")


@pytest.mark.parametrize("why", ["time", "stop"])
def test_a_task_lets_others_have_their_turn(
    hands: Counting, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "time":
        monkeypatch.setattr(working, "TURN", -1.0)
    else:
        hands.stop.set()
    hands.turn(Task.PUSH)
    assert (hands.parts, hands.told) == (2, [Task.PUSH])


def test_a_database_that_is_away_is_one_line(
    hands: Counting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_task: Task) -> bool:
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr(hands, "part", away)
    app_of(hands).tasks["accolades.export"].run()
    assert "database away, what waits is looked at later: gone" in caplog.text


def test_the_sweep_tells_of_what_is_due_and_of_nothing_else(tmp_path: Path) -> None:
    site = make_site(tmp_path, "")
    with site.database.writing() as session:
        person = persons.ensure(session, "asha", now=NOW)
        asked = {"planned": 1, "address": None, "with_certificates": False, "words": {}}
        exports.ask(session, person, **asked, now=NOW)
    hands = Counting(site.settings, Stop())
    app_of(hands).tasks["accolades.sweep"].run()
    assert hands.told == [Task.EXPORT]
    hands.site.database.dispose()
    site.database.dispose()
