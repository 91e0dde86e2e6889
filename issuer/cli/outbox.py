# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades outbox``: what is announced on the bus, letters to people, what is not sent yet."""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from issuer.adapters.mail import SmtpMailer
from issuer.adapters.publishing import Publisher, load_bus_configuration
from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.errors import InvalidInputError, MailAwayError
from issuer.posting import post
from issuer.sending import Sender
from issuer.services import mailing
from issuer.services import outbox as announcements

if TYPE_CHECKING:
    from types import FrameType

    from issuer.models import OutboxMessage


@click.group()
def outbox() -> None:
    """Send announcements to the bus, and see which are not sent."""


@outbox.command("list")
@click.option("--refused", is_flag=True, help="Only those that can never be sent as they are.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_unsent(context: Context, *, refused: bool, limit: int, as_json: bool) -> None:
    """Show what is not sent, the oldest first."""
    with context.site.database.reading() as session:
        found = [
            _facts(message)
            for message in announcements.unsent(session, refused_only=refused, limit=limit)
        ]
    for facts in found:
        if as_json:
            click.echo(json.dumps(facts))
        else:
            click.echo(
                f"{facts['id']}  {facts['state']}  {facts['topic']}  {facts['stream']}  "
                f"attempts: {facts['attempts']}  {facts['error'] or ''}".rstrip()
            )
    if not found and not as_json:
        click.echo("everything is sent")


@outbox.command()
@click.option("--follow", is_flag=True, help="Go on with what comes later, until told to stop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def send(context: Context, *, follow: bool, as_json: bool) -> None:
    """Send what waits to the bus, in order for each person; a running consumer does so too.

    What was sent longer ago than the setting `outbox_keep_days` says is deleted.

    The bus is configured by the file that FEDORA_MESSAGING_CONF names.
    """
    load_bus_configuration()
    publisher = Publisher()
    sender = Sender(context.site, publisher)
    try:
        if follow:
            _follow(sender)
        else:
            while sender.send_batch(datetime.now(UTC)):
                pass
            while sender.tidy(datetime.now(UTC)):
                pass
    finally:
        publisher.close()
    tally = sender.tally
    if as_json:
        click.echo(
            json.dumps({"sent": tally.sent, "refused": tally.refused, "delayed": tally.delayed})
        )
    else:
        click.echo(f"{tally.sent} sent, {tally.refused} refused, {tally.delayed} delayed")
    sys.exit(NEGATIVE if tally.refused or tally.delayed else 0)


@outbox.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def mail(context: Context, *, as_json: bool) -> None:
    """Send the letters to people that wait, through the mail server of the settings."""
    site, sent, trouble = context.site, 0, ""
    if not site.settings.mail_host:
        raise InvalidInputError("outbox: no mail server is configured: set ACCOLADES_MAIL_HOST")
    try:
        while taken := post(site, SmtpMailer(site.settings), now=datetime.now(UTC)):
            sent += taken
    except MailAwayError as error:
        trouble = str(error)
        click.echo(f"accolades: {error}: it is tried again later", err=True)
    with site.database.reading() as session:
        waiting = mailing.waiting(session)
    if as_json:
        click.echo(json.dumps({"sent": sent, "waiting": waiting}))
    else:
        click.echo(f"{sent} sent" + (f", {waiting} waiting" if waiting else ""))
    sys.exit(NEGATIVE if trouble else 0)


@outbox.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that were refused or delayed.")
@pass_context
def retry(context: Context, ids: tuple[int, ...], *, everything: bool) -> None:
    """Let refused or delayed messages be tried again at once."""
    if bool(ids) == everything:
        raise InvalidInputError("outbox: name messages by their ids, or all of them with --all")
    with context.site.database.writing() as session:
        changed = announcements.retry(session, None if everything else ids)
    missing = set(ids) - set(changed)
    for number in sorted(missing):
        click.echo(f"message {number}: is not refused or delayed", err=True)
    click.echo(f"{len(changed)} to be tried again")
    sys.exit(NEGATIVE if missing else 0)


def _follow(sender: Sender) -> None:
    """Send in a thread until a signal comes: a handler of signals must not touch its locks."""
    told: SimpleQueue[int] = SimpleQueue()

    def stop(number: int, _frame: FrameType | None) -> None:
        told.put(number)

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    worker = threading.Thread(target=sender.run, name="outbox")
    worker.start()
    try:
        told.get()
    finally:
        sender.stop()
        worker.join()
        for number, handler in former.items():
            signal.signal(number, handler)


def _facts(message: OutboxMessage) -> dict[str, object]:
    state = "refused" if message.refused_at else "delayed" if message.due_at else "waiting"
    return {
        "id": message.id,
        "message_id": message.message_id,
        "topic": message.topic,
        "stream": message.stream,
        "state": state,
        "attempts": message.attempts,
        "error": message.last_error,
        "created_at": message.created_at.isoformat(),
        "due_at": message.due_at.isoformat() if message.due_at else None,
        "body": message.body,
    }
