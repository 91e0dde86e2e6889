# SPDX-License-Identifier: AGPL-3.0-or-later
"""A history outside: what was on the bus before this site listened, asked of somebody who did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.adapters.history.datagrepper import Datagrepper
from issuer.adapters.history.datanommer import Datanommer

if TYPE_CHECKING:
    from issuer.adapters.history.asking import History
    from issuer.config import Settings

__all__ = ["open_history"]


def open_history(settings: Settings) -> History | None:
    """Return the history that the settings name, None where the archive is all there is.

    Nothing is connected yet.
    """
    if settings.history == "datanommer":
        return Datanommer(settings.history_url)
    if settings.history == "datagrepper":
        return Datagrepper(settings.history_url)
    return None
