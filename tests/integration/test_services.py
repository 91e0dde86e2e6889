# SPDX-License-Identifier: AGPL-3.0-or-later
"""The services of the test run are there, are our own, start empty and end with the run."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pika  # type: ignore[import-untyped]  # pika ships no types
import psycopg
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from tests.services.missing import MissingError
from tests.services.postgres import fresh_database
from tests.services.run import Run
from tests.shared import CHECKOUT, shared_path

if TYPE_CHECKING:
    from tests.services.judge import Judge

LEADER = """
import time
from tests.services.run import Run
print(Run.begin().ask("postgres"), flush=True)
time.sleep(60)
"""


def test_postgresql_answers_in_a_database_of_its_own(postgres_server: str) -> None:
    with fresh_database(postgres_server) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            one, name = connection.execute(text("SELECT 1, current_database()")).one()
        engine.dispose()
    assert one == 1
    assert name == make_url(url).database
    assert name.startswith("test_")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_finds_an_empty_database(empty_database_url: str, turn: str) -> None:
    engine = create_engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (id INTEGER)"))
    assert inspect(engine).get_table_names() == ["left_behind"]
    engine.dispose()


def test_a_database_is_dropped_even_with_a_connection_left_open(postgres_server: str) -> None:
    with fresh_database(postgres_server) as url:
        left_open = psycopg.connect(plain(url))
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain(url))


def test_rabbitmq_delivers_a_message(amqp_url: str, amqp_prefix: str) -> None:
    queue = f"{amqp_prefix}post"
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    channel.basic_publish("", queue, b"hello", mandatory=True)
    _, _, body = channel.basic_get(queue, auto_ack=True)
    channel.queue_delete(queue)
    connection.close()
    assert body == b"hello"


@pytest.mark.skipif("ACCOLADES_TEST_POSTGRES_URL" in os.environ, reason="a server was given")
def test_postgresql_is_not_the_one_of_the_machine(postgres_server: str) -> None:
    assert make_url(postgres_server).port not in (None, 5432)


@pytest.mark.skipif("ACCOLADES_TEST_AMQP_URL" in os.environ, reason="a broker was given")
def test_rabbitmq_is_not_the_one_of_the_machine(amqp_url: str) -> None:
    assert pika.URLParameters(amqp_url).port != 5672


@pytest.mark.postgres
def test_a_service_ends_when_its_run_is_killed(postgres_server: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LEADER], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as leader:
        assert leader.stdout is not None
        url = leader.stdout.readline().strip()
        keeper = keeper_of(leader.pid)
        psycopg.connect(plain(url)).close()
        leader.send_signal(signal.SIGKILL)
    ended, _, _ = select.select([keeper], [], [], 30)
    os.close(keeper)
    assert ended
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plain(url), connect_timeout=5)


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres.json").write_text('{"missing": "PostgreSQL is not installed"}')
    with pytest.raises(MissingError, match="PostgreSQL is not installed"):
        Run(tmp_path, os.getpid()).ask("postgres")


def test_the_judge_sees_what_the_reference_alone_misses(judge_ob2: Judge) -> None:
    good, revoked = (
        {"input": case["entry"]["value"], "documents": case["documents"]}
        for name in ("hosted-plain-email", "revoked-410-full")
        for case in [json.loads(shared_path(f"data/verifier-cases/{name}.json").read_text())]
    )
    reports = judge_ob2.batch([good, revoked])
    assert [report["valid"] for report in reports] == [True, True]
    assert [report["strict_valid"] for report in reports] == [True, False]
    assert judge_ob2.judge(good["input"], documents=good["documents"]) == reports[0]


def plain(url: str) -> str:
    """The URL without SQLAlchemy's driver, for psycopg itself."""
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def keeper_of(controller: int) -> int:
    """Open the keeper that the test run of ``controller`` started, to see it end."""
    started = Path(f"/proc/{controller}/task/{controller}/children").read_text().split()
    (keeper,) = (int(child) for child in started)
    return os.pidfd_open(keeper)
