# SPDX-License-Identifier: AGPL-3.0-or-later
"""How large an invented community is, and what of it is made already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from issuer.errors import InvalidInputError
from issuer.services.filling import inventions
from issuer.services.filling.inventions import MAX_BADGES, MAX_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    #: Says what is done now and in how many steps; gives what is called once a step.
    Stage = Callable[[str, int], Callable[[], object]]

YEARS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the community is."""

    people: int
    badges: int
    awards: int
    seed: int = 1

    def check(self) -> None:
        """Raise `InvalidInputError` for a community that cannot be."""
        if not (0 < self.people <= MAX_PEOPLE and 0 < self.badges <= MAX_BADGES):
            raise InvalidInputError(
                f"fill: 1 to {MAX_PEOPLE} people and 1 to {MAX_BADGES} badges can be made"
            )
        most = self.people * max(1, int(self.badges * inventions.MAX_SHARE))
        if not 0 <= self.awards <= most:
            raise InvalidInputError(
                f"fill: {self.people} people cannot have {self.awards} awards of {self.badges} "
                f"badges: {most} at most"
            )


@dataclass(frozen=True, slots=True)
class Made:
    """What awards are made of."""

    first_person: int
    people: list[inventions.InventedPerson]
    badges: list[int]  # rows
    ladders: list[list[int]]  # places in `badges`
