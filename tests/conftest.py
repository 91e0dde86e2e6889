# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fixtures for what lies outside the process; each starts when the first test asks for it."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import sync_playwright

from tests import prepared
from tests.demo import running
from tests.services import datagrepper, datanommer, judge, postgres, rabbitmq, softhsm
from tests.services.missing import MissingError, stop_test
from tests.services.run import Run
from tests.shared import shared_path
from tests.tries import register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

MARKS = {
    "amqp_url": "rabbitmq",
    "chromium": "browser",
    "datanommer_url": "postgres",
    "judge_ob2": "judge",
    "postgres_server": "postgres",
    "pkcs11_token": "pkcs11",
}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OURS_TO_KEEP = ("ACCOLADES_SHARED", "ACCOLADES_TEST_")

register()  # before Hypothesis looks for the profile of the command line


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run, and end it whatever happens; a developer's own site must not show through."""
    for name in list(os.environ):
        if name.startswith("ACCOLADES_") and not name.startswith(OURS_TO_KEEP):
            del os.environ[name]
    os.environ.pop("FEDORA_MESSAGING_CONF", None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is in the background of a shell, and then every program that a test starts is deaf.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(
        config, "workerinput"
    ):  # a worker of pytest-xdist takes part in the run of its controller
        config.add_cleanup(Run.begin().end)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it needs, before ``-m`` chooses; what is untouched comes first."""
    for item in items:
        for fixture in MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKS[fixture])
    items.sort(key=lambda item: item.get_closest_marker("untouched") is None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking at all modules and tests again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL where tests may create databases."""
    url = os.environ.get("ACCOLADES_TEST_POSTGRES_URL") or _ask("postgres")
    yield url
    prepared.forget(url)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database that is not there yet; see ``database_url``."""
    with postgres.planned_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def datanommer_template(postgres_server: str) -> Iterator[str]:
    """The URL of a database that the models of datanommer made, to be copied."""
    with postgres.fresh_database(postgres_server) as url:
        datanommer.fill(datanommer.prepare(), url, [])
        yield url


@pytest.fixture
def datanommer_url(postgres_server: str, datanommer_template: str) -> Iterator[str]:
    """The URL of a database that the models of datanommer made; it is empty."""
    with postgres.planned_database(postgres_server) as url:
        postgres.create(url, template=datanommer_template)
        yield url


@pytest.fixture
def grepper() -> Iterator[datagrepper.Grepper]:
    """A running datagrepper, simulated."""
    with datagrepper.running() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database for this test alone: a test of the data layer runs on each kind.

    It is not there yet: what the test wants in it decides how it is made quickest. ``make_site``
    and ``prepared.make`` make it with tables, the fixture ``empty_database_url`` without.
    """
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def empty_database_url(database_url: str) -> str:
    """The URL of a fresh empty database of each kind, for what makes the tables itself."""
    if not database_url.startswith("sqlite"):  # which makes its file for whoever opens it
        postgres.create(database_url)
    return database_url


@pytest.fixture
def amqp_url() -> Iterator[str]:
    """The URL of a RabbitMQ, a virtual host of the test's own (unless a broker was given)."""
    given = os.environ.get("ACCOLADES_TEST_AMQP_URL")
    if given:
        yield given
        return
    with rabbitmq.fresh_vhost(_ask("rabbitmq")) as url:
        yield url


@pytest.fixture
def amqp_prefix() -> str:
    """A beginning for the names of queues and exchanges that no other test uses."""
    return f"test.{uuid4().hex}."


@pytest.fixture
def pkcs11_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[softhsm.Token]:
    """A token of PKCS#11 of the test's own."""
    try:
        made = softhsm.make(tmp_path / "softhsm")
    except MissingError as error:
        stop_test(str(error))
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.configuration))
    yield made
    softhsm.forget(made)


@pytest.fixture(scope="session")
def judge_ob2() -> judge.Judge:
    """The reference validator of Open Badges 2.0."""
    return judge.prepare(shared_path("judges/ob2"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium, the system's own."""
    program = shutil.which("chromium")
    if program is None:
        stop_test("Chromium is not installed: install chromium, or run `make test`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a browser session of its own: no cookie of another test."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo, as `make demo` starts it; tests that share it stay on one worker."""
    with running(tmp_path_factory.mktemp("demo") / "home") as started:
        yield started


def _ask(service: str) -> str:
    try:
        return Run.current().ask(service)
    except MissingError as error:
        stop_test(str(error))
