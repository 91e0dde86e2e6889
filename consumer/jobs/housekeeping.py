# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs that award nothing: what is over goes, what waits is sent, what is old is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.mail import SmtpMailer
from issuer.adapters.publishing import Publisher, load_bus_configuration
from issuer.models import KeyState, SigningKey
from issuer.posting import post
from issuer.preparing import EXPORTS
from issuer.pushing import Pusher, calls_of
from issuer.sending import Sender
from issuer.services import apps, browsers, clearing, exports

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from consumer.jobs.work import Work
    from issuer.sending import Bus

#: Days before its end on which a key is named.
BEFORE_THE_END = timedelta(days=30)
#: A file to which nobody wrote for so long is not being made.
ABANDONED = timedelta(hours=6)
TOGETHER = 500


class InvitationCleanUp:
    """Looks at invitations that nobody used."""

    name = "invitation-clean-up"
    summary = "Deletes invitations that ended long ago and that nobody used."

    def run(self, work: Work) -> None:
        """Delete them, some at a time."""
        days = work.settings.invitation_keep_days
        _in_turns(
            work, lambda session: clearing.drop_invitations(session, keep_days=days, now=work.now)
        )


class ClaimCleanUp:
    """Looks at claims that wait for a reviewer."""

    name = "claim-clean-up"
    summary = "Declines claims of badges that are retired, and of people who want none."

    def run(self, work: Work) -> None:
        """Decline them, some at a time."""
        _in_turns(work, lambda session: clearing.decline_claims(session, now=work.now))


class AppCleanUp:
    """Looks at apps that made themselves known, and at what people allowed them."""

    name = "app-clean-up"
    summary = "Deletes what apps were allowed and is over, and apps that nobody lets in."

    def run(self, work: Work) -> None:
        """Delete them, some at a time."""
        _in_turns(work, lambda session: apps.drop_unused(session, now=work.now))


class LoginCleanUp:
    """Looks at logins that are over."""

    name = "login-clean-up"
    summary = "Deletes what was noted of logins that are over."

    def run(self, work: Work) -> None:
        """Delete them, some at a time."""
        _in_turns(work, lambda session: browsers.drop_ended(session, now=work.now))


class ExportCleanUp:
    """Looks at large ZIPs whose time is over, and at files that no row names."""

    name = "export-clean-up"
    summary = "Deletes large ZIPs whose time is over, and what is left of unfinished ones."

    def run(self, work: Work) -> None:
        """Delete rows, some at a time, and then their files; last the files without rows."""
        objects = work.site.objects

        def step(session: Session) -> int:
            number, names = exports.drop_expired(session, now=work.now)
            dropped.extend(names)
            return number

        dropped: list[str] = []
        _in_turns(work, step)
        # Whoever is killed before a file is gone leaves one without a row, a half one, or both.
        paths = list(objects.made_before(EXPORTS, work.now - ABANDONED))
        for start in range(0, len(paths), TOGETHER):
            by_name = {path.name: path for path in paths[start : start + TOGETHER]}
            with work.reading() as session:
                lost = exports.without_row(session, list(by_name))
            work.count(len(lost))
            for name in () if work.is_dry_run else lost:
                by_name[name].unlink(missing_ok=True)
        for name in () if work.is_dry_run else dropped:
            objects.drop_made(EXPORTS, name)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Sends what a consumer did not, or what was put off."""

    name: str = "outbox"
    summary: str = "Sends announcements, letters and badges that wait, and tries again what failed."
    make_bus: Callable[[], Bus] | None = None

    def run(self, work: Work) -> None:
        """Send until nothing is due; what can never be sent is a line of the run."""
        if work.is_dry_run:
            return
        bus = self.make_bus() if self.make_bus else _bus()
        sender = Sender(work.site, bus)
        try:
            while tried := sender.send_batch(work.now):
                work.count(tried)
            while sender.tidy(work.now):
                pass
        finally:
            bus.close()
        if sender.tally.refused:
            work.problem(
                f"{sender.tally.refused} announcements can never be sent: see "
                "'accolades outbox list --refused'"
            )
        if work.settings.mail_host:
            while sent := post(work.site, SmtpMailer(work.settings), now=work.now):
                work.count(sent)
        pusher = Pusher(work.site, calls_of(work.site))
        while pushed := pusher.push():
            work.count(pushed)


class KeyAge:
    """Looks at the signing keys in use."""

    name = "key-age"
    summary = "Warns of signing keys that are old, or end soon."

    def run(self, work: Work) -> None:
        """Name each key that should be rotated."""
        oldest = timedelta(days=work.settings.key_max_days)
        with work.reading() as session:
            keys = session.scalars(
                select(SigningKey).filter_by(state=KeyState.ACTIVE).order_by(SigningKey.id)
            ).all()
            for key in keys:
                with work.looking_at(key.kid):
                    age, until = work.now - key.valid_from, key.valid_until
                    if until is not None and until - work.now <= BEFORE_THE_END:
                        why = f"ends on {until:%Y-%m-%d}"
                    elif age > oldest:
                        why = f"is in use for {age.days} days, {oldest.days} are enough"
                    else:
                        continue
                    work.problem(f"key {key.kid} of {key.issuer.slug}: {why}")


def _in_turns(work: Work, step: Callable[[Session], int]) -> None:
    """Do a step, each in a transaction of its own, until nothing is left.

    In a dry run they share one, which is undone: each would find the same again.
    """
    number = 1
    while number:
        with work.changing() as session:
            number = step(session)
            work.count(number)
            while number and work.is_dry_run:
                number = step(session)
                work.count(number)


def _bus() -> Bus:
    load_bus_configuration()
    return Publisher()
