# SPDX-License-Identifier: AGPL-3.0-or-later
"""``/api/v1/invitations``: links and codes by which a badge is claimed, made, shown and closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from issuer import printing, steps
from issuer.access import acting
from issuer.adapters.sheets import PAPERS
from issuer.api import answers, bodies, lists
from issuer.api.bodies import InvitationRequest
from issuer.api.programs import Argument, answer, operation
from issuer.api.requests import InvalidRequestError
from issuer.errors import NotFoundError
from issuer.models import Invitation
from issuer.services import (
    choosing,
    invitation_lists,
    invitations,
    permissions,
    quotas,
    repeats,
    tables,
)
from issuer.services.permissions import Right, Scope
from issuer.services.tables import Sort
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor
    from issuer.services.repeats import Once

PDF = "application/pdf"
#: Of any row; no database looks for a larger one.
MAX_NUMBER = 2**31 - 1


@operation(
    "POST",
    "/invitations",
    what=Scope.INVITATIONS_WRITE,
    takes=InvitationRequest,
    answers={201: answers.InvitationWithCodes},
    problems=(409,),
    counts_once=True,
)
def make_invitation() -> Response:
    """Make a link for many people, or one-time codes for one person each.

    What an invitation promises counts against your grant at once. Its addresses are secrets:
    whoever has one gets the badge.
    """
    body = bodies.read(InvitationRequest)
    once = bodies.once(body)
    return steps.once(lambda session, actor, now: _make(session, actor, body, once, now))


@operation(
    "GET",
    "/invitations",
    what=Scope.INVITATIONS_READ,
    answers={200: answers.Invitations},
    problems=(422,),
    arguments={
        "state": Argument.one_of("Not named: both.", *invitation_lists.STATES),
        "badge": Argument("The slug of a badge."),
        **lists.ARGUMENTS,
    },
)
def list_invitations() -> Response:
    """List the invitations that you made, newest first; codes that belong together as one."""
    after, limit = lists.asked()
    state, slug = request.args.get("state", ""), request.args.get("badge", "")
    if state not in {"", *invitation_lists.STATES}:
        raise InvalidRequestError([{"where": "state", "what": "must be open or closed"}])
    session, now = db_session(), datetime.now(UTC)
    found = tables.page(
        session,
        invitation_lists.listed(
            acting(session), now=now, state=state, badge=slug.replace("\0", "\ufffd")
        ).options(joinedload(Invitation.badge)),
        invitation_lists.COLUMNS,
        sort=Sort("made", descending=True),
        key=Invitation.id.expression,
        after=after,
        limit=limit,
    )
    items = [answers.Invitation(**_facts(row[0], row.used, row.codes, now)) for row in found.items]
    return answer(answers.Invitations(items=items, next=lists.next_part(found.after)))


@operation(
    "GET",
    "/invitations/<int:number>",
    what=Scope.INVITATIONS_READ,
    answers={200: answers.InvitationWithCodes},
    problems=(404,),
)
def show_invitation(number: int) -> Response:
    """Show an invitation with all its codes."""
    session, now = db_session(), datetime.now(UTC)
    found = _find(session, acting(session), number, now)
    return answer(_whole(session, found, now))


@operation(
    "GET",
    "/invitations/<int:number>/sheet.pdf",
    what=Scope.INVITATIONS_READ,
    answers={200: PDF},
    problems=(404, 410, 422),
    arguments={"paper": Argument.one_of("`a4` where it is not named.", *PAPERS)},
)
def print_invitation(number: int) -> Response:
    """Fetch a sheet to print: a poster of a link, or cards of the codes that are open."""
    paper = request.args.get("paper", "a4")
    if paper not in PAPERS:
        what = f"must be one of {', '.join(PAPERS)}"
        raise InvalidRequestError([{"where": "paper", "what": what}])
    session, now = db_session(), datetime.now(UTC)
    found = _find(session, acting(session), number, now)
    body = printing.sheet_of(session, found, paper, now=now)
    response = Response(body, content_type=PDF)
    name = f"{found.badge.slug}-{number}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@operation(
    "DELETE",
    "/invitations/<int:number>",
    what=Scope.INVITATIONS_WRITE,
    answers={204: None},
    problems=(404,),
)
def revoke_invitation(number: int) -> Response:
    """Close an invitation, with all codes that were made with it.

    What was claimed by it stays. One that is closed already stays so.
    """
    steps.once(
        lambda session, actor, now: invitations.revoke(
            session,
            _find(session, actor, number, now),
            actor=actor,
            now=now,
        )
    )
    return Response(status=204)


def _find(session: Session, actor: Actor, number: int, now: datetime) -> Invitation:
    if number > MAX_NUMBER:
        raise NotFoundError("invitation %(number)s: there is none", number=number)
    return invitation_lists.find(session, actor, number, now=now)


def _make(
    session: Session, actor: Actor, body: InvitationRequest, once: Once | None, now: datetime
) -> Response:
    before = repeats.begin(session, actor, once, now=now)
    if before is not None:
        found = invitation_lists.find(session, actor, before.invitation_id or 0, now=now)
        response = answer(_whole(session, found, now), 201)
        response.headers[bodies.REPLAYED] = "true"
        return response
    badge, wanted = choosing.chosen(session, body.badge), body.wanted(now)
    permissions.require(session, actor, Right.INVITE, badge, now=now)
    quotas.require(session, actor, badge, wanted.promised, now=now)
    made = invitations.make(session, badge, wanted, actor=actor, now=now)[0]
    repeats.end(session, actor, once, invitation_id=made.id)
    return answer(_whole(session, made, now), 201)


def _whole(session: Session, found: Invitation, now: datetime) -> answers.InvitationWithCodes:
    together = invitation_lists.codes(session, found)
    codes = together if found.batch else ()
    facts = _facts(found, sum(each.uses for each in together), len(codes), now)
    return answers.InvitationWithCodes(
        **facts,
        codes=[
            answers.Code(
                url=printing.link_to(each),
                qr_code=_picture(each),
                state=answers.Openness(invitations.closing(each, now=now) or "open"),
            )
            for each in codes
        ],
    )


def _facts(found: Invitation, used: int, codes: int, now: datetime) -> dict[str, Any]:
    is_link = not found.batch
    path = url_for(".print_invitation", number=found.id)
    return {
        "id": found.id,
        "badge": lists.name_of(found.badge),
        "state": _state(found, used, codes, now),
        "note": found.note,
        "created_at": found.created_at,
        "expires_at": found.expires_at,
        "maximum_uses": found.maximum_uses,
        "uses": used,
        "number_of_codes": codes,
        "url": printing.link_to(found) if is_link else None,
        "qr_code": _picture(found) if is_link else None,
        "sheet": current_site().settings.base_url + path,
    }


def _state(found: Invitation, used: int, codes: int, now: datetime) -> answers.Openness:
    """Return whether one is open; of codes, whether any of them is."""
    why = invitations.closing(found, now=now)
    if codes and why in {None, invitations.Closing.USED_UP}:
        why = invitations.Closing.USED_UP if used >= codes else None
    return answers.Openness(why or "open")


def _picture(invitation: Invitation) -> str:
    return f"{printing.link_to(invitation)}/qrcode"
