# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges for years since the first badge, for months in a row, and for whole series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consumer.jobs.years import longest_run, years_after
from issuer.services import crowds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consumer.jobs.work import Work
    from issuer.services.crowds import Member


class Anniversary:
    """Looks at the first award of everybody."""

    name = "anniversary"
    summary = "Badges 1, 5 and 10 years after somebody's first badge."

    def run(self, work: Work) -> None:
        """Award the badge of each anniversary that has come."""
        steps = sorted(work.settings.anniversary_badges.items())
        for some in _everybody(work) if steps else ():
            with work.reading() as session:
                firsts = crowds.first_awards(session, some)
            for person in some:
                with work.looking_at(person.username, position=str(person.id)):
                    first = firsts.get(person.id)
                    for years, badge in steps if first is not None else ():
                        if first is not None and years_after(first, years) <= work.now:
                            since = f"The first badge was of {first:%Y-%m-%d}."
                            work.award(badge, person.username, narrative=since)


class Streak:
    """Looks at the months in which everybody earned something."""

    name = "streak"
    summary = "Badges for 3, 6 and 12 months in a row with a badge."

    def run(self, work: Work) -> None:
        """Award the badge of each length that somebody's longest row of months has reached."""
        steps = sorted(work.settings.streak_badges.items())
        for some in _everybody(work) if steps else ():
            with work.reading() as session:
                months = crowds.active_months(session, some)
            for person in some:
                with work.looking_at(person.username, position=str(person.id)):
                    longest = longest_run(months.get(person.id, set()))
                    for length, badge in steps:
                        if length <= longest:
                            work.award(badge, person.username)


class SeriesCompletion:
    """Looks at the series in which everybody holds badges."""

    name = "series-completion"
    summary = "A badge for each series of which somebody holds every badge."

    def run(self, work: Work) -> None:
        """Award the badge once for each series that is complete."""
        badge = work.settings.series_badge
        if not badge:
            return
        with work.reading() as session:
            known = crowds.series(session)
        for some in _everybody(work) if known else ():
            with work.reading() as session:
                held = crowds.progress(session, some)
            for person in some:
                with work.looking_at(person.username, position=str(person.id)):
                    for row, number in held.get(person.id, {}).items():
                        slug, name, needed = known.get(row, ("", "", number + 1))
                        if number >= needed:
                            said = f"Holds every badge of the series {name}."
                            work.award(badge, person.username, narrative=said, occurrence=slug)


def _everybody(work: Work) -> Iterator[Sequence[Member]]:
    with work.reading() as session:
        work.expect(crowds.size(session))
    return crowds.batches(work.reading, after=work.position)
