# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line of the artwork."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.artwork import build, sheet


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures, check them, or show them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.artwork", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="exit 1 when a file is not up to date")
    choice.add_argument("--contact-sheet", type=Path, metavar="PNG", help="show all on one picture")
    options = parser.parse_args(arguments)
    wanted = build.drawings()
    if options.contact_sheet:
        sheet.contact_sheet(list(wanted.values()), options.contact_sheet)
        return 0
    if options.check:
        lines = build.differences(wanted)
        for line in lines:
            print(f"{line}: run python -m tools.artwork", file=sys.stderr)
        return 1 if lines else 0
    build.write(wanted)
    print(f"{len(wanted)} pictures written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
