# SPDX-License-Identifier: AGPL-3.0-or-later
"""A broker that is talked to by TLS alone: workers hear of what waits, and nobody is fooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kombu import pools

from issuer.adapters.queues import Caller, make_app
from issuer.config import Settings
from issuer.errors import BrokerAwayError
from issuer.services.tasks import Task
from tests.integration.test_worker_with_broker import (
    ask,
    check_finished,
    export_of,
    filled,
    wait_until,
    working,
)
from tests.services import rabbitmq
from tests.services.certificates import Authority
from tests.services.missing import MissingError, stop_test
from tests.services.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.rabbitmq, pytest.mark.timeout(180)]


@pytest.fixture
def secure_url() -> Iterator[str]:
    """The URL of a virtual host of the test's own, without files."""
    try:
        server = Run.current().ask("rabbitmq-secure")
    except MissingError as error:
        stop_test(str(error))
    begins = f"amqps://guest:guest@{rabbitmq.SECURE_HOST}"
    with rabbitmq.fresh_vhost(server, begins) as url:
        yield url


@pytest.fixture
def files(secure_url: str) -> dict[str, str]:
    """What a site is told of the certificates."""
    folder = Run.current().folder / "rabbitmq-secure"
    return {
        "cafile": str(folder / "authority.pem"),
        "certfile": str(folder / "client.pem"),
        "keyfile": str(folder / "client.key"),
    }


def with_files(url: str, files: dict[str, str]) -> str:
    return f"{url}?{'&'.join(f'{name}={path}' for name, path in files.items())}"


def call(url: str) -> None:
    """Tell the workers of something."""
    caller = Caller(make_app(Settings(broker_url=url)))
    try:
        caller.call(Task.PUSH)
    finally:
        caller.close()
        pools.reset()  # connections are kept by their address alone, whatever files they came by


def test_a_worker_is_told_at_once_by_tls(
    tmp_path: Path, postgres_url: str, secure_url: str, files: dict[str, str]
) -> None:
    url = with_files(secure_url, files)
    with filled(tmp_path, postgres_url, url) as site, working(site) as worker:
        ask(site)
        wait_until(lambda: export_of(site).finished_at is not None, 25)
        assert worker.stop() == 0
        check_finished(site)


def test_nothing_is_told_to_a_broker_that_cannot_be_trusted(
    tmp_path: Path, secure_url: str, files: dict[str, str]
) -> None:
    stranger = Authority.make(tmp_path, "Another authority")
    with pytest.raises(BrokerAwayError, match="CERTIFICATE_VERIFY_FAILED"):
        call(with_files(secure_url, {**files, "cafile": str(stranger.certificate)}))
    of_the_system = {name: path for name, path in files.items() if name != "cafile"}
    with pytest.raises(BrokerAwayError, match="CERTIFICATE_VERIFY_FAILED"):
        call(with_files(secure_url, of_the_system))
    with pytest.raises(BrokerAwayError, match=r"not valid for '127\.0\.0\.1'"):
        call(with_files(secure_url.replace(f"@{rabbitmq.SECURE_HOST}", "@127.0.0.1"), files))
    call(with_files(secure_url, files))


def test_a_broker_that_asks_for_a_certificate_takes_no_other(
    tmp_path: Path, secure_url: str, files: dict[str, str]
) -> None:
    other = Authority.make(tmp_path, "Another authority").issue("client")
    theirs = {"certfile": str(other.certificate), "keyfile": str(other.key)}
    for shown in ({}, theirs):
        with pytest.raises(BrokerAwayError):
            call(with_files(secure_url, {"cafile": files["cafile"], **shown}))
