# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reference validator as a contender: it runs in its own environment and times itself."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.services.judge import JudgeError, prepare
from tests.shared import shared_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.benchmarks.timing import Contender

WORKER = Path(__file__).with_name("reference_worker.py")


class Reference:
    """The running reference validator, and the badges that it knows by name."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def contender(self, name: str) -> Contender:
        """Return the contender that verifies one of the badges."""
        return lambda seconds: float(self.ask({"name": name, "seconds": seconds}))

    def ask(self, order: Mapping[str, Any]) -> str:
        """Return the answer to one line; raises `JudgeError` where the process has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise JudgeError("the reference validator has no pipes")
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise JudgeError("the reference validator has ended; it says above why")
        return answer


@contextmanager
def reference(
    documents: Mapping[str, Any], inputs: Mapping[str, str]
) -> Iterator[Reference | None]:
    """Run the reference validator over these badges; None where it is not at hand."""
    try:
        source = shared_path("judges/ob2")
    except pytest.skip.Exception as missing:
        sys.stdout.write(f"No comparison with the reference validator: {missing}\n")
        yield None
        return
    judge = prepare(source)
    command = [judge.python, WORKER, source]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        running = Reference(process)
        running.ask({"documents": documents, "inputs": inputs})
        try:
            yield running
        finally:
            process.kill()
