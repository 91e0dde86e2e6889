# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards by hand to many people: each line judged before, and once more when it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, tuple_

from issuer.errors import ConflictError
from issuer.models import (
    Award,
    Badge,
    BadgeEdition,
    BatchKind,
    BatchLine,
    BatchState,
    LineState,
    Person,
    Source,
)
from issuer.models.awards import FREED
from issuer.services import audits, awards, batches, grants, permissions, standings
from issuer.services.gifts import Cause, Gift
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Batch
    from issuer.services.gifts import Given
    from issuer.services.permissions import Actor
    from issuer.services.standings import Holder

    #: A badge and a person, by their rows.
    _Pair = tuple[int, int]

_SOME = 300


@dataclass(slots=True)
class _Held:
    """What somebody has, or had, of a badge."""

    live: bool = False
    revoked: bool = False  # and nobody allowed it again
    slots: set[str] = field(default_factory=set)


def judge(
    session: Session,
    actor: Actor,
    lines: Sequence[BatchLine],
    *,
    again: bool,
    now: datetime,
    lock: bool = False,
) -> dict[int, str]:
    """Refuse the lines that cannot be given as things stand; return the occurrences of the others.

    ``again``: also to those from whom the badge was taken back. With ``lock`` nobody else spends
    the same grants until the transaction ends.
    """
    ready = [line for line in lines if line.state == LineState.READY]
    badges = _judge_badges(session, actor, ready, now)
    _judge_people(session, ready)
    slots = _judge_holdings(session, ready, badges, again=again)
    for badge in badges.values():
        left = grants.left(session, actor, badge, now=now, lock=lock)
        own = [each for each in ready if each.badge_id == badge.id and _is_ready(each)]
        for line in own[left:] if left is not None else ():
            batches.refuse(line, "over-quota", str(left))
    return slots


def give(session: Session, actor: Actor, batch: Batch, *, email_domain: str, now: datetime) -> bool:
    """Award the next lines that were shown, and note on each what became of it.

    Tells whether more are left. What stands in the batch is given and nothing else; what is not
    possible any more is refused. Raises `ConflictError` for a batch that is not to be given.
    """
    batches.require_own(actor, batch)
    if batch.kind != BatchKind.AWARD or batch.state not in {BatchState.SHOWN, BatchState.DOING}:
        raise ConflictError("list: was awarded before: nothing was done now")
    if batch.begun_at is None:
        batch.state, batch.begun_at = BatchState.DOING, now
    lines = batches.next_lines(session, batch, LineState.READY)
    again = bool(batch.options.get("again"))
    holders = _holders(session, lines)
    slots = judge(session, actor, lines, again=again, now=now, lock=True)
    # In one order for everybody: two who give to the same people wait, and never for each other.
    order = sorted(filter(_is_ready, lines), key=lambda line: (_key(line, holders), line.badge_id))
    gifts = [_gift(actor, batch, line, slots[line.number], holders, now) for line in order]
    made = awards.give(session, gifts, email_domain=email_domain, now=now)
    number = _note(session, order, made)
    if number:
        after = {"awards": number, "badges": sorted({each.badge.slug for each in made if each})}
        audits.record(session, actor, "award.give", "batch", batch.uuid, now=now, after=after)
    more = len(lines) == batches.CHUNK
    if not more:
        batch.state, batch.done_at = BatchState.DONE, now
    session.flush()
    return more


def _judge_badges(
    session: Session, actor: Actor, lines: Sequence[BatchLine], now: datetime
) -> dict[int, Badge]:
    ids = {line.badge_id for line in lines}
    found = {badge.id: badge for badge in session.scalars(select(Badge).where(Badge.id.in_(ids)))}
    may = permissions.within(actor, Right.AWARD, now=now)
    allowed = set(session.scalars(select(Badge.id).where(Badge.id.in_(ids), may)))
    drawn = exists().where(BadgeEdition.badge_id == Badge.id)
    complete = set(session.scalars(select(Badge.id).where(Badge.id.in_(ids), drawn)))
    for line in lines:
        badge = found[line.badge_id or 0]
        if badge.id not in allowed:
            batches.refuse(line, "forbidden", badge.slug)
        elif badge.retired_at is not None:
            batches.refuse(line, "retired", badge.slug)
        elif badge.id not in complete:
            batches.refuse(line, "no-picture", badge.slug)
    return {number: badge for number, badge in found.items() if number in allowed}


def _judge_people(session: Session, lines: Sequence[BatchLine]) -> None:
    ids = sorted({line.person_id for line in lines if line.person_id is not None})
    gone: dict[int, str] = {}
    for start in range(0, len(ids), _SOME):
        away = select(Person.id, Person.erased_at).where(
            Person.id.in_(ids[start : start + _SOME]),
            Person.opted_out | Person.erased_at.is_not(None),
        )
        for number, erased_at in session.execute(away):
            gone[number] = "erased" if erased_at is not None else "opted-out"
    for line in lines:
        if line.person_id in gone:
            batches.refuse(line, gone[line.person_id])


def _judge_holdings(
    session: Session, lines: Sequence[BatchLine], badges: dict[int, Badge], *, again: bool
) -> dict[int, str]:
    held = _holdings(session, lines)
    slots: dict[int, str] = {}
    for line in filter(_is_ready, lines):
        if badges[line.badge_id or 0].repeatable:
            slots[line.number] = f"by-hand-{line.number}"
            continue
        found = held.get((line.badge_id or 0, line.person_id or 0), _Held())
        if found.live:
            batches.refuse(line, "held")
        elif found.revoked and not again:
            batches.refuse(line, "taken-back")
        else:
            slots[line.number] = awards.next_slot(found.slots)
    return slots


def _holdings(session: Session, lines: Iterable[BatchLine]) -> dict[_Pair, _Held]:
    pairs = sorted({(line.badge_id or 0, line.person_id) for line in lines if line.person_id})
    held: dict[_Pair, _Held] = {}
    for start in range(0, len(pairs), _SOME):
        rows = session.execute(
            select(Award.badge_id, Award.person_id, Award.occurrence, Award.revoked_at).where(
                tuple_(Award.badge_id, Award.person_id).in_(pairs[start : start + _SOME])
            )
        )
        for badge_id, person_id, slot, revoked_at in rows:
            each = held.setdefault((badge_id, person_id), _Held())
            each.slots.add(slot)
            each.live = each.live or revoked_at is None
            each.revoked = each.revoked or not slot.startswith(FREED)
    return held


def _is_ready(line: BatchLine) -> bool:
    return line.state == LineState.READY


def _holders(session: Session, lines: Sequence[BatchLine]) -> dict[int, Holder]:
    """Return the people of lines by their rows; who came to be known meanwhile gets on the line."""
    ids = {line.person_id for line in lines if line.person_id is not None}
    keys = set(session.scalars(select(Person.key).where(Person.id.in_(ids))))
    new = {line.account.lower() for line in lines if line.person_id is None}
    found = standings.find_people(session, keys | new)
    for line in lines:
        if line.person_id is None and (holder := found.get(line.account.lower())):
            line.person_id = holder.id
    return {holder.id: holder for holder in found.values()}


def _key(line: BatchLine, holders: dict[int, Holder]) -> str:
    return holders[line.person_id].key if line.person_id is not None else line.account.lower()


def _gift(
    actor: Actor,
    batch: Batch,
    line: BatchLine,
    slot: str,
    holders: dict[int, Holder],
    now: datetime,
) -> Gift:
    holder = holders[line.person_id] if line.person_id is not None else None
    cause = Cause(
        source=Source(batch.options.get("source", Source.ADMIN)),
        id=str(batch.uuid),
        narrative=line.narrative,
        evidence=line.evidence,
        awarded_by=actor.person_id,
    )
    by_hand = slot.startswith("by-hand-")
    return Gift(
        badge_id=line.badge_id or 0,
        username=holder.username if holder else line.account,
        holder=holder,
        cause=cause,
        issued_at=line.issued_at or now,
        occurrence=f"{batch.uuid}-{line.number}" if by_hand else slot,
    )


def _note(session: Session, lines: Sequence[BatchLine], made: Sequence[Given | None]) -> int:
    uuids = [each.award.uuid for each in made if each is not None]
    rows: dict[object, int] = {}
    for start in range(0, len(uuids), _SOME):
        some = select(Award.uuid, Award.id).where(Award.uuid.in_(uuids[start : start + _SOME]))
        rows.update((row[0], row[1]) for row in session.execute(some))
    for line, each in zip(lines, made, strict=True):
        if each is None:
            batches.refuse(line, "held")  # somebody else was quicker
            continue
        line.state, line.award_id = LineState.DONE, rows[each.award.uuid]
        line.person_id = each.person.id
    return len(uuids)
