# SPDX-License-Identifier: AGPL-3.0-or-later
"""Letters to a mail server of the test's own, which says what it is told to say."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.mail import Mail, SmtpMailer
from issuer.config import Settings
from issuer.errors import MailAwayError, MailRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTER = Mail(
    to="asha@example.net",
    subject="Grüße",
    text="Ein Link:\nhttps://badges.example/x\n",
    written_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)


class Server(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a letter needs; `answers` are those to some commands."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, **answers: str) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answers = {"HELLO": "220 here", **answers}
        self.taken: list[bytes] = []


class Conversation(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.say(self.server.answers["HELLO"])
        for line in self.rfile:
            command = line.split(b" ")[0].strip().decode().upper()
            if command == "DATA" and "DATA" not in self.server.answers:
                self.say("354 go on")
                self.server.taken.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say(self.server.answers.get("LETTER", "250 taken"))
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say(self.server.answers.get(command, "250 ok"))

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(**answers: str) -> Iterator[tuple[Server, SmtpMailer]]:
    with Server(**answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        settings = Settings(
            mail_host="127.0.0.1",
            mail_port=server.server_address[1],
            mail_security="none",
            mail_from="badges@example.org",
        )
        yield server, SmtpMailer(settings)
        server.shutdown()
        thread.join(5)


def test_a_letter_arrives_as_it_was_written() -> None:
    with serving() as (server, mailer):
        mailer.send(LETTER)
        read = message_from_bytes(server.taken[0])
    assert (read["From"], read["To"]) == ("badges@example.org", "asha@example.net")
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"].endswith("@example.org>")
    assert read["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    payload = read.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().split() == LETTER.text.split()


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ({"RCPT": "550 no such person"}, MailRefusedError, "550 no such person"),
        ({"RCPT": "451 later"}, MailAwayError, "451 later"),
        ({"LETTER": "554 looks like spam"}, MailRefusedError, "554"),
        ({"LETTER": "452 disk full"}, MailAwayError, "452"),
        ({"HELLO": "554 not for you"}, MailAwayError, "not for you"),
        # Attacks P1: what it quotes of an address would stand in logs.
        ({"RCPT": "550 <asha@example.net>: unknown"}, MailRefusedError, "550 <…>: unknown"),
    ],
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    answers: dict[str, str], error: type[Exception], said: str
) -> None:
    with serving(**answers) as (_, mailer), pytest.raises(error, match=said):
        mailer.send(LETTER)


def test_a_server_without_tls_gets_no_letter_where_tls_is_asked_for() -> None:
    with serving() as (server, mailer):
        strict = SmtpMailer(mailer.settings.model_copy(update={"mail_security": "starttls"}))
        with pytest.raises(MailAwayError):
            strict.send(LETTER)
        assert server.taken == []


def test_a_server_that_is_away_is_named() -> None:
    with serving() as (server, mailer):
        port = server.server_address[1]
    with pytest.raises(MailAwayError, match=r"mail server 127\.0\.0\.1"):
        SmtpMailer(mailer.settings.model_copy(update={"mail_port": port})).send(LETTER)


@pytest.mark.parametrize("change", [{"to": "a@x.example\nBcc: b@x.example"}, {"subject": "a\nb"}])
def test_no_header_is_smuggled_in(change: dict[str, str]) -> None:
    with serving() as (server, mailer):
        with pytest.raises(MailRefusedError, match="cannot be written"):
            mailer.send(replace(LETTER, **change))
        assert server.taken == []
