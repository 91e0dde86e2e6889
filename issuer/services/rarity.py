# SPDX-License-Identifier: AGPL-3.0-or-later
"""How rare a badge is: the share of those with any badge who hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from issuer.models import BadgeTotal

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

NOBODY = "unclaimed"
#: The bands and the share below which each begins; the last begins at everything.
BANDS = {"legendary": 0.01, "rare": 0.05, "uncommon": 0.2, "common": 2.0}
NAMES = (*BANDS, NOBODY)


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare a badge is."""

    band: str
    share: float


def rarity(holders: int, people: int) -> Rarity:
    """Return how rare a badge is that so many of so many people hold."""
    if holders <= 0 or people <= 0:
        return Rarity(NOBODY, 0.0)
    share = min(holders / people, 1.0)
    return Rarity(next(name for name, end in BANDS.items() if share < end), share)


def is_in(band: str, people: int) -> ColumnElement[bool]:
    """Return the condition that a badge lies in a band."""
    if band == NOBODY:
        return BadgeTotal.holders <= 0
    names = list(BANDS)
    place = names.index(band)
    begins = BANDS[names[place - 1]] if place else 0.0
    least, end = begins * people, BANDS[band] * people
    return (BadgeTotal.holders > 0) & (BadgeTotal.holders >= least) & (BadgeTotal.holders < end)
