# SPDX-License-Identifier: AGPL-3.0-or-later
"""The history outside, for work that changes nothing of what is noted about it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer.adapters.history import open_history
from issuer.services import histories
from issuer.services.histories import Past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.site import Site


@contextmanager
def opened_past(site: Site) -> Iterator[Past | None]:
    """Give the history that the settings name, None where there is none."""
    settings = site.settings
    history = open_history(settings)
    if history is None:
        yield None
        return
    with closing(history):
        with site.database.reading() as session:
            now = datetime.now(UTC)
            until = histories.boundary(session, settings.history, settings.history_until, now=now)
        yield Past(history, until)
