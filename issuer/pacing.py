# SPDX-License-Identifier: AGPL-3.0-or-later
"""Long work with a look at the clock: how far it is is noted, and it ends when it has to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds after which it is noted how far it is, and that somebody works on it.
NOTE_EVERY = 1.0
#: Seconds that it may take; RabbitMQ gives up on a worker after 30 minutes.
LONGEST = 1200.0


class StoppedError(Exception):
    """The process was told to stop."""


class LostError(Exception):
    """Nobody wants it any more, or somebody else does it."""


class OverlongError(Exception):
    """It takes longer than it may."""


@dataclass(slots=True)
class Pace:
    """Looks at the clock; ``note`` tells whether the work is still ours."""

    note: Callable[[], bool]
    is_stopped: Callable[[], bool]
    seconds: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _noted: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self._noted = self.seconds()
        self._note()

    def look(self) -> None:
        """Note how far it is where it is time; raises what ends the work."""
        if self.is_stopped():
            raise StoppedError
        moment = self.seconds()
        if moment - self._started > LONGEST:
            raise OverlongError
        if moment - self._noted >= NOTE_EVERY:
            self._noted = moment
            self._note()

    def _note(self) -> None:
        if not self.note():
            raise LostError
