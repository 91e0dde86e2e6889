# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may ask: an app with a token for this, of a person who is still there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError
from authlib.oauth2.rfc6750 import BearerTokenValidator
from werkzeug.exceptions import Forbidden, Unauthorized

from issuer.services import app_tokens
from issuer.site import current_site
from issuer.statusinfo import status_info

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import ApiToken, AppAccess

REALM = "Open Badges"


@dataclass(frozen=True, slots=True)
class Opened:
    """A token that opens something, as Authlib asks about it."""

    row: ApiToken
    access_id: int

    def get_scope(self) -> str:
        """Return what it opens."""
        return " ".join(self.row.scopes)

    def is_expired(self) -> bool:
        """Say no: who looked for it got none that is over."""
        return False

    def is_revoked(self) -> bool:
        """Say no, as `is_expired`."""
        return False


class _Validator(BearerTokenValidator):  # type: ignore[misc]  # Authlib has no types
    def authenticate_token(self, token_string: str) -> Opened | None:
        now = datetime.now(UTC)
        with current_site().database.reading() as database:
            found = app_tokens.of_token(database, token_string, now=now)
            if found is None:
                return None
            row, access = found
            is_noted = app_tokens.is_noted(access, now=now)
            database.expunge_all()
        if not is_noted:
            with current_site().database.writing() as database:
                app_tokens.note_use(database, access, now=now)
        return Opened(row, access.id)


class _Protector(ResourceProtector):  # type: ignore[misc]  # Authlib has no types
    def raise_error_response(self, error: Any) -> None:
        """Answer in the words of the API, and in the header that tells what is missing."""
        text = error.get_error_description() or error.error
        response = status_info(error.status_code, text)
        challenge = f'Bearer realm="{REALM}"'
        if not isinstance(error, MissingAuthorizationError):  # RFC 6750, section 3.1
            challenge += f', error="{error.error}"'
        response.headers["WWW-Authenticate"] = challenge
        kind = Forbidden if error.status_code == 403 else Unauthorized
        raise kind(response=response)


_protector = _Protector()
_protector.register_token_validator(_Validator(realm=REALM))


def opened(scope: str) -> Opened:
    """Return the token of the running request; it is refused unless it opens ``scope``."""
    try:
        token: Opened = _protector.acquire_token(scope)
    except OAuth2Error as error:
        _protector.raise_error_response(error)
        raise
    return token


def access_of(database: Session, token: Opened) -> AppAccess:
    """Return what a person allowed, in a session of the caller; refuse where it just ended."""
    now = datetime.now(UTC)
    found = app_tokens.of_access(database, token.access_id, now=now)
    if found is None:
        raise Unauthorized(response=status_info(401, "the access has just ended"))
    return found
