# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bundled sample of bus messages, moved in time so that it looks like the last two years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from issuer.errors import NotFoundError
from issuer.models import Assertion, Award, Person, Setting
from issuer.paths import bundled_rules
from issuer.services import persons
from issuer.services.replaying import records

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SETTING = "demo.sample"
AGE_OF_NEWEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class State:
    """How far the sample is loaded, and by how much it is moved in time."""

    shift: timedelta
    finished: bool


def begin(session: Session, *, now: datetime) -> State:
    """Return the state of the sample; at the first time, decide how far it is moved.

    The shift is kept, so that a load that was interrupted goes on with the same dates.
    """
    setting = session.get(Setting, SETTING)
    if setting is None:
        shift = now.replace(microsecond=0) - AGE_OF_NEWEST - _newest()
        value = {"shift": shift.total_seconds(), "finished": False}
        setting = Setting(key=SETTING, value=value, updated_at=now)
        session.add(setting)
        session.flush()
    return State(timedelta(seconds=setting.value["shift"]), setting.value["finished"])


def finish(session: Session, *, now: datetime) -> None:
    """Note that the whole sample is loaded."""
    setting = session.get_one(Setting, SETTING)
    setting.value = {**setting.value, "finished": True}
    setting.updated_at = now


def add_people(session: Session, shift: timedelta) -> None:
    """Make the people of the sample, each with a name and the day they joined."""
    start = _moment(_records("messages")[0])
    for record in _records("people"):
        if "service" not in record:
            joined = start + timedelta(days=record["joined"]) + shift
            person = persons.ensure(session, record["username"], now=joined)
            person.display_name = person.display_name or record["name"]


def directory() -> dict[str, Any]:
    """Return who has an account, in the form of a file of settings."""
    others = [record for record in _records("people") if "service" in record]
    return {
        "fas_missing": [record["username"] for record in others],
        "config": {
            "email_domain": "example.org",
            "skip_users": [record["username"] for record in others if record["service"]],
        },
    }


def messages(shift: timedelta) -> list[dict[str, Any]]:
    """Return the messages in the order of time, moved by ``shift``; their ids stay."""
    return [_moved(record, shift) for record in _records("messages")]


def showcase(session: Session) -> tuple[str, str]:
    """Return the user name of who has most badges, and the address of their newest assertion."""
    statement = (
        select(Person.id, Person.username)
        .join(Award, Award.person_id == Person.id)
        .where(Award.revoked_at.is_(None), Person.opted_out.is_(False))
        .group_by(Person.id, Person.username)
        .order_by(func.count().desc(), Person.id)
        .limit(1)
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFoundError("demo: nobody has a badge to show")
    person_id, username = found
    newest = (
        select(Assertion.document_id)
        .join(Award, Assertion.award_id == Award.id)
        .where(Award.person_id == person_id, Award.revoked_at.is_(None), Assertion.is_default)
        .order_by(Award.issued_at.desc(), Award.id.desc())
        .limit(1)
    )
    return username, session.scalars(newest).one()


def _records(name: str) -> list[dict[str, Any]]:
    path = bundled_rules() / "sample" / f"{name}.jsonl"
    with path.open("rb") as file:
        return [record for _, record in records(file, path.name)]


def _newest() -> datetime:
    return max(_moment(record) for record in _records("messages"))


def _moment(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["timestamp"])


def _moved(record: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    moment = (_moment(record) + shift).isoformat()
    headers = {**record.get("headers", {}), "sent-at": moment}
    return {**record, "timestamp": moment, "headers": headers}
