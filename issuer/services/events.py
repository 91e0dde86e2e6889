# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events of programs: they go the way of a message, though no bus carried them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from issuer.errors import InvalidInputError
from issuer.services import processing
from rules.engine import RuleSet
from rules.model import Message
from rules.recipients import is_username

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.processing import Policy, Processed

MAX_STATE = 64 << 10
MAX_ID = 255
_EVENT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_NO_RULES = RuleSet()


def record(
    session: Session,
    event: str,
    *,
    user: str,
    policy: Policy,
    now: datetime,
    ruleset: RuleSet = _NO_RULES,
    event_id: str | None = None,
    at: datetime | None = None,
    **state: Any,
) -> Processed:
    """Tell the badges that something happened: `user` did `event`, and `state` is what is known.

    An award is made at `at`, by default now. The same `event_id` a second time changes nothing;
    without one each call is an event of its own. With `ruleset` rules see the event as a message
    whose topic it is and whose body is the state.

    Raises `InvalidInputError`: the names, the moment or the state cannot be used.
    """
    identifier = uuid4().urn if event_id is None else event_id
    if not _EVENT.fullmatch(event):
        raise InvalidInputError(f"event {event[:80]!r}: must be like 'profile.completed'")
    if not is_username(user):
        raise InvalidInputError(f"event {event!r}: user {user[:80]!r} is no account name")
    if not identifier or len(identifier) > MAX_ID or not identifier.isprintable():
        raise InvalidInputError(f"event {event!r}: its id needs 1 to {MAX_ID} printable characters")
    moment = now if at is None else at
    if moment.tzinfo is None or moment > now:
        raise InvalidInputError(f"event {event!r}: at {moment} needs a zone, and must not be later")
    message = Message(
        id=identifier,
        topic=event,
        body=_json(event, state),
        sent_at=moment,
        agent_name=user,
        usernames=(user,),
    )
    return processing.process(session, message, ruleset, policy, users=(user,), now=now)


def _json(event: str, state: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(state, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"event {event!r}: its state is not JSON: {error}") from error
    if len(text) > MAX_STATE or "\\u0000" in text:
        raise InvalidInputError(
            f"event {event!r}: its state is over {MAX_STATE} bytes or holds NUL"
        )
    body: dict[str, Any] = json.loads(text)
    return body
