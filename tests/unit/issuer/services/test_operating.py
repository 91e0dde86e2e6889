# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import AuditEntry, JobRun, OutboxMessage, QuarantinedMessage
from issuer.services import mailing, operating, outbox, quarantine
from issuer.services.permissions import Actor
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ROOT = Actor(username="root")


@pytest.fixture
def rows(session: Session) -> dict[str, int]:
    """Return rows of the outbox by their state."""
    made = {
        state: outbox.announce(session, f"badges.{state}", {}, stream="asha", now=NOW)
        for state in ("sent", "waiting", "delayed", "refused")
    }
    made["sent"].sent_at = made["refused"].refused_at = NOW
    made["delayed"].due_at = NOW + timedelta(hours=1)
    made["delayed"].last_error = "The broker said 100% no."
    mailing.queue(session, "asha@home.example", "s", "t", topic="address", stream="l-1", now=NOW)
    session.flush()
    found = {state: message.id for state, message in made.items()}
    letter = session.scalars(select(OutboxMessage).filter_by(kind="e-mail")).one()
    return {**found, "letter": letter.id}


def test_what_is_not_sent_is_found_by_state_and_words(
    session: Session, rows: dict[str, int]
) -> None:
    for state, query, found in (
        ("", "", {"waiting", "delayed", "refused", "letter"}),
        ("waiting", "", {"waiting", "letter"}),
        ("delayed", "", {"delayed"}),
        ("refused", "", {"refused"}),
        ("", "100%", {"delayed"}),
        ("", "l-1", {"letter"}),
    ):
        got = {each.id for each in session.scalars(operating.unsent(state, query))}
        assert got == {rows[name] for name in found}, (state, query)


def test_one_is_tried_again_or_dropped_with_a_reason(
    session: Session, rows: dict[str, int]
) -> None:
    operating.retry(session, ROOT, rows["delayed"], now=NOW)
    for name, error in (("waiting", ConflictError), ("sent", NotFoundError)):
        with pytest.raises(error):
            operating.retry(session, ROOT, rows[name], now=NOW)
    with pytest.raises(InvalidInputError, match="reason"):
        operating.drop(session, ROOT, rows["refused"], " ", now=NOW)
    for name in ("refused", "letter"):
        operating.drop(session, ROOT, rows[name], "The topic is gone.", now=NOW)
    session.expire_all()
    left = {each.id for each in session.scalars(operating.unsent("waiting"))}
    assert left == {rows["waiting"], rows["delayed"]}
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [each.action for each in entries] == ["outbox.retry", "outbox.drop", "outbox.drop"]
    assert entries[1].after is not None
    assert entries[1].after["reason"] == "The topic is gone."
    assert "asha@" not in str(entries[2].after)


def test_a_message_is_given_up_once_and_the_reason_is_kept(session: Session) -> None:
    reason = {"content": {"a": 1}, "reason": "no sender", "now": NOW}
    for number in (1, 2):
        quarantine.put(session, message_id=f"m{number}", topic="wiki.edit", **reason)
    first, second = session.scalars(select(QuarantinedMessage).order_by(QuarantinedMessage.id))
    operating.give_up(session, ROOT, first.id, "Nobody needs it.", now=NOW)
    assert (first.resolution, first.content) == ("dropped: Nobody needs it.", "null")
    with pytest.raises(ConflictError, match="dropped"):
        operating.give_up(session, ROOT, first.id, "again", now=NOW)
    assert session.scalars(operating.put_aside()).all() == [second]
    assert len(session.scalars(operating.put_aside(with_resolved=True)).all()) == 2
    assert session.scalars(operating.put_aside(query="m1")).all() == []


def test_the_last_run_of_each_job_is_known(session: Session) -> None:
    for hours, name in ((0, "mirror"), (1, "mirror"), (2, "lifecycle")):
        session.add(JobRun(name=name, started_at=NOW + timedelta(hours=hours)))
    session.flush()
    assert [(run.name, run.started_at.hour) for run in operating.last_runs(session)] == [
        ("lifecycle", 14),
        ("mirror", 13),
    ]
    assert len(session.scalars(operating.runs("mirror")).all()) == 2
