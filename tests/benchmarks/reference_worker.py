# SPDX-License-Identifier: AGPL-3.0-or-later
"""Times the reference validator inside its own process and environment; nothing of ours is here.

Arguments: the folder of the judge. Standard input: one line of JSON with ``documents`` and
``inputs`` (by name), then lines of JSON with ``name`` and ``seconds``; each is answered with a line
that holds the rate. An input that is not valid ends the process: it would not be the same work.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path


def main() -> None:
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    judge = importlib.import_module("judge")

    contexts = judge.load_contexts(str(folder / "contexts"))
    given = json.loads(sys.stdin.readline())

    def verify(source: str) -> dict[str, object]:
        world = judge.World(contexts, given["documents"])
        result: dict[str, object] = judge.judge(source, None, world)
        return result

    for name, source in given["inputs"].items():
        report = verify(source)
        if not report["valid"] or report["beyond"] or report["unrun"]:
            sys.exit(f"the reference does not take the {name} badge for valid: {report['report']}")
    print("ready", flush=True)  # noqa: T201 -- the answer
    for line in sys.stdin:
        order = json.loads(line)
        count, start = 0, time.process_time()
        while (passed := time.process_time() - start) < order["seconds"]:
            verify(given["inputs"][order["name"]])
            count += 1
        print(count / passed, flush=True)  # noqa: T201 -- the answer


main()
