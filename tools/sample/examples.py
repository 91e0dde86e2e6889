# SPDX-License-Identifier: AGPL-3.0-or-later
"""One example for each badge that the sample does not reach: a message and how often it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.sample import community, development, quality
from tools.sample.announcements import announcement
from tools.sample.drafts import END, Dice
from tools.sample.envelopes import envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tools.sample.announcements import Badge
    from tools.sample.drafts import Draft

SOMEBODY, COMPANION = "asha", "ines"


def _meeting(who: str, at: datetime, dice: Dice) -> Draft:
    return community.meeting((who, COMPANION), COMPANION, at, dice)


# Series and a deed that counts for it.
DEEDS: dict[str, Callable[[str, datetime, Dice], Draft]] = {
    "blogger": community.post,
    "committer": development.push,
    "forum-voice": community.forum,
    "meeting-regular": _meeting,
    "package-builder": development.build,
    "update-tester": quality.test,
    "wiki-gardener": community.wiki,
}


def examples(unreached: Iterable[Badge]) -> Iterator[dict[str, Any]]:
    """Yield for each badge the message that earns it as the last of ``history`` similar ones."""
    for badge in unreached:
        dice = Dice(f"example/{badge.slug}")
        if badge.series == "badge-collector":
            draft = announcement(badge, SOMEBODY, END)
        else:
            draft = DEEDS[badge.series](SOMEBODY, END, dice)
        message = envelope(draft, badge.threshold)
        yield {"slug": badge.slug, "history": badge.threshold, "message": message}
