# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invents a community: people with names, badges with levels, and who earned what when.

All of it follows from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

_GIVEN = """\
Ada Aiko Alva Amara Ana Anders Anika Arjun Asha Aylin Bao Beatriz Bela Boris Camila Chen Chidi
Clara Dalia Daniel Diego Dmitri Edda Elif Emeka Enzo Esther Farid Fatima Freya Gael Goran Greta
Hana Hugo Ibrahim Ines Irina Ivo Jamal Jana Jonas Julia Kaito Kavya Kofi Lars Leila Lena Liam
Lucia Luka Maia Malik Marek Mei Mila Mohan Nadia Nils Noor Olga Omar Paula Pavel Petra Priya
Rafael Rania Ravi Rosa Sami Sara Selma Sigrid Sofia Soren Tariq Teresa Tomas Uma Vera Viktor
Wanda Wei Xiomara Yara Yuki Yusuf Zainab Zoe"""
_FAMILY = """\
Abe Adeyemi Ahmed Almeida Andersen Arslan Baker Banerjee Bauer Becker Bianchi Botha Carvalho
Castro Chen Costa Cruz Dahl Das Diaz Dubois Eriksen Falk Farouk Fischer Flores Garcia Gupta
Haddad Hansen Hughes Ibarra Ivanova Jensen Joshi Kaya Keller Khan Kim Kovacs Kowalski Kumar
Larsen Lehto Lindgren Lopez Mahlangu Marino Mbeki Mehta Meyer Moreau Mori Murphy Nair Ng Nguyen
Novak Obi Okafor Olsen Ortiz Park Patel Petrov Pham Popescu Quispe Ramos Reyes Rossi Ruiz Said
Santos Sato Schmidt Silva Singh Sokolov Suzuki Svensson Takeda Tanaka Torres Tran Varga Vega
Vogel Walsh Weber Wong Yamada Yilmaz Zhang Ziegler"""
_MANNERS = """\
Patient Curious Tireless Quiet Bold Careful Cheerful Diligent Early Friendly Gentle Humble Keen
Lucid Merry Nimble Open Precise Ready Steady Thoughtful Upbeat Vigilant Warm Brave Crafty Daring
Eager Fearless Generous"""
GIVEN, FAMILY, MANNERS = (words.split() for words in (_GIVEN, _FAMILY, _MANNERS))
#: What is done, and the tag that it belongs to.
DEEDS = (
    ("Tester", "quality"),
    ("Packager", "development"),
    ("Translator", "content"),
    ("Writer", "content"),
    ("Designer", "design"),
    ("Mentor", "community"),
    ("Reviewer", "development"),
    ("Speaker", "event"),
    ("Organiser", "event"),
    ("Helper", "community"),
    ("Gardener", "infrastructure"),
    ("Builder", "development"),
    ("Reporter", "quality"),
    ("Podcaster", "content"),
    ("Photographer", "content"),
    ("Ambassador", "community"),
    ("Maintainer", "development"),
    ("Sysadmin", "infrastructure"),
    ("Explorer", "miscellaneous"),
    ("Collector", "miscellaneous"),
    ("Artist", "design"),
    ("Archivist", "content"),
    ("Debugger", "quality"),
    ("Host", "event"),
)
THRESHOLDS = (1, 10, 50, 100, 500)
#: An award is one number: moment, person and badge. So millions of them can be sorted.
PERSON_BITS, BADGE_BITS = 20, 13
MAX_PEOPLE, MAX_BADGES = 1 << PERSON_BITS, 1 << BADGE_BITS
MAX_SHARE = 0.8  # of all badges that one person has


@dataclass(frozen=True, slots=True)
class InventedPerson:
    """Somebody who does not exist."""

    username: str
    display_name: str
    age: float  # in the community, as a part of its whole time
    opted_out: bool


@dataclass(frozen=True, slots=True)
class InventedBadge:
    """A badge that nobody drew."""

    name: str
    slug: str
    description: str
    tag: str
    points: int
    series: tuple[str, str, int] | None


def people(number: int, rng: random.Random) -> Iterator[InventedPerson]:
    """Invent people, each with a user name of their own."""
    for n in range(number):
        given, family = rng.choice(GIVEN), rng.choice(FAMILY)
        username = f"{given[0]}{family}".lower() + (str(n) if n else "")
        yield InventedPerson(
            username,
            f"{given} {family}" if rng.random() < 0.8 else "",
            rng.random() ** 0.7,
            rng.random() < 0.015,
        )


def badges(number: int) -> list[InventedBadge]:
    """Invent badges: most stand in a series of five levels, the others alone."""
    found: list[InventedBadge] = []
    turn = 0
    while len(found) < number:
        manner = MANNERS[turn // len(DEEDS) % len(MANNERS)]
        again = turn // (len(DEEDS) * len(MANNERS))
        deed, tag = DEEDS[turn % len(DEEDS)]
        title = f"{manner} {deed}" + (f" {again + 1}" if again else "")
        slug = title.lower().replace(" ", "-")
        levels = 1 if turn % 4 == 3 else len(THRESHOLDS)
        for level, times in enumerate(THRESHOLDS[:levels], 1):
            named = levels > 1
            found.append(
                InventedBadge(
                    f"{title} {'I' * level if level < 4 else ('IV', 'V')[level - 4]}"
                    if named
                    else title,
                    f"{slug}-level-{level}" if named else slug,
                    f"For doing the work of a {manner.lower()} {deed.lower()}"
                    + (f" {times} times." if times > 1 else "."),
                    tag,
                    (5, 10, 25, 50, 100)[level - 1],
                    (slug, title, level) if named else None,
                )
            )
        turn += 1
    return found[:number]


def awards(
    ages: Sequence[float], ladders: Sequence[Sequence[int]], number: int, rng: random.Random
) -> list[int]:
    """Decide who earned what and when, in the order of time; `parts` takes a result apart.

    ``ladders`` are the badges, each with those of which it is a step. A few people have many
    badges, most have few, and nobody reaches a level before the one below it.
    """
    steps = sum(len(ladder) for ladder in ladders)
    shares = _shares(len(ages), steps, number, rng)
    weights = list(accumulate(1 / (place + 6) ** 0.8 for place in range(len(ladders))))
    order = list(range(len(ladders)))
    rng.shuffle(order)
    found: list[int] = []
    for person, (age, share) in enumerate(zip(ages, shares, strict=True)):
        moments = sorted(rng.random() for _ in range(share))
        earned = _earned(ladders, order, weights, share, rng)
        found += [
            (int((1 - age * (1 - moment)) * MOMENTS) << (PERSON_BITS + BADGE_BITS))
            | (person << BADGE_BITS)
            | badge
            for moment, badge in zip(moments, earned, strict=True)
        ]
    found.sort()
    return found


#: Moments that are told apart between the beginning and now.
MOMENTS = (1 << 30) - 1


def parts(award: int) -> tuple[float, int, int]:
    """Return the moment, as a part of the whole time, the person and the badge of an award."""
    moment = award >> (PERSON_BITS + BADGE_BITS)
    person = (award >> BADGE_BITS) & (MAX_PEOPLE - 1)
    return moment / MOMENTS, person, award & (MAX_BADGES - 1)


def _shares(people: int, steps: int, number: int, rng: random.Random) -> list[int]:
    """Share awards out: a few get very many."""
    most = max(1, int(steps * MAX_SHARE))
    drawn = [rng.paretovariate(1.3) for _ in range(people)]
    whole = sum(drawn)
    shares = [min(most, int(number * one / whole)) for one in drawn]
    left = number - sum(shares)
    while left > 0:
        for person in rng.sample(range(people), min(people, left)):
            if shares[person] < most and left > 0:
                shares[person] += 1
                left -= 1
    return shares


def _earned(
    ladders: Sequence[Sequence[int]],
    order: Sequence[int],
    weights: list[float],
    share: int,
    rng: random.Random,
) -> list[int]:
    """Return the badges that one person earns, in their order."""
    reached: dict[int, int] = {}
    found: list[int] = []
    for _ in range(4):
        for place in rng.choices(order, cum_weights=weights, k=2 * (share - len(found))):
            level = reached.get(place, 0)
            if level < len(ladders[place]):
                reached[place] = level + 1
                found.append(ladders[place][level])
                if len(found) == share:
                    return found
    # Who has nearly everything takes the rest as it comes.
    for place in order:
        for badge in ladders[place][reached.get(place, 0) :]:
            found.append(badge)
            if len(found) == share:
                return found
    return found
