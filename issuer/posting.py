# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where letters go out: whatever waits for the mail server, until it took it."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from issuer.adapters.mail import SmtpMailer
from issuer.errors import MailAwayError, MailRefusedError
from issuer.services import mailing

if TYPE_CHECKING:
    from issuer.adapters.mail import Mailer
    from issuer.site import Site

log = logging.getLogger(__name__)


def post(site: Site, mailer: Mailer, *, now: datetime) -> int:
    """Send the letters that are due and return how many were taken.

    Raises `MailAwayError` when the mail server takes none; they stay, and are tried again.
    """
    with site.database.writing() as session:
        letters = mailing.take(session, now=now)
        session.expunge_all()
    sent = 0
    for number, letter in enumerate(letters):
        try:
            mailer.send(mailing.opened(letter))
        except MailRefusedError as error:
            log.warning("letter %d can never be sent: %s", letter.id, error)
        except MailAwayError as error:
            with site.database.writing() as session:
                for each in letters[number:]:
                    mailing.postpone(session, each, str(error), now=now)
            raise
        else:
            sent += 1
        with site.database.writing() as session:
            mailing.finish(session, letter)
    return sent


def post_soon(site: Site) -> None:
    """Send what waits in a thread of its own: nobody waits for a mail server."""
    if site.settings.mail_host:
        threading.Thread(target=_post, args=(site,), daemon=True, name="letters").start()


def _post(site: Site) -> None:
    try:
        while post(site, SmtpMailer(site.settings), now=datetime.now(UTC)):
            pass
    except (MailAwayError, SQLAlchemyError) as error:
        log.warning("letters: none can be sent now, they stay: %s", error)
