# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who speaks by a token: read from the header alone, and never more than both may do."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import g, request
from werkzeug.exceptions import Forbidden, Unauthorized

from issuer import limits
from issuer.errors import ForbiddenError
from issuer.services import api_tokens, permissions
from issuer.services.permissions import Actor, Scope
from issuer.site import current_site, db_session, live

if TYPE_CHECKING:
    from issuer.models import ApiToken, Person

log = logging.getLogger(__name__)

#: For everybody who brings a token, whatever it is good for.
TOKEN: Final = "token"  # noqa: S105 (who may open a view)
REALM = "Accolades"


class NoTokenError(Unauthorized):
    """Nobody speaks, or by what is no token of ours (any more)."""

    def __init__(self, description: str, error: str = "") -> None:
        super().__init__(description)
        self.error = error

    def get_headers(self, *arguments: Any, **options: Any) -> list[tuple[str, str]]:
        """Tell what is missing (RFC 6750, section 3)."""
        challenge = f'Bearer realm="{REALM}"' + (f', error="{self.error}"' if self.error else "")
        return [*super().get_headers(*arguments, **options), ("WWW-Authenticate", challenge)]


class NoScopeError(Forbidden):
    """The token is good for other things."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"the token has no scope {scope}: make one that has it")
        self.scope = scope

    def get_headers(self, *arguments: Any, **options: Any) -> list[tuple[str, str]]:
        """Tell which scope is missing (RFC 6750, section 3.1)."""
        challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{self.scope}"'
        return [*super().get_headers(*arguments, **options), ("WWW-Authenticate", challenge)]


def is_for_tokens(what: str) -> bool:
    """Whether a view is for those who bring a token."""
    return what == TOKEN or what in set(Scope)


def admitted(what: str) -> Actor:
    """Return who brings the token of the running request, if that opens what a view needs.

    Raises `NoTokenError`, `NoScopeError`, and `ForbiddenError` for somebody without the right.
    """
    actor, now = _speaker(), datetime.now(UTC)
    if what == TOKEN:
        return actor
    scope = Scope(what)
    if scope not in (actor.scopes or ()):
        log.warning("refused: %s to a token of %s", request.endpoint, actor.username)
        raise NoScopeError(scope)
    if not permissions.holds(db_session(), actor, scope.right, now=now):
        g.actor = actor  # who is named in the log
        raise ForbiddenError(
            "%(scope)s: you hold no grant: you have no badge to %(right)s",
            scope=scope,
            right=scope.right,
        )
    return actor


def current_token() -> ApiToken:
    """Return the token of the running request, which was admitted."""
    token: ApiToken = g.token
    return token


def calls() -> str:
    """Return how often one token may be used."""
    return f"{live().api_per_minute} per minute"


def counted_for() -> str:
    """Return for whom a request is counted: the token, or where there is none the caller."""
    text = _presented()
    if not api_tokens.is_wellformed(text):
        return limits.caller()
    return f"token {api_tokens.hash_of(text)}"


def is_good() -> bool:
    """Whether the running request brings a token that may be used."""
    found = _found()
    return found is not None and api_tokens.is_live(found[0], datetime.now(UTC))


def _speaker() -> Actor:
    """Return whose token it is; groups and roles of a login are not known to it."""
    now = datetime.now(UTC)
    if not _presented():
        raise NoTokenError("send a token: Authorization: Bearer acc_…; your settings make one")
    found = _found()
    if found is None:
        _refuse("not one of this site: look whether all of it was copied")
    token, person = found
    if not api_tokens.is_live(token, now):
        _refuse("has ended: make a new one in your settings")
    if not api_tokens.is_noted(token, now):
        with current_site().database.writing() as database:
            api_tokens.note_use(database, token.id, now=now)
    g.token = token
    return Actor(
        username=person.username,
        person_id=person.id,
        origin=f"{limits.caller()}, token {token.id}",
        scopes=frozenset(Scope(each) for each in token.scopes if each in set(Scope)),
    )


def _found() -> tuple[ApiToken, Person] | None:
    """Return the token of the running request and whose it is; looked up once."""
    if "found_token" not in g:
        g.found_token = api_tokens.find(db_session(), _presented())
    found: tuple[ApiToken, Person] | None = g.found_token
    return found


def _presented() -> str:
    """Return what the header holds; an address or a form never does: they stand in logs."""
    given = request.authorization
    return (given.token or "") if given is not None and given.type == "bearer" else ""


def _refuse(why: str) -> NoReturn:
    log.warning("refused: %s to a token that is no good", request.endpoint)
    raise NoTokenError(f"the token: {why}", "invalid_token")
