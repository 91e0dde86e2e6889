# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who earned the badge of a rule by all messages there are, found by grouped statements.

A statement says with which message each person reached the number; nobody else is looked at. Does
that message trigger the rule for the person, then it earned the badge. Else the messages after it
are looked at, for those who are left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from issuer.adapters.history.asking import FIRST, Place
from issuer.errors import AccoladesError
from issuer.services.backfilling import Hit
from rules.counting import may_trigger
from rules.engine import RuleSet
from rules.errors import RuleError
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from issuer.adapters.history.asking import Archive
    from issuer.services.processing import Policy
    from rules.model import Message
    from rules.pushing import Grouped

    #: A person, and a topic where each is counted for itself.
    _Key = tuple[str, str | None]

BATCH = 500


def qualified(
    asked: Grouped, archives: Sequence[Archive], policy: Policy, *, note: Callable[[], object]
) -> Iterator[Hit]:
    """Yield who earned the badge, with the message that did it, in the order of the messages.

    ``archives`` hold no message twice; what a later one holds came later. ``note`` is called for
    each person or message that was looked at.
    """
    search = _Search(asked, archives, policy, note, RuleSet([asked.rule]))
    search.look_at_those_who_made_it(_made_it(asked, archives))
    search.look_at_what_came_after()
    for _, hit in sorted(search.found.values(), key=lambda found: found[0]):
        yield hit


def _made_it(asked: Grouped, archives: Sequence[Archive]) -> Iterator[tuple[_Key, Place]]:
    """Yield with which message each person reached the number, whatever archive holds it."""
    before: dict[_Key, int] = {}  # what earlier archives count for those who are not there yet
    done: set[_Key] = set()
    for archive in archives:
        later: dict[int, set[_Key]] = defaultdict(set)  # by the number that they need here
        for reached in archive.reached(asked):
            key = reached.person, reached.topic
            counted = before.get(key, 0)
            if key in done or counted + reached.number < asked.least:
                before[key] = counted + reached.number
            elif counted:
                later[asked.least - counted].add(key)
            else:
                done.add(key)
                yield key, reached.place
        for number, keys in sorted(later.items()):
            done |= keys
            people = {person for person, _ in keys}
            found = _places(asked, archive, number, people)
            yield from (each for each in found if each[0] in keys)


def _places(
    asked: Grouped, archive: Archive, number: int, people: set[str]
) -> Iterator[tuple[_Key, Place]]:
    names = sorted(people)
    for start in range(0, len(names), BATCH):
        for reached in archive.places(asked, number, names[start : start + BATCH]):
            yield (reached.person, reached.topic), reached.place


@dataclass(slots=True)
class _Search:
    """What was found so far, and who is left."""

    asked: Grouped
    archives: Sequence[Archive]
    policy: Policy
    note: Callable[[], object]
    alone: RuleSet
    found: dict[str, tuple[Place, Hit]] = field(default_factory=dict)
    left: dict[_Key, Place] = field(default_factory=dict)  # who made it, with which message

    def look_at_those_who_made_it(self, made_it: Iterator[tuple[_Key, Place]]) -> None:
        """Look at the very messages with which people reached the number."""
        batch: list[tuple[_Key, Place]] = []
        for each in made_it:
            batch.append(each)
            if len(batch) >= BATCH:
                self._look(batch)
                batch = []
        self._look(batch)

    def look_at_what_came_after(self) -> None:
        """Look for the first message after it that triggers the rule, for those who are left."""
        self._forget_what_is_too_late()
        begin = min(self.left.values(), default=FIRST)
        for era, archive in enumerate(self.archives, start=2 - len(self.archives)):
            if not self.left:
                return
            if era < begin.era:
                continue
            for place, message in archive.after(begin, self._may_trigger):
                self.note()
                for name in self._recipients(message):
                    key = name.lower(), message.topic if self.asked.by_topic else None
                    if key in self.left and self.left[key] < place:
                        del self.left[key]
                        self._take(place, name, message)
                if not self.left:
                    return

    def _look(self, batch: list[tuple[_Key, Place]]) -> None:
        places = sorted({place for _, place in batch})
        messages: dict[Place, tuple[Message, dict[str, str]]] = {}
        for era, archive in enumerate(self.archives, start=2 - len(self.archives)):
            for place, message in archive.fetch([each for each in places if each.era == era]):
                names = {name.lower(): name for name in self._recipients(message)}
                messages[place] = message, names
        for key, place in batch:
            self.note()
            message, names = messages[place]
            if key[0] in names:
                self._take(place, names[key[0]], message)
            else:
                self.left[key] = place

    def _forget_what_is_too_late(self) -> None:
        """Forget topics whose number was reached after another topic had earned the badge."""
        for key, place in list(self.left.items()):
            if key[0] in self.found and self.found[key[0]][0] <= place:
                del self.left[key]

    def _take(self, place: Place, name: str, message: Message) -> None:
        key = name.lower()
        if key not in self.found or place < self.found[key][0]:
            self.found[key] = place, Hit(name, message.id, message.sent_at, "")

    def _may_trigger(self, topic: str) -> bool:
        return may_trigger(self.asked.rule, topic)

    def _recipients(self, message: Message) -> tuple[str, ...]:
        """Return whom a message triggers the rule for; nobody where it is broken."""
        rule = self.asked.rule
        names: list[str] = []
        for decision in self.alone.triggered(message):
            if decision.error is not None:
                continue
            try:
                found = resolve(
                    rule, decision.candidates, self.policy.accounts, self.policy.skip_users
                )
            except (RuleError, AccoladesError):
                continue
            names.extend(found.usernames)
        return tuple(names)
