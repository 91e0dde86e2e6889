# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notes awards that ran out, and tells their holders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.models import Award
from issuer.services import expiring

if TYPE_CHECKING:
    from consumer.jobs.work import Work
    from issuer.services.expiring import Mark


class Expiry:
    """Looks at awards whose time is over, each once."""

    name = "expiry"
    summary = "Notes badges that have run out, and tells their holders by e-mail."

    def run(self, work: Work) -> None:
        """Note each award; letters are queued where a mail server is configured."""
        with work.reading() as session:
            work.expect(expiring.size(session, now=work.now))
        after: Mark | None = None
        while True:
            with work.reading() as session:
                found = [
                    (f"{each.badge.slug} of {each.person.username}", each.expires_at, each.id)
                    for each in expiring.find(session, now=work.now, after=after)
                ]
            for name, ended, number in found:
                with work.looking_at(name):
                    _note(work, number)
                after = (ended or work.now, number)
            if not found:
                return


def _note(work: Work, number: int) -> None:
    settings = work.settings
    with work.changing() as session:
        was_told = expiring.note(
            session,
            session.get_one(Award, number),
            email_domain=settings.email_domain,
            site_name=settings.site_name,
            tell=bool(settings.mail_host),
            now=work.now,
        )
    work.tally.skip("told by a letter" if was_told else "noted without a letter")
