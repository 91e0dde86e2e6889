# SPDX-License-Identifier: AGPL-3.0-or-later
"""The conversation with the OpenID provider; whatever it answers, the site stays up."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from flask_oidc import OpenIDConnect
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.exceptions import ServiceUnavailable, Unauthorized

from issuer.errors import ConfigurationError

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from issuer.config import Settings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5
#: How long the provider's description is believed: a provider that went away is noticed after it.
METADATA_SECONDS = 60
RETRY_SECONDS = 60
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
#: What the libraries raise on answers that are not of the form they should have.
UNREADABLE = (AttributeError, KeyError, RuntimeError, TypeError, ValueError)


class Provider:
    """The configured OpenID provider, reached through flask-oidc and its Authlib client."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        """Set flask-oidc up; raise `ConfigurationError` with every mistake."""
        if mistakes := _mistakes(app, settings):
            raise ConfigurationError(mistakes)
        self._issuer = settings.oidc_issuer.rstrip("/")
        app.config.update(
            OIDC_CLIENT_SECRETS={
                "web": {
                    "client_id": settings.oidc_client_id,
                    "client_secret": settings.oidc_client_secret,
                    "issuer": self._issuer,
                }
            },
            OIDC_SCOPES=" ".join(settings.oidc_scopes),
            OIDC_INTROSPECTION_AUTH_METHOD=(
                "client_secret_post" if settings.oidc_client_secret else "none"
            ),
            # The pages of flask-oidc stay off: they redirect to `//foreign` addresses, log out by
            # GET, keep whole tokens in the cookie, and every page of a logged-in person fails
            # while the provider is away (fedora-infra/flask-oidc#57, #101).
            OIDC_RESOURCE_SERVER_ONLY=True,
        )
        self._client: Any = OpenIDConnect(app).oauth.oidc
        self._client.client_kwargs.update(
            code_challenge_method="S256", default_timeout=TIMEOUT_SECONDS, leeway=0
        )

    def send_away(self, redirect_uri: str) -> Response:
        """Return the redirect to the provider's login page."""
        metadata: dict[str, Any] = self._client.server_metadata
        if metadata.get("_loaded_at", 0) < time.time() - METADATA_SECONDS:
            metadata.pop("_loaded_at", None)
        try:
            named = self._client.load_server_metadata()["issuer"]
            if named.rstrip("/") != self._issuer:  # OpenID Connect Discovery 1.0, section 4.3
                raise ValueError(f"the provider calls itself {named!r:.200}")
            response: Response = self._client.authorize_redirect(redirect_uri)
        except (RequestException, *UNREADABLE) as error:
            raise _unavailable(error) from error
        return response

    def claims(self) -> dict[str, Any]:
        """Return what the provider says about the person whom it sent back to us."""
        # Keys are fetched anew for each login: a rotated key without a `kid` would not be noticed.
        self._client.server_metadata.pop("jwks", None)
        try:
            token = self._client.authorize_access_token()
            proven, told = token["userinfo"], self._client.userinfo(token=token)
            # OpenID Connect Core 1.0, section 5.3.2
            if told["sub"] != proven["sub"]:
                raise ValueError("the ID token and the user info are about different people")
        except (AuthlibBaseError, JoseError) as error:
            log.info("a login was refused: %s: %.200r", type(error).__name__, str(error))
            raise Unauthorized(
                "The login was cancelled, took too long, or began in another browser: try again."
            ) from error
        except (RequestException, *UNREADABLE) as error:
            raise _unavailable(error) from error
        return {**proven, **told, "iss": proven["iss"]}


def _unavailable(error: Exception) -> ServiceUnavailable:
    reason = (type(error).__name__, str(error))
    log.warning("the login provider cannot be used: %s: %.200r", *reason)
    return ServiceUnavailable(
        "The login service does not answer at the moment: everything else works, "
        "please try to log in again in a few minutes.",
        retry_after=RETRY_SECONDS,
    )


def _mistakes(app: Flask, settings: Settings) -> list[str]:
    mistakes = []
    issuer = urlsplit(settings.oidc_issuer)
    if issuer.scheme != "https" and (issuer.scheme != "http" or issuer.hostname not in LOOPBACK):
        mistakes.append(f"oidc_issuer: must begin with https://, got {settings.oidc_issuer!r:.80}")
    if not settings.oidc_client_id:
        mistakes.append("oidc_client_id: is missing: register this site at the login provider")
    if "openid" not in settings.oidc_scopes:
        mistakes.append("oidc_scopes: must contain 'openid'")
    if not app.secret_key:
        mistakes.append("secret_key: is missing: without it a login cannot be kept")
    everybody = app.config.get("OIDC_TESTING_PROFILE") or not app.config.get("OIDC_ENABLED", True)
    if everybody and not app.testing:
        mistakes.append("OIDC_TESTING_PROFILE logs everybody in: remove it, it is for tests")
    return mistakes
