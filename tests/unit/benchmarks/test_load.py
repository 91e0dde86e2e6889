# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.load import Load, LoadError, read_wrk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What version 4.1.0 prints.
PRINTED = """Running 1s test @ http://127.0.0.1:8000/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.10ms    3.90ms  20.58ms   83.66%
    Req/Sec     2.41k     1.95k    5.57k    72.73%
  2637 requests in 1.10s, 11.11MB read
{0}Requests/sec:   2397.55
Transfer/sec:     10.10MB
"""


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the name is the library's
        self.send_response(200 if self.path == "/good" else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def _program(folder: Path, lines: str) -> Path:
    path = folder / "wrk"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def test_the_rate_is_read_from_what_wrk_prints() -> None:
    assert read_wrk(PRINTED.format("")) == 2397.55


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PRINTED.format("  Non-2xx or 3xx responses: 1139\n"), "1139 answers were errors"),
        (PRINTED.format("  Socket errors: connect 0, read 4, write 0, timeout 2\n"), "timeout 2"),
        (PRINTED.format("").replace("2397.55", "nan"), "no line `Requests/sec`"),
        ("", "no line `Requests/sec`"),
    ],
    ids=["errors", "connections", "no-number", "nothing"],
)
def test_what_is_no_rate_of_good_answers_is_told(text: str, said: str) -> None:
    with pytest.raises(LoadError, match=said):
        read_wrk(text)


def test_wrk_is_asked_where_it_is_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "printed").write_text(PRINTED.format(""))
    program = _program(
        tmp_path,
        f'if [ "$1" = -v ]; then echo "wrk 4.1.0 [epoll]"; exit 1; fi\n'
        f'echo "$@" > {tmp_path}/asked; cat {tmp_path}/printed',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    load = Load.of(4)
    assert load.name == f"wrk 4.1.0 ({program})"
    assert load.rate(8000, "/a?b=c", {"Accept": "text/html"}, 2) == 2397.55
    asked = (tmp_path / "asked").read_text().strip()
    assert asked == "-t1 -c4 -d2s -H Accept: text/html http://127.0.0.1:8000/a?b=c"
    _program(tmp_path, 'echo "unable to connect" >&2; exit 1')
    with pytest.raises(LoadError, match="ended with 1: unable to connect"):
        load.rate(8000, "/", {}, 1)
    program.unlink()
    assert load.name.startswith("wrk of unknown version")
    with pytest.raises(LoadError, match="No such file"):
        load.rate(8000, "/", {}, 1)


def test_without_wrk_a_client_of_our_own_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    load = Load.of(2)
    assert "wrk is not on the PATH" in load.name
    assert load.rate(port, "/good", {}, 0.03) > 0
    with pytest.raises(LoadError, match="/bad: answered 500"):
        load.rate(port, "/bad", {}, 0.03)
