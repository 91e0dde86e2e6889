# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import signal
import socket
import subprocess
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.demo import PROGRAM
from tests.services.processes import free_ports, stop
from tests.unit.issuer.cli.conftest import program

if TYPE_CHECKING:
    from issuer.site import Site


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(site: Site, signal_number: int) -> None:
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=None,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline().decode()
        assert said.startswith("serving http://127.0.0.1:8000 on 127.0.0.1:")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/live", timeout=20) as answer:
            assert answer.status == 200
        process.send_signal(signal_number)
        code = process.wait(30)
    finally:
        process.stdout.close()
        stop(process)
    assert code == (0 if signal_number == signal.SIGINT else -signal.SIGTERM)


def test_a_port_in_use_is_one_line(site: Site) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        outcome = program("serve", "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert str(taken) or outcome.error
    assert "in use" in outcome.error


@pytest.mark.parametrize("host", ["host.invalid", "999.1.1.1", ""])
def test_a_host_that_is_not_ours_is_one_line(site: Site, host: str) -> None:
    outcome = program("serve", "--host", host, "--port", free_ports(1)[0])
    assert outcome.code == 2
    assert host in outcome.error
