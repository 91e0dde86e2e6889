# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line: a command a file, errors one line each."""

from issuer.cli.main import make_group, run

__all__ = ["make_group", "run"]
