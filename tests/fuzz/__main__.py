# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fuzzes one target: ``python -m tests.fuzz NAME OPTION…``, options as libFuzzer takes them.

The last of them is the folder of inputs; the first examples are put there too.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path

import atheris  # comes from tools/fuzz.lock, see tools/fuzz.sh

WATCHED = ["openbadges", "issuer.adapters.drawings", "issuer.adapters.drawing_limits"]


def main() -> None:
    """Fuzz until the time is over or something raises."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=WATCHED):
        target = importlib.import_module(f"tests.fuzz.fuzz_{name}")
    folder = Path(options[-1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    words = folder.parent / f"{name}.dict"
    lines = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.WORDS)
    words.write_text("".join(f'"{line}"\n' for line in lines))
    atheris.Setup([sys.argv[0], f"-dict={words}", *options], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
