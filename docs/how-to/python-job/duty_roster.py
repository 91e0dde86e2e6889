# SPDX-License-Identifier: AGPL-3.0-or-later
"""A job for everybody who was on duty: the roster is a file of lines like ``2026-03-01,asha``."""

import csv
import os
from pathlib import Path


class DutyRoster:
    """Reads the roster that DUTY_ROSTER names."""

    name = "duty-roster"
    summary = "A badge for everybody who was on duty."

    def run(self, work):
        """Award the badge; a line that is wrong harms nobody else."""
        with Path(os.environ["DUTY_ROSTER"]).open(newline="") as file:
            lines = list(csv.reader(file))
        work.expect(len(lines))
        for line in lines:
            with work.looking_at(f"line {line}"):
                day, username = line
                work.award("duty", username, narrative=f"Was on duty on {day}.")
