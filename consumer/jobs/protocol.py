# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a job is: a name, a sentence, and something to do with a `Work`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from consumer.jobs.work import Work


class Job(Protocol):
    """A job of the command line; packages bring theirs as entry points of `accolades.jobs`."""

    @property
    def name(self) -> str:
        """Return the word by which it is started: small letters, digits, hyphens."""
        ...

    @property
    def summary(self) -> str:
        """Return one sentence that says what it does."""
        ...

    def run(self, work: Work) -> None:
        """Look at everybody who is concerned; what it raises ends the run, not only one person.

        `AccoladesError` says that the run could not come to its end: a source is away.
        """
        ...
