# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many awards taken back: by a list of addresses or names, or all of a badge; shown before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from sqlalchemy import func, select

from issuer.errors import ConflictError
from issuer.models import Assertion, Award, Badge, BatchKind, BatchLine, BatchState, LineState
from issuer.services import audits, awards, batches, permissions, revocations, standings
from issuer.services.permissions import Right
from issuer.services.revocations import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Batch
    from issuer.services.permissions import Actor
    from issuer.services.revocations import Letters

T = TypeVar("T")

_SOME = 300
#: What a browser shows behind the address of a page.
_BEHIND = re.compile(r"[?#].*", re.DOTALL)


def prepare(
    session: Session, actor: Actor, names: Sequence[str], badge: Badge | None, *, now: datetime
) -> list[BatchLine]:
    """Return what is meant by addresses, ids and user names, or what is wrong with each.

    A user name means the award of ``badge`` to that person.
    """
    found = _find_all(session, names, badge)
    allowed = _allowed(session, actor, found.values(), now)
    lines = []
    seen: dict[int, int] = {}
    for number, name in enumerate(names, 1):
        line = BatchLine(
            number=number,
            name=name[:300],
            badge_name="",
            account="",
            evidence=[],
            narrative="",
            state=LineState.READY,
            reason="",
            detail="",
        )
        _judge(line, found.get(name), badge, allowed, seen)
        lines.append(line)
    return lines


def take_back(
    session: Session, actor: Actor, batch: Batch, *, letters: Letters | None, now: datetime
) -> bool:
    """Revoke the next awards of a list, or of a badge; tell whether more are left.

    Raises `ConflictError` for a batch that is done, `InvalidInputError` for one without a reason.
    """
    batches.require_own(actor, batch)
    if batch.state not in {BatchState.SHOWN, BatchState.DOING}:
        raise ConflictError("list: was revoked before: nothing was done now")
    reason = str(batch.options.get("reason", ""))
    if batch.begun_at is None:
        batch.state, batch.begun_at = BatchState.DOING, now
    if batch.kind == BatchKind.REVOKE:
        more, number = _take_back_lines(session, actor, batch, reason, letters, now)
    else:
        more, number = _take_back_badge(session, actor, batch, reason, letters, now)
    if number:
        after = {"awards": number, "reason": reason}
        audits.record(session, actor, "award.revoke", "batch", batch.uuid, now=now, after=after)
    if not more:
        batch.state, batch.done_at = BatchState.DONE, now
    session.flush()
    return more


def confirm(batch: Batch, reason: str) -> None:
    """Note the reason of a batch that is to be revoked; raises `InvalidInputError` for none."""
    if batch.state == BatchState.SHOWN:
        batch.options = {**batch.options, "reason": awards.check_reason(reason)}


def number_of(session: Session, badge: Badge) -> tuple[int, int]:
    """Return how many awards of a badge are not revoked, and the newest of all its awards."""
    row = session.execute(
        select(func.count(), func.coalesce(func.max(Award.id), 0))
        .filter_by(badge_id=badge.id)
        .where(Award.revoked_at.is_(None))
    ).one()
    return int(row[0]), int(row[1])


def _take_back_lines(
    session: Session,
    actor: Actor,
    batch: Batch,
    reason: str,
    letters: Letters | None,
    now: datetime,
) -> tuple[bool, int]:
    lines = batches.next_lines(session, batch, LineState.READY)[:CHUNK]
    given = [line.award for line in lines if line.award is not None]
    allowed = _allowed(session, actor, given, now)
    number = 0
    # In one order for everybody, so that two never wait for each other.
    for line in sorted(lines, key=lambda each: each.award_id or 0):
        award = line.award
        if award is None or award.badge_id not in allowed:
            batches.refuse(line, "forbidden")
        elif revocations.revoke_in_list(session, actor, award, reason, letters, now):
            line.state = LineState.DONE
            number += 1
        else:
            batches.refuse(line, "revoked-before")
    return len(lines) == CHUNK, number


def _take_back_badge(
    session: Session,
    actor: Actor,
    batch: Batch,
    reason: str,
    letters: Letters | None,
    now: datetime,
) -> tuple[bool, int]:
    badge = session.get_one(Badge, batch.badge_id)
    permissions.require(session, actor, Right.REVOKE, badge, now=now)
    # What is awarded after it was shown is not what was shown.
    statement = (
        select(Award)
        .filter_by(badge_id=badge.id)
        .where(Award.revoked_at.is_(None), Award.id <= int(batch.options["upto"]))
        .order_by(Award.id)
        .limit(CHUNK)
    )
    found = session.scalars(statement).all()
    number = sum(
        revocations.revoke_in_list(session, actor, each, reason, letters, now) for each in found
    )
    batch.options = {**batch.options, "revoked": int(batch.options.get("revoked", 0)) + number}
    return len(found) == CHUNK, number


def _find_all(session: Session, names: Iterable[str], badge: Badge | None) -> dict[str, Award]:
    """Return the awards that names mean, in few statements."""
    wanted = list(dict.fromkeys(names))
    uuids: dict[str, UUID] = {}
    addresses: dict[str, str] = {}
    people: list[str] = []
    for name in wanted:
        bare = _BEHIND.sub("", name).rstrip("/").removesuffix(".json").removesuffix(".jws")
        if "://" in bare:
            addresses[name] = bare
        elif (uuid := _uuid(bare)) is not None:
            uuids[name] = uuid
        else:
            people.append(name)
    by_address: dict[object, Award] = {}
    by_uuid: dict[object, Award] = {}
    for some in _parts(list(addresses.values())):
        rows = select(Assertion.document_id, Award).join(Award, Assertion.award_id == Award.id)
        found = session.execute(rows.where(Assertion.document_id.in_(some)))
        by_address.update((row[0], row[1]) for row in found)
    for part in _parts(list(uuids.values())):
        own = session.scalars(select(Award).where(Award.uuid.in_(part)))
        by_uuid.update({award.uuid: award for award in own})
        rows_by_uuid = select(Assertion.uuid, Award).join(Award, Assertion.award_id == Award.id)
        own_ones = session.execute(rows_by_uuid.where(Assertion.uuid.in_(part)))
        by_uuid.update((row[0], row[1]) for row in own_ones)
    meant = {name: by_address.get(address) for name, address in addresses.items()}
    meant |= {name: by_uuid.get(uuid) for name, uuid in uuids.items()}
    meant |= _of_people(session, people, badge)
    return {name: award for name, award in meant.items() if award is not None}


def _of_people(
    session: Session, names: Sequence[str], badge: Badge | None
) -> dict[str, Award | None]:
    """Return the newest award of a badge that each has, one that is not revoked if there is one."""
    if badge is None:
        return {}
    found: dict[str, Award | None] = {}
    for some in _parts(list(names)):
        holders = standings.find_people(session, [name.lower() for name in some])
        ids = {holder.id for holder in holders.values()}
        own = select(Award).where(Award.badge_id == badge.id, Award.person_id.in_(ids))
        by_person: dict[int, Award] = {}
        for award in session.scalars(own.order_by(Award.revoked_at.is_(None), Award.id)):
            by_person[award.person_id] = award
        for name in some:
            if holder := holders.get(name.lower()):
                found[name] = by_person.get(holder.id)
    return found


def _judge(
    line: BatchLine,
    award: Award | None,
    badge: Badge | None,
    allowed: set[int],
    seen: dict[int, int],
) -> None:
    if award is None:
        is_name = "://" not in line.name and _uuid(line.name) is None
        batches.refuse(line, "needs-badge" if is_name and badge is None else "no-award", line.name)
        return
    line.award_id, line.badge_id, line.person_id = award.id, award.badge_id, award.person_id
    if award.badge_id not in allowed:
        batches.refuse(line, "forbidden")
    elif award.is_revoked:
        batches.refuse(line, "revoked-before")
    elif award.id in seen:
        batches.refuse(line, "repeated", str(seen[award.id]))
    seen.setdefault(award.id, line.number)


def _allowed(session: Session, actor: Actor, given: Iterable[Award], now: datetime) -> set[int]:
    ids = {award.badge_id for award in given}
    may = permissions.within(actor, Right.REVOKE, now=now)
    return set(session.scalars(select(Badge.id).where(Badge.id.in_(ids), may)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _parts(values: list[T]) -> Iterable[list[T]]:
    return (values[start : start + _SOME] for start in range(0, len(values), _SOME))
