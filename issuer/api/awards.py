# SPDX-License-Identifier: AGPL-3.0-or-later
"""``/api/v1/awards``: given to many at once, each line told; listed; undone within ten minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from werkzeug.wrappers import Response

from issuer import steps
from issuer.access import acting
from issuer.api import answers, bodies, lists
from issuer.api.bodies import AwardRequest
from issuer.api.programs import answer, operation
from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Batch, BatchKind, LineState, Source
from issuer.services import (
    award_lists,
    awarding,
    awards,
    batches,
    naming,
    permissions,
    repeats,
    revocations,
    wishes,
)
from issuer.services.permissions import Right, Scope
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.models import ApiRequest, Award, BatchLine
    from issuer.services.naming import Names
    from issuer.services.permissions import Actor
    from issuer.services.repeats import Once
    from issuer.services.wishes import Wish

#: Why nothing was done for somebody.
REASONS = {
    "not-a-name": "this cannot be a user name, or no account has this address",
    "unknown-person": "nobody of that name is known here: `make_accounts` makes an account",
    "no-account": "the directory has no such account",
    "opted-out": "wants no badges",
    "erased": "had the account erased",
    "forbidden": "you have no right to this badge",
    "retired": "the badge is retired",
    "no-picture": "the badge has no picture yet",
    "repeated": "stands in the list already",
    "held": "has the badge already",
    "taken-back": "the badge was taken back from this person: `again` awards it all the same",
    "future": "the date lies in the future",
    "before-badge": "the badge did not exist on that day",
    "bad-narrative": "the text is too long, or holds what cannot be seen",
    "over-quota": "more than your grant allows",
}


@operation(
    "POST",
    "/awards",
    what=Scope.AWARDS_WRITE,
    takes=AwardRequest,
    answers={201: answers.Given, 200: answers.Given},
    problems=(409,),
    counts_once=True,
)
def give_awards() -> Response:
    """Award a badge to one person, or to up to a hundred.

    201 when at least one badge was awarded, 200 when none was: each line says what became of whom.
    What can be awarded is awarded, whatever is wrong with other lines.
    """
    body = bodies.read(AwardRequest)
    once, wanted = bodies.once(body), body.wanted()
    with current_site().database.reading() as session:
        actor = acting(session)
        before = repeats.earlier(session, actor, once, now=datetime.now(UTC))
        if before is not None:
            return _again(session, actor, before)
        # Now, while no transaction of ours holds anything: a directory may be slow.
        names = naming.ask(session, steps.accounts(), [wish.name for wish in wanted])
    return steps.once(
        lambda session, actor, now: _give(session, actor, body, wanted, names, once, now)
    )


@operation(
    "GET",
    "/awards",
    what=Scope.AWARDS_READ,
    answers={200: answers.Awards},
    problems=(422,),
    arguments=lists.ARGUMENTS,
)
def list_awards() -> Response:
    """List the awards that you gave, newest first: by hand, by a program, or by an invitation."""
    after, limit = lists.asked()
    session, now = db_session(), datetime.now(UTC)
    found = award_lists.given_page(session, acting(session), after=after, limit=limit)
    items = [_award(award, now) for award in found.items]
    return answer(answers.Awards(items=items, next=lists.next_part(found.after)))


@operation(
    "DELETE",
    "/awards/<uuid:uuid>",
    what=Scope.AWARDS_WRITE,
    answers={204: None},
    problems=(404, 409),
)
def undo_award(uuid: UUID) -> Response:
    """Undo an award that you gave within the last ten minutes.

    It is revoked as awarded by mistake, and may be awarded again. One that was revoked before stays
    so.
    """
    steps.once(
        lambda session, actor, now: revocations.undo_one(
            session, actor, awards.find(session, str(uuid)), now=now
        )
    )
    return Response(status=204)


def _give(
    session: Session,
    actor: Actor,
    body: AwardRequest,
    wanted: list[Wish],
    names: Names,
    once: Once | None,
    now: datetime,
) -> Response:
    before = repeats.begin(session, actor, once, now=now)
    if before is not None:
        return _again(session, actor, before)
    _check(session, actor, body.badge, now)
    lines = wishes.read(session, wanted, names, make_accounts=body.make_accounts, now=now)
    options = {
        "make_accounts": body.make_accounts,
        "again": body.again,
        "source": Source.API.value,
    }
    batch = batches.make(session, actor, BatchKind.AWARD, lines, now=now, options=options)
    domain = current_site().settings.email_domain
    awarding.give(session, actor, batch, email_domain=domain, now=now)
    repeats.end(session, actor, once, batch_id=batch.id)
    return _told(session, batch)


def _check(session: Session, actor: Actor, name: str, now: datetime) -> None:
    """Raise unless somebody may award a badge, and others may get it."""
    badge = wishes.find_badges(session, [name]).get(name)
    if badge is None:
        raise InvalidInputError("badge %(badge)r: there is none", badge=name)
    permissions.require(session, actor, Right.AWARD, badge, now=now)
    if badge.retired_at is not None:
        raise ConflictError(
            "badge %(badge)r: is retired, nobody gets it any more", badge=badge.slug
        )


def _again(session: Session, actor: Actor, before: ApiRequest) -> Response:
    """Return what came of the same request when it came first."""
    statement = select(Batch).filter_by(id=before.batch_id, made_by_id=actor.person_id)
    response = _told(session, session.scalars(statement).one())
    response.headers[bodies.REPLAYED] = "true"
    return response


def _told(session: Session, batch: Batch) -> Response:
    rows = batches.lines(session, batch, limit=bodies.MAX_PEOPLE).items
    lines = [_line(row) for row in rows]
    refused = sum(line.state == answers.State.REFUSED for line in lines)
    badge = next(row.badge for row in rows if row.badge is not None)
    given = answers.Given(
        id=batch.uuid,
        badge=lists.name_of(badge),
        awarded=sum(line.state == answers.State.AWARDED for line in lines),
        refused=refused,
        lines=lines,
    )
    return answer(given, 200 if refused == len(lines) else 201)


def _line(row: BatchLine) -> answers.Line:
    award = row.award
    is_refused = row.state == LineState.REFUSED
    is_undone = award is not None and award.is_revoked
    detail = REASONS.get(row.reason, row.reason) if is_refused else None
    if row.reason == "over-quota":
        detail = f"{detail}: {row.detail} are left"
    return answers.Line(
        person=row.name,
        state=answers.State.REFUSED
        if is_refused
        else answers.State.UNDONE
        if is_undone
        else answers.State.AWARDED,
        reason=row.reason if is_refused else None,
        detail=detail,
        award=award.uuid if award is not None else None,
        url=lists.award_url(award) if award is not None else None,
    )


def _award(award: Award, now: datetime) -> answers.Award:
    person = award.person
    last = award.created_at + batches.UNDO
    hidden = person.opted_out or person.erased_at is not None
    return answers.Award(
        id=award.uuid,
        badge=lists.name_of(award.badge),
        person=None if hidden else person.username,
        issued_on=award.issued_at,
        awarded_at=award.created_at,
        source=award.source,
        narrative=award.narrative,
        evidence=award.evidence,
        url=lists.award_url(award),
        revoked=award.is_revoked,
        revocation_reason=award.revocation_reason,
        undo_until=last if last >= now and not award.is_revoked else None,
    )
