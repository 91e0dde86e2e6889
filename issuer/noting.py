# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a command leaves to be done after its commits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from issuer.site import Site


class Noting:
    """Remembers what a command leaves, to see to it before the command ends."""

    def __init__(self) -> None:
        self.tasks: set[str] = set()

    def __call__(self, tasks: Iterable[str]) -> None:
        """Remember it."""
        self.tasks |= set(tasks)

    def settle(self, site: Site) -> None:
        """See to it. What does so draws and sends: few commands need to pay for importing it."""
        tasks, self.tasks = self.tasks, set()
        if tasks:
            import_module("issuer.waking").settle(site, tasks)
