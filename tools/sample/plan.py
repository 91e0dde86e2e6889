# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who does what when: turns the cast into drafts over two years."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tools.sample import community, development, occasions, quality
from tools.sample.drafts import DAYS, END, START, Dice, Draft
from tools.sample.people import (
    ANONYMOUS,
    CAST,
    CHAIRS,
    COOKIES,
    LIKES,
    SPONSORSHIPS,
    UNKNOWN,
    Person,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEETINGS = 14
NEWCOMERS = 450  # Who joined later has an account message in the sample.

DEEDS: dict[str, Callable[[str, datetime, Dice], Draft]] = {
    "brakes": quality.brake,
    "bugs": quality.bug,
    "builds": development.build,
    "calendar": occasions.calendar,
    "candidacies": occasions.candidacy,
    "checkins": occasions.check_in,
    "copr": development.copr,
    "dawn_tests": quality.test,
    "docs": development.documentation,
    "failures": development.failure,
    "forgejo": development.forgejo,
    "forum": community.forum,
    "github": development.github,
    "gitlab": development.gitlab,
    "issues": quality.issue,
    "kernels": quality.kernel,
    "leap_builds": development.leap_build,
    "mappings": occasions.mapping,
    "merges": development.merge,
    "night_tests": quality.test,
    "playbooks": occasions.playbook,
    "posts": community.post,
    "profile": community.profile,
    "pulls": development.pull,
    "pushes": development.push,
    "tests": quality.test,
    "wallpapers": occasions.wallpaper,
    "weekend_pulls": development.weekend_pull,
    "wiki": community.wiki,
}


def moment(person: Person, deed: str, dice: Dice) -> datetime:
    """Return a time after the person came, at an hour that suits the person and the deed."""
    first = person.joined + 7  # A deed may move to another day of its week.
    day = first + dice.below(DAYS - 2 - first)
    if deed == "night_tests":
        hour = 1 + dice.below(3)
    elif deed == "dawn_tests":
        hour = 5 + dice.below(2)
    else:
        # Between 8 and 22, so that ordinary deeds are neither early nor late.
        hour = 8 + (person.hour - 12 + dice.below(9)) % 15
    return START + timedelta(days=day, hours=hour, minutes=dice.below(60), seconds=dice.below(60))


def drafts() -> list[Draft]:
    """Return every message that people and machines cause, in order of time."""
    everything = [*_arrivals(), *_deeds(), *_meetings(), *_kindness(), *_noise()]
    return sorted(everything, key=lambda draft: (draft.at, draft.topic, repr(draft.body)))


def _came(person: Person) -> datetime:
    return START + timedelta(days=person.joined, hours=person.hour)


def _arrivals() -> Iterator[Draft]:
    for number, person in enumerate(CAST, start=1):
        at = _came(person)
        if person.joined > NEWCOMERS:
            yield community.account(person.username, at - timedelta(hours=2))
        yield community.login(person.username, at, number)


def _deeds() -> Iterator[Draft]:
    for person in CAST:
        for deed, times in person.does.items():
            for turn in range(times):
                dice = Dice(f"{person.username}/{deed}/{turn}")
                yield DEEDS[deed](person.username, moment(person, deed, dice), dice)


def _meetings() -> Iterator[Draft]:
    """Yield the recorded meetings; the last one is near the end of the sample."""
    sessions: list[tuple[datetime, list[str]]] = [
        (END - timedelta(days=49 * (MEETINGS - 1 - number), hours=1), [])
        for number in range(MEETINGS)
    ]
    for person in CAST:
        open_to = [session for session in sessions if session[0] > _came(person)]
        for _, attendees in sorted(
            open_to, key=lambda session: Dice(f"{person.username}@{session[0]}").digest()
        )[: person.meetings]:
            attendees.append(person.username)
    for number, (at, attendees) in enumerate(sessions):
        present = [chair for chair in CHAIRS if chair in attendees] or attendees[:1]
        chair = present[number % len(present)]
        yield community.meeting(attendees, chair, at, Dice(f"meeting/{number}"))


def _kindness() -> Iterator[Draft]:
    people = {person.username: person for person in CAST}
    gifts: list[tuple[datetime, str, str]] = []
    for giver, recipient, times in COOKIES:
        for turn in range(times):
            dice = Dice(f"{giver}>{recipient}/cookie/{turn}")
            at = moment(max(people[giver], people[recipient], key=_came), "cookie", dice)
            gifts.append((at, giver, recipient))
    totals: Counter[str] = Counter()
    for at, giver, recipient in sorted(gifts):
        totals[recipient] += 1
        yield community.cookie(giver, recipient, at, totals[recipient])
    for liker, author, times in LIKES:
        for turn in range(times):
            dice = Dice(f"{liker}>{author}/like/{turn}")
            yield community.like(liker, author, moment(people[liker], "like", dice), dice)
    for agent, user, group in SPONSORSHIPS:
        dice = Dice(f"{agent}>{user}/{group}")
        yield community.sponsorship(agent, user, group, moment(people[user], "sponsor", dice))


def _noise() -> Iterator[Draft]:
    """Yield what a real bus carries besides: machines, visitors and a name nobody knows."""
    crowd = Person("crowd", "", 0, 12)
    kinds: tuple[tuple[Callable[[str, datetime, Dice], Draft], str, int], ...] = (
        (quality.remark, "bodhi", 3),
        (development.build, "koschei", 2),
        (development.push, "packit", 3),
        (quality.test, ANONYMOUS, 3),
        (community.forum, UNKNOWN, 2),
        (community.wiki, UNKNOWN, 1),
    )
    for make, who, times in kinds:
        for turn in range(times):
            dice = Dice(f"noise/{who}/{make.__name__}/{turn}")
            draft = make(who, moment(crowd, "noise", dice), dice)
            yield Draft(draft.topic, draft.schema, draft.body, draft.at)
    dice = Dice("noise/kernel")
    yield quality.kernel(UNKNOWN, moment(crowd, "noise", dice), dice, authenticated=False)
