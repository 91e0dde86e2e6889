# SPDX-License-Identifier: AGPL-3.0-or-later
"""The OAuth 2.0 server: Authlib keeps its rules, our services keep codes and tokens."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload
from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    ClientMixin,
    InvalidRequestError,
    OAuth2Request,
    TokenMixin,
    grants,
)
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import g, request

from issuer.models import AppAccess
from issuer.services import app_addresses, app_tokens, apps
from issuer.site import current_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Request
    from sqlalchemy.orm import Session

    from issuer.models import ApiToken, App, Person

# Authlib writes whole tokens to its log where it may.
logging.getLogger("authlib.oauth2").setLevel(logging.INFO)

METHODS = ["client_secret_basic", "client_secret_post", "none"]
CODE, REFRESH = "authorization_code", "refresh_token"
#: What others want for refresh tokens; here an app gets them that registered for them.
OFFLINE = "offline_access"
SESSION, ADDRESS = "oauth_session", "oauth_address"


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """An app, as Authlib asks about it."""

    app: App

    def get_client_id(self) -> str:
        """Return its name for programs."""
        return self.app.client_id

    def get_default_redirect_uri(self) -> None:
        """Return nothing: a request says where its answer goes (RFC 9700, section 2.1)."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return what is asked for, or nothing where the app may not ask for all of it."""
        wanted = set((scope or "").split()) - {OFFLINE}
        if not wanted or not wanted <= set(self.app.scopes):
            return None
        return " ".join(each for each in apps.SCOPES if each in wanted)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it may be answered there."""
        return app_addresses.fits(self.app.redirect_uris, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether that is its secret."""
        known = self.app.secret_hash or ""
        return secrets.compare_digest(known, apps.hashed(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether it proves in that way who it is."""
        return method == self.app.auth_method

    def check_response_type(self, response_type: str) -> bool:
        """Whether it may ask for that."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may get tokens in that way."""
        return grant_type == CODE or (grant_type == REFRESH and self.app.renews)


@dataclass(frozen=True, slots=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib has no types
    """What a code stands for, as Authlib asks about it."""

    access: AppAccess

    @property
    def code_challenge(self) -> str:
        """The hash of the secret that whoever began has to show."""
        return self.access.code_challenge

    @property
    def code_challenge_method(self) -> str:
        """How it was hashed: a request without it was refused."""
        return "S256"

    def get_redirect_uri(self) -> str:
        """Return where it was sent."""
        return self.access.redirect_uri

    def get_scope(self) -> str:
        """Return what was allowed."""
        return " ".join(self.access.scopes)


@dataclass(frozen=True, slots=True)
class Token(TokenMixin):  # type: ignore[misc]  # Authlib has no types
    """A token of an app, as Authlib asks about it."""

    row: ApiToken
    access: AppAccess

    def check_client(self, client: Client) -> bool:
        """Whether it is of that app."""
        return self.access.app_id == client.app.id

    def get_scope(self) -> str:
        """Return what it opens."""
        return " ".join(self.row.scopes)

    def is_expired(self) -> bool:
        """Say no: who looked for it got none that is over."""
        return False

    def is_revoked(self) -> bool:
        """Say no, as `is_expired`."""
        return False


class _Payload(FlaskOAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    """What a request says: in its body, or in its address where it has none; never in both."""

    @property
    def data(self) -> Any:
        return self._request.form if self._request.method == "POST" else self._request.args


class _Request(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """A request as Authlib reads it."""

    def __init__(self, given: Request) -> None:
        # TLS ends at a proxy, and `security` sees to it; Authlib looks at the scheme alone.
        super().__init__(given.method, f"https://{given.host}{given.path}", headers=given.headers)
        self.payload = _Payload(given)
        self._given = given

    @property
    def args(self) -> Any:
        return self._given.args

    @property
    def form(self) -> Any:
        return self._given.form


class _OnlyS256(CodeChallenge):  # type: ignore[misc]  # Authlib has no types
    """Demands PKCE of everybody, by the one method that does not show the secret."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 -- Authlib's own form

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: code_challenge, code_challenge_method=S256")
        super().validate_code_challenge(grant, redirect_uri)


class _CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib has no types
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Client) -> str:
        uri = request.payload.redirect_uri
        if not uri or not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect_uri is not one that the app registered.")
        return str(uri)

    def generate_authorization_code(self) -> str:
        return app_tokens.new_token()

    def save_authorization_code(self, code: str, request: Any) -> None:
        app_tokens.allow(
            session(),
            request.client.app,
            request.user,
            request.scope.split(),
            redirect_uri=request.payload.redirect_uri,
            challenge=request.payload.data["code_challenge"],
            code=code,
            address=g.get(ADDRESS),
            now=datetime.now(UTC),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = app_tokens.of_code(session(), client.app, code, now=datetime.now(UTC))
        return Code(found) if found else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        authorization_code.access.code_used_at = datetime.now(UTC)  # kept, to know it again

    def authenticate_user(self, authorization_code: Code) -> Person | None:
        return _living(authorization_code.access)


class _RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]  # Authlib has no types
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        now, database = datetime.now(UTC), session()
        found = app_tokens.of_refresh(database, self.client.app, refresh_token, now=now)
        if found is None:
            return None
        return Token(found, database.get_one(AppAccess, found.access_id))

    def authenticate_user(self, refresh_token: Token) -> Person | None:
        return _living(refresh_token.access)

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.row.last_used_at = datetime.now(UTC)


class _Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib has no types
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        found = app_tokens.of_any(session(), token_string)
        return Token(*found) if found else None

    def revoke_token(self, token: Token, request: Any) -> None:
        app_tokens.revoke(session(), token.row)


class _Issuer(IssuerParameter):  # type: ignore[misc]  # Authlib has no types
    def get_issuer(self) -> str:
        return current_site().settings.base_url


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """The authorization server of a site; a view gives it a session to write with."""

    def __init__(self) -> None:
        super().__init__(query_client=_find, save_token=_save)
        seconds = int(app_tokens.ACCESS_LASTS.total_seconds())
        generator = BearerTokenGenerator(_new_token, _new_token, seconds)
        self.register_token_generator("default", generator)
        self.register_grant(_CodeGrant, [_OnlyS256(required=True)])
        self.register_grant(_RefreshGrant)
        self.register_endpoint(_Revocation)
        self.register_extension(_Issuer())

    def create_oauth2_request(self, given: Any) -> _Request:
        """Return the running request, or the one that was read already."""
        return given if isinstance(given, _Request) else _Request(request)


def session() -> Session:
    """Return the session with which this request writes."""
    return cast("Session", g.get(SESSION))


def repeated(names: Sequence[tuple[str, str]]) -> str:
    """Return a parameter that came more than once, which none may (RFC 6749, section 3.2)."""
    seen: set[str] = set()
    for name, _ in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _find(client_id: str) -> Client | None:
    found = apps.find(session(), client_id)
    return Client(found) if found else None


def _save(token: dict[str, Any], made: _Request) -> None:
    before = made.authorization_code or made.refresh_token
    app_tokens.issue(
        session(),
        before.access,
        token["scope"].split(),
        token["access_token"],
        token.get("refresh_token", ""),
        now=datetime.now(UTC),
    )


def _living(access: AppAccess) -> Person | None:
    return None if access.person.erased_at else access.person


def _new_token(**_about: object) -> str:
    return app_tokens.new_token()
