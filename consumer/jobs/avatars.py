# SPDX-License-Identifier: AGPL-3.0-or-later
"""A badge for those who show a picture of themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from issuer.adapters.avatars import has_picture
from issuer.services import crowds
from issuer.services.emails import portrait_hash

if TYPE_CHECKING:
    from consumer.jobs.work import Work
    from issuer.services.crowds import Member


class Libravatar:
    """Asks the service of pictures about everybody who has no such badge, one after the other."""

    name = "libravatar"
    summary = "A badge for those who have a picture at Libravatar."

    def run(self, work: Work) -> None:
        """Award the badge to whoever has a picture; the service is asked at a polite rate."""
        settings = work.settings
        if not (settings.avatar_badge and settings.avatar_url):
            return
        asked = False
        for some in crowds.batches(work.reading, after=work.position):
            wanted = set(work.without(settings.avatar_badge, [each.username for each in some]))
            for person in some:
                with work.looking_at(person.username, position=str(person.id)):
                    name = _asked_for(work, person) if person.username in wanted else ""
                    if not name:
                        continue
                    if asked:
                        time.sleep(settings.avatar_seconds)
                    asked = True
                    if has_picture(settings, name):
                        work.award(settings.avatar_badge, person.username)


def _asked_for(work: Work, person: Member) -> str:
    """Return under what somebody is asked for: nobody who did not choose that, by default."""
    if person.avatar_hash or not work.settings.avatar_everybody:
        return person.avatar_hash or ""
    return portrait_hash(f"{person.username}@{work.settings.email_domain}")
