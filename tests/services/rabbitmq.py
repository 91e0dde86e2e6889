# SPDX-License-Identifier: AGPL-3.0-or-later
"""A RabbitMQ of the test run, and a fresh virtual host in it for each test."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from tests.services.certificates import Authority
from tests.services.missing import MissingError
from tests.services.processes import Home, Server, free_ports, stop, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {http}
disk_free_limit.absolute = 100MB
log.file = false
log.console = true
log.console.level = warning
"""
SECURE_HOST = "localhost"
SECURE = """\
listeners.tcp = none
ssl_options.cacertfile = {ca}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
"""
# One scheduler that does not spin: the tests need the processor themselves.
ERLANG = "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"


def start_secure(folder: Path) -> Server:
    """Start one that is talked to by TLS alone, and only by whoever shows a certificate.

    In the folder lie ``authority.pem``, and for its clients ``client.pem`` and ``client.key``.
    """
    return start(folder, is_secure=True)


def start(folder: Path, *, is_secure: bool = False) -> Server:
    """Start a broker of our own; the URL is that of its management interface.

    Raises ``MissingError`` or ``StartError``.
    """
    program, names = find_program(), find_name_server()
    home = Home.make(folder, "rabbitmq")
    amqp, http, epmd, distribution = free_ports(4)
    configuration = CONFIGURATION.format(amqp=amqp, http=http)
    if is_secure:
        authority = Authority.make(folder)
        own = authority.issue(SECURE_HOST)
        authority.issue("client")
        configuration = configuration.replace("listeners.tcp.1", "listeners.ssl.1") + (
            SECURE.format(ca=authority.certificate, certificate=own.certificate, key=own.key)
        )
    settings = {
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"accolades-{amqp}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(
            home.write("enabled_plugins", "[rabbitmq_management].")
        ),
        "RABBITMQ_CONFIG_FILE": str(home.write("rabbitmq.conf", configuration)),
        # The system's own settings belong to the system's own broker.
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
    }
    # A name server of our own too: the broker would start one that outlives it.
    name_server = home.start([names, "-port", str(epmd), "-address", "127.0.0.1"])
    broker = home.start([program], settings)
    url = f"http://guest:guest@127.0.0.1:{http}/?amqp={amqp}"
    try:
        wait_until(lambda: _answers(url), broker, home, timeout=60)
    except BaseException:
        stop(broker)
        stop(name_server)
        raise
    return Server(url=url, processes=(broker, name_server))


def find_program() -> Path:
    """Return RabbitMQ's own script; the one on PATH insists on the system's user and folders."""
    scripts = Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")
    found = sorted(scripts)
    if not found:
        raise MissingError("RabbitMQ is not installed: install rabbitmq-server, or run `make test`")
    return found[-1]


def find_name_server() -> str:
    """Return Erlang's name server; raises ``MissingError``."""
    found = shutil.which("epmd")
    if found is None:
        raise MissingError("epmd is not on PATH: install Erlang (it comes with rabbitmq-server)")
    return found


@contextmanager
def fresh_vhost(server_url: str, begins: str = "amqp://guest:guest@127.0.0.1") -> Iterator[str]:
    """Give the AMQP URL of a new empty virtual host, and delete it afterwards."""
    name = f"test-{uuid4().hex}"
    _api(server_url, "PUT", f"vhosts/{name}").raise_for_status()
    try:
        yield f"{begins}:{_amqp_port(server_url)}/{name}"
    finally:
        _api(server_url, "DELETE", f"vhosts/{name}").raise_for_status()


def _answers(url: str) -> bool:
    """Tell whether the broker takes clients; its management interface opens before that port."""
    try:
        return _api(url, "GET", f"health/checks/port-listener/{_amqp_port(url)}").ok
    except requests.ConnectionError:
        return False


def _api(url: str, method: str, path: str) -> requests.Response:
    parts = urlsplit(url)
    with requests.Session() as session:
        # A proxy of the environment must not come between us and our own machine.
        session.trust_env = False
        return session.request(method, f"{parts.scheme}://{parts.netloc}/api/{path}", timeout=20)


def _amqp_port(url: str) -> str:
    return urlsplit(url).query.partition("=")[2]
