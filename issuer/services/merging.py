# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes one account of two that belong to one person.

Nothing that was issued stops verifying: every assertion keeps its id, its recipient and its text.
Where both accounts hold the same badge, the older award stays and takes the assertion of the other
in, as another document of the same award: so the badge counts once, and a revocation takes back
both. An award that was revoked stays revoked, beside the one that holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from issuer.errors import ConflictError, InvalidInputError
from issuer.models import (
    Assertion,
    Award,
    BackpackConnection,
    BadgeTotal,
    Claim,
    ClaimState,
    EmailIdentity,
    Export,
    Grant,
    OldName,
    Person,
)
from issuer.services import api_tokens, apps, audits, browsers, references, totals, traces
from issuer.services.claims import UNDER_WAY
from issuer.services.preferences import MAX_PINNED
from issuer.services.renaming import keep_name, locked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

#: What sees to itself; everything else that names the account follows it.
SEPARATE = ("awards.person_id", "email_identities.person_id", "totals.person_id")
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Double:
    """A badge that both accounts hold: the award that stays, and the one that goes into it."""

    stays: Award
    goes: Award


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a merge of ``gone`` into ``kept`` does; making it changes nothing."""

    kept: Person
    gone: Person
    moved: tuple[Award, ...]  # awards that the kept account gets
    doubles: tuple[Double, ...]
    grants: int
    addresses: int
    hides: bool  # somebody who hid one of the two accounts stays hidden
    moves_login: bool
    ends_login: bool  # both have one: that of the account that goes leads nowhere afterwards


def plan(session: Session, kept: Person, gone: Person) -> Plan:
    """Return what a merge would do; raise `ConflictError` for accounts that cannot be merged."""
    if kept.id == gone.id:
        raise ConflictError(
            "person %(person)r: is one account, there is nothing to merge", person=kept.username
        )
    for person in (kept, gone):
        if person.erased_at is not None:
            raise ConflictError(
                "person %(person)r: was erased, nothing of it is left", person=person.username
            )
    moved, doubles = _divided(session, kept, gone)
    return Plan(
        kept=kept,
        gone=gone,
        moved=tuple(moved),
        doubles=tuple(doubles),
        grants=_number(session, Grant, gone),
        addresses=_number(session, EmailIdentity, gone),
        hides=kept.opted_out or gone.opted_out,
        moves_login=gone.subject is not None and kept.subject is None,
        ends_login=gone.subject is not None and kept.subject is not None,
    )


def check_name(gone: Person, typed: str) -> None:
    """Raise `InvalidInputError` unless the name of the account that goes was typed."""
    if typed.strip().lower() != gone.key:
        raise InvalidInputError("name: type %(name)r, the account that goes", name=gone.username)


def merge(session: Session, actor: Actor, kept: Person, gone: Person, *, now: datetime) -> Plan:
    """Merge ``gone`` into ``kept`` and return what was done; raises as `plan`."""
    traces.lock(session, (kept.key, gone.key))
    locked(session, kept.id, gone.id)
    done = plan(session, kept, gone)
    for person in (kept, gone):
        if not person.opted_out:
            totals.leave(session, person.id)
    holders = _holders(session, done)
    session.execute(update(OldName).filter_by(person_id=gone.id).values(person_id=kept.id))
    keep_name(session, gone.key, kept.id, now=now)
    traces.move(session, gone.key, kept.key, kept.username, now=now)
    _merge_awards(session, done)
    _merge_addresses(session, kept, gone)
    api_tokens.forget(session, gone.id)  # they spoke for that account, and not for this one
    apps.shut_out_all(session, gone.id)  # they were let into that account, and not into this one
    browsers.end_all(session, gone.id)  # so does whoever is signed in to it
    _part_with(session, kept, gone, now)
    references.follow(session, "persons", gone.id, kept.id, without=SEPARATE)
    _merge_facts(session, kept, gone)
    kept.opted_out = done.hides
    session.flush()
    _count_holders(session, holders, kept.id)
    totals.renew(session, kept.id)
    if not done.hides:
        totals.come_back(session, kept.id)
    audits.record(session, actor, "person.merge", "person", kept.key, now=now, after=_told(done))
    session.flush()
    return done


def _divided(session: Session, kept: Person, gone: Person) -> tuple[list[Award], list[Double]]:
    """Return the awards that move, and the pairs of which one takes the other in."""
    live: dict[int, list[Award]] = {}
    own = _awards(session, kept)
    for award in own:
        if not award.is_revoked:
            live.setdefault(award.badge_id, []).append(award)
    moved, doubles = [], []
    for award in _awards(session, gone):
        twin = None if award.is_revoked else _twin(award, live.get(award.badge_id, []))
        if twin is None:
            moved.append(award)
        else:
            live[award.badge_id].remove(twin)
            doubles.append(Double(*sorted((award, twin), key=_lasting)))
    return moved, doubles


def _awards(session: Session, person: Person) -> Iterable[Award]:
    statement = select(Award).filter_by(person_id=person.id).order_by(Award.id)
    return session.scalars(statement.options(joinedload(Award.badge))).all()


def _twin(award: Award, held: list[Award]) -> Award | None:
    """Return the award that says the same: of a repeatable badge, the one of the same event."""
    if not award.badge.repeatable:
        return held[0] if held else None
    return next((each for each in held if each.occurrence == award.occurrence), None)


def _lasting(award: Award) -> tuple[float, datetime, int]:
    """Return by what one of two stays: it lasts longer, else it is the older."""
    return -(award.expires_at or NEVER).timestamp(), award.issued_at, award.id


def _number(session: Session, table: type[Grant | EmailIdentity], person: Person) -> int:
    statement = select(func.count()).select_from(table).filter_by(person_id=person.id)
    return session.scalars(statement).one()


def _merge_awards(session: Session, done: Plan) -> None:
    for double in done.doubles:
        stays, goes = double.stays, double.goes
        # A trigger counts it out of its month; so it is revoked for as long as it is there.
        goes.revoked_at = goes.issued_at
        session.flush()
        session.execute(
            update(Assertion)
            .filter_by(award_id=goes.id)
            .values(award_id=stays.id, is_default=False)
        )
        references.follow(session, "awards", goes.id, stays.id)
        _drop(session, goes)
    taken = {
        (badge, occurrence)
        for badge, occurrence in session.execute(
            select(Award.badge_id, Award.occurrence).filter_by(person_id=done.kept.id)
        )
    }
    staying = [double.stays for double in done.doubles if double.stays.person_id == done.gone.id]
    for award in (*staying, *done.moved):
        award.occurrence = _free(taken, award)
        award.person_id = done.kept.id
        taken.add((award.badge_id, award.occurrence))
    session.flush()


def _free(taken: set[tuple[int, str]], award: Award) -> str:
    """Return the occurrence of an award, or another where the kept account has one like it."""
    occurrence, number = award.occurrence, 1
    while (award.badge_id, occurrence) in taken:
        occurrence = f"merged-{number}"
        number += 1
    return occurrence


def _merge_addresses(session: Session, kept: Person, gone: Person) -> None:
    """Move addresses; of one that both have, the proven one stays."""
    own = {each.address: each for each in _addresses(session, kept)}
    for identity in _addresses(session, gone):
        twin = own.get(identity.address)
        identity.is_default = False
        if twin is None:
            identity.person_id = kept.id
            continue
        proven = twin.verified_at or identity.verified_at
        for table in (Assertion, BackpackConnection, Export):
            session.execute(
                update(table)
                .filter_by(email_identity_id=identity.id)
                .values(email_identity_id=twin.id)
            )
        _drop(session, identity)
        twin.verified_at = proven
    session.flush()


def _part_with(session: Session, kept: Person, gone: Person, now: datetime) -> None:
    """Let go of those things of which one person has one, and of which the better one stays."""
    others = aliased(Claim)
    under_way = exists().where(
        others.person_id == kept.id,
        others.badge_id == Claim.badge_id,
        others.state.in_(UNDER_WAY),
    )
    session.execute(
        update(Claim)
        .where(Claim.person_id == gone.id, Claim.state.in_(UNDER_WAY), under_way)
        .values(state=ClaimState.WITHDRAWN, text="", links=[])
        .execution_options(synchronize_session=False)
    )
    theirs = aliased(Grant)
    holds = exists().where(
        theirs.person_id == gone.id,
        theirs.badge_id == Grant.badge_id,
        or_(theirs.expires_at.is_(None), theirs.expires_at > now),
    )
    session.execute(
        delete(Grant)
        .where(Grant.person_id == kept.id, Grant.expires_at <= now, holds)
        .execution_options(synchronize_session=False)
    )


def _addresses(session: Session, person: Person) -> list[EmailIdentity]:
    return list(session.scalars(select(EmailIdentity).filter_by(person_id=person.id)))


def _merge_facts(session: Session, kept: Person, gone: Person) -> None:
    """Fill what the kept account says nothing of, and drop the other."""
    session.flush()
    _drop(session, gone)
    for name in ("display_name", "bio", "website", "avatar_hash", "email", "subject", "locale"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.pinned = list(dict.fromkeys([*kept.pinned, *gone.pinned]))[:MAX_PINNED]
    kept.created_at = min(kept.created_at, gone.created_at)
    logins = [each for each in (kept.last_login_at, gone.last_login_at) if each]
    kept.last_login_at = max(logins, default=None)


def _holders(session: Session, done: Plan) -> dict[int, int]:
    """Return of each badge that the account which goes holds, how many awards the two have."""
    mine = select(Award.badge_id).filter_by(person_id=done.gone.id)
    statement = (
        select(Award.badge_id, func.count(), func.count(Award.person_id.distinct()))
        .where(Award.person_id.in_((done.kept.id, done.gone.id)), Award.revoked_at.is_(None))
        .where(Award.badge_id.in_(mine))
        .group_by(Award.badge_id)
    )
    rows = session.execute(statement).all()
    for badge_id, _, people in rows:
        if people == 2:
            session.execute(
                update(BadgeTotal)
                .filter_by(badge_id=badge_id)
                .values(holders=BadgeTotal.holders - 1)
            )
    return {badge_id: number for badge_id, number, _ in rows}


def _count_holders(session: Session, before: dict[int, int], person_id: int) -> None:
    """Count the awards out that went into others."""
    statement = (
        select(Award.badge_id, func.count())
        .filter_by(person_id=person_id)
        .where(Award.revoked_at.is_(None), Award.badge_id.in_(before))
        .group_by(Award.badge_id)
    )
    for badge_id, number in session.execute(statement).all():
        if fewer := before[badge_id] - number:
            session.execute(
                update(BadgeTotal)
                .filter_by(badge_id=badge_id)
                .values(awards=BadgeTotal.awards - fewer)
            )


def _drop(session: Session, row: Award | EmailIdentity | Person) -> None:
    """Delete a row; what it said can still be read."""
    table = type(row)
    statement = delete(table).where(table.id == row.id)
    session.execute(statement, execution_options={"synchronize_session": False})
    session.expunge(row)


def _told(done: Plan) -> dict[str, object]:
    return {
        "merged": done.gone.username,
        "awards": len(done.moved),
        "doubles": [
            {"award": str(each.goes.uuid), "into": str(each.stays.uuid)} for each in done.doubles
        ],
        "grants": done.grants,
        "addresses": done.addresses,
        "hidden": done.hides,
    }
