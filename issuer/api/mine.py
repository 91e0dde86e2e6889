# SPDX-License-Identifier: AGPL-3.0-or-later
"""``/api/v1/me`` and ``/api/v1/badges``: for whom a token speaks, and what they may award."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer.access import acting
from issuer.addresses import Addresses
from issuer.api import answers, lists
from issuer.api.programs import answer, operation
from issuer.bearers import TOKEN, current_token
from issuer.services import award_lists, grants, persons
from issuer.services.permissions import Right, Scope
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Badge
    from issuer.services.permissions import Actor


@operation("GET", "/me", what=TOKEN, answers={200: answers.Me})
def show_me() -> Response:
    """Tell for whom the token speaks, and what it is good for."""
    session, token = db_session(), current_token()
    actor = acting(session)
    person = persons.find(session, actor.username)
    return answer(
        answers.Me(
            username=person.username,
            name=person.display_name or person.username,
            scopes=sorted(actor.scopes or ()),
            token=answers.Token(
                name=token.name, created_at=token.created_at, expires_at=token.expires_at
            ),
        )
    )


@operation(
    "GET",
    "/badges",
    what=Scope.AWARDS_READ,
    answers={200: answers.Badges},
    problems=(422,),
    arguments=lists.ARGUMENTS,
)
def list_badges() -> Response:
    """List the badges that you may award, by their slugs.

    These are the badges for which you hold a grant of your own. What a group of yours may award, or
    what you may do by a role, is open to you on the site alone.
    """
    after, limit = lists.asked()
    session, now = db_session(), datetime.now(UTC)
    actor = acting(session)
    found = award_lists.badges_page(session, actor, Right.AWARD, now=now, after=after, limit=limit)
    items = [_badge(session, actor, badge, now) for badge in found.items]
    return answer(answers.Badges(items=items, next=lists.next_part(found.after)))


def _badge(session: Session, actor: Actor, badge: Badge, now: datetime) -> answers.Badge:
    addresses = Addresses(current_site().settings.base_url)
    return answers.Badge(
        **lists.name_of(badge).model_dump(),
        description=badge.description,
        image=addresses.badge_image(badge.slug, badge.version),
        repeatable=badge.repeatable,
        left=grants.left(session, actor, badge, now=now),
        until=grants.until(session, actor, badge, now=now),
    )
