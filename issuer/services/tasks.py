# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done behind the scenes, after a commit.

What there is to do stands in rows. Whoever is told of a task looks at them: being told twice does
no harm, and a sweep finds what nobody was told of.
"""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """A kind of work that waits in rows of its own."""

    DECIDE = "decide"  # what badges in Python left for later
    PUSH = "push"  # badges for backpacks
    EXPORT = "export"  # large ZIPs
    BACKFILL = "backfill"  # rules on their way through the archive
