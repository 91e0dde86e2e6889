# SPDX-License-Identifier: AGPL-3.0-or-later
"""The awards that the sample earns, announced on the bus as the badge service does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import yaml

from tools.sample.drafts import FEDORA, Draft
from tools.sample.people import CAST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

NUMBERS = {person.username: number for number, person in enumerate(CAST, start=1)}
COLLECTOR = "badge-collector"


@dataclass(frozen=True, slots=True)
class Badge:
    """What an announcement tells of a badge, and how many credits earn it."""

    slug: str
    name: str
    description: str
    series: str
    threshold: int

    @classmethod
    def read(cls, path: Path) -> Badge:
        """Read a rule file of the catalogue."""
        rule = yaml.safe_load(path.read_text(encoding="utf-8"))
        series = rule.get("series", {}).get("slug", path.stem)
        (threshold,) = rule.get("condition", {"": 1}).values()
        return cls(path.stem, rule["name"], rule["description"], series, threshold)

    @property
    def badge_id(self) -> str:
        """Return the id that the badge service makes from the name."""
        return "".join(c for c in self.name.lower() if c not in "\"'()*&?").replace(" ", "-")


class Announcer:
    """Counts credits and says when a badge is earned."""

    def __init__(self, catalog: Path) -> None:
        self._badges: dict[str, list[Badge]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._announced: set[str] = set()
        for path in sorted(catalog.glob("*.yml")):
            badge = Badge.read(path)
            self._badges.setdefault(badge.series, []).append(badge)

    def after(self, draft: Draft) -> Iterator[Draft]:
        """Yield the announcements that follow a message, each a second later than the last."""
        at = draft.at
        waiting = list(draft.credits)
        while waiting:
            series, username = waiting.pop(0)
            self._counts[series, username] += 1
            for badge in self._badges[series]:
                if badge.threshold == self._counts[series, username]:
                    at += timedelta(seconds=1)
                    self._announced.add(badge.slug)
                    waiting.append((COLLECTOR, username))
                    yield announcement(badge, username, at)

    def unreached(self) -> list[Badge]:
        """Return the badges that nobody has earned so far."""
        badges = (badge for family in self._badges.values() for badge in family)
        return [badge for badge in badges if badge.slug not in self._announced]


def announcement(badge: Badge, username: str, at: datetime) -> Draft:
    """Return the announcement of one award."""
    body = {
        "user": {"username": username, "badges_user_id": NUMBERS[username]},
        "badge": {
            "badge_id": badge.badge_id,
            "name": badge.name,
            "description": badge.description,
            "image_url": f"https://badges.example.org/badges/{badge.slug}/image",
        },
    }
    earned = ((COLLECTOR, username),)
    return Draft(FEDORA + "badges.badge.award", "badges.badge.award.v1", body, at, earned)
