# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps one service for one test run: ``python -m tests.services.keeper SERVICE FOLDER PID``.

A process of its own, so that the service outlives the worker that asked first, and ends with the
run even when that one is killed: the keeper watches the controller, the process PID.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from tests.services import postgres, rabbitmq
from tests.services.missing import MissingError
from tests.services.processes import StartError

STARTERS = {
    "postgres": postgres.start,
    "rabbitmq": rabbitmq.start,
    "rabbitmq-secure": rabbitmq.start_secure,
}


def main(service: str, run: Path, controller: int) -> None:
    """Start the service, say where it answers, stop it when told to or with the controller."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = None
    try:
        watched = os.pidfd_open(controller)
        server = STARTERS[service](run / service)
        _publish(service, run, url=server.url, keeper=os.getpid())
        select.select([watched], [], [])
    except MissingError as error:
        _publish(service, run, missing=str(error))
    except (StartError, OSError, KeyError) as error:
        _publish(service, run, failed=f"{service}: {error}")
    finally:
        # From here on nothing may interrupt: half an end would leave a server behind.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if server is not None:
            server.stop()
            _tidy(service, run)


def _publish(service: str, run: Path, **outcome: str | int) -> None:
    """Tell everyone who waits, all at once: nobody may read half an answer."""
    draft = run / f"{service}.draft"
    draft.write_text(json.dumps(outcome))
    draft.rename(run / f"{service}.json")


def _tidy(service: str, run: Path) -> None:
    """Remove what belongs to this service, and the folder of the run when it was the last."""
    shutil.rmtree(run / service, ignore_errors=True)
    for file in run.glob(f"{service}.*"):
        file.unlink(missing_ok=True)
    with suppress(OSError):
        run.rmdir()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
