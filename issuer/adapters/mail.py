# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sends letters to people through the mail server that is configured."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Protocol

from issuer.errors import MailAwayError, MailRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from issuer.config import Settings

SECONDS = 10
PERMANENT = range(500, 600)
#: Whatever a server quotes of somebody's address, in brackets or without.
ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A letter to one person."""

    to: str
    subject: str
    text: str
    written_at: datetime


class Mailer(Protocol):
    """What takes letters; raises `MailAwayError` and `MailRefusedError`."""

    def send(self, mail: Mail) -> None:
        """Hand a letter over, and return once it was taken."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """The mail server of the settings; each letter is a conversation of its own."""

    settings: Settings

    def send(self, mail: Mail) -> None:
        """Hand a letter over.

        Raises `MailRefusedError` where the server will never take it, `MailAwayError` where it
        may be tried again.
        """
        message = self._written(mail)
        try:
            with self._conversation() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise _failure(code, reason) from error
        except smtplib.SMTPResponseException as error:
            # What is said before a letter is handed over (greeting, TLS, login) is about us.
            about_it = isinstance(error, (smtplib.SMTPDataError, smtplib.SMTPSenderRefused))
            raise _failure(error.smtp_code if about_it else 0, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailAwayError(f"mail server {self.settings.mail_host}: {error}") from error

    @contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        settings = self.settings
        context = ssl.create_default_context()
        place = (settings.mail_host, settings.mail_port)
        server = (
            smtplib.SMTP_SSL(*place, timeout=SECONDS, context=context)
            if settings.mail_security == "tls"
            else smtplib.SMTP(*place, timeout=SECONDS)
        )
        with server:
            if settings.mail_security == "starttls":
                server.starttls(context=context)
            if settings.mail_user:
                server.login(settings.mail_user, settings.mail_password)
            yield server

    def _written(self, mail: Mail) -> EmailMessage:
        settings = self.settings
        sender = settings.mail_from or settings.issuer_email
        message = EmailMessage()
        try:
            message["From"] = sender
            message["To"] = mail.to
            message["Subject"] = mail.subject
            message["Date"] = format_datetime(mail.written_at)
            message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
            message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's machine answers
            message.set_content(mail.text)
        except ValueError as error:  # a line break in a header, or what is no address
            raise MailRefusedError(f"letter cannot be written: {_unnamed(str(error))}") from error
        return message


def _failure(code: int, reason: bytes | str) -> MailAwayError | MailRefusedError:
    said = reason.decode("ascii", "replace") if isinstance(reason, bytes) else reason
    kind = MailRefusedError if code in PERMANENT else MailAwayError
    return kind(f"mail server: {code} {_unnamed(said):.200}".strip())


def _unnamed(said: str) -> str:
    """Leave addresses of people out: what went wrong is logged, and shown to operators."""
    return ADDRESS.sub("…", said)
