# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first thing a newcomer types is one short command, and then another."""

from __future__ import annotations

import re

from tests.shared import CHECKOUT


def test_the_first_two_commands_are_the_demo_and_the_tests() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    commands = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert commands[:2] == ["make demo", "make test"]
