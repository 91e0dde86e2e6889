# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fedora-messaging calls when nothing is to be done: the most that a process on it can do."""

from __future__ import annotations


def callback(_message: object) -> None:
    """Do nothing."""
