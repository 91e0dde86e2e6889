# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo's OpenID provider: one button a person and no password, for a demo on this machine."""

from __future__ import annotations

import importlib
import socket
import threading
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import authlib.deprecate
from flask import Flask, abort, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from issuer.errors import ConfigurationError
from issuer.paths import data_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response
    from flask.typing import ResponseReturnValue

    from issuer.config import Settings

ADDRESS = "127.0.0.1"
LOOPBACK = {ADDRESS, "::1", "localhost"}
CALLBACK = "/login/callback"  # where the site expects people back
CONTENT_LIMIT = 1 << 16
STOP_SECONDS = 5
POLL_SECONDS = 0.1
LAST_PORT = 65535
#: The library has more: a client of its own that fetches any address, registration, a logout that
#: redirects anywhere. None of that is needed here.
LIBRARY = "oidc-provider-mock"
AUTHORIZE = f"{LIBRARY}.authorize"
SERVED = {AUTHORIZE, "style"} | {
    f"{LIBRARY}.{name}" for name in ("home", "issue_token", "jwks", "openid_config", "userinfo")
}
REGISTERING = "accolades.registering"  # no request from outside can set a name like this


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody whom the demo lets in at the press of a button."""

    username: str
    name: str
    email: str
    groups: tuple[str, ...] = ()
    role: str = ""  # what the button says beside the name

    @property
    def subject(self) -> str:
        """The provider's own identifier."""
        return f"demo-{self.username}"

    @property
    def claims(self) -> dict[str, object]:
        """What the site is told."""
        return {
            "nickname": self.username,
            "preferred_username": self.username,
            "name": self.name,
            "email": self.email,
            "email_verified": True,
            "groups": list(self.groups),
        }


@dataclass(frozen=True, slots=True)
class DemoPermit:
    """Leave to let people in without a password; it exists only for a demo on this machine.

    Raises `ConfigurationError` for every other site.
    """

    settings: Settings

    def __post_init__(self) -> None:
        mistakes = []
        if not self.settings.demo:
            mistakes.append("this site is not a demo: use `accolades demo`")
        if urlsplit(self.settings.base_url).hostname not in LOOPBACK:
            mistakes.append(f"base_url {self.settings.base_url} is not on this machine")
        if self.settings.oidc_issuer:
            mistakes.append(f"the site has a real provider: {self.settings.oidc_issuer}")
        if mistakes:
            raise ConfigurationError([f"demo login: refused: {'; '.join(mistakes)}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProvider:
    """A running provider and what the site needs to use it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    app: Flask
    _server: BaseWSGIServer
    _thread: threading.Thread

    def configure(self, settings: Settings) -> Settings:
        """Return the settings of a site that lets people in through this provider."""
        return settings.model_copy(
            update={
                "oidc_issuer": self.issuer,
                "oidc_client_id": self.client_id,
                "oidc_client_secret": self.client_secret,
            }
        )

    def stop(self) -> None:
        """End the provider; its port is free afterwards."""
        self._server.shutdown()
        self._thread.join(STOP_SECONDS)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    permit: DemoPermit, users: Sequence[DemoUser], *, port: int | None = None
) -> DemoProvider:
    """Serve the provider on this machine only, on ``port`` (0: any free one).

    The usual port is the one after the site's: accounts are tied to the provider's address, so it
    must be the same at the next start. Raises `ConfigurationError` when the port is taken or the
    library is not installed.
    """
    if port is None:
        port = _port_beside(permit.settings.base_url)
    app = _app(users, permit.settings.base_url)
    client = _register(app, permit.settings.base_url + CALLBACK)
    try:
        listener = socket.create_server((ADDRESS, port))
    except OSError as error:
        raise ConfigurationError(
            [f"demo login: port {port} cannot be used: {error.strerror}: choose another --port"]
        ) from error
    with listener:
        server = make_server(
            ADDRESS, port, app, threaded=True, fd=listener.fileno(), request_handler=_Quiet
        )
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_SECONDS,), name="demo-provider", daemon=True
    )
    thread.start()
    return DemoProvider(
        issuer=f"http://{ADDRESS}:{server.server_address[1]}",
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        app=app,
        _server=server,
        _thread=thread,
    )


def _port_beside(site: str) -> int:
    parts = urlsplit(site)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return port + 1 if port < LAST_PORT else port - 1


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the terminal of the demo belongs to the site."""


def _app(users: Sequence[DemoUser], site: str) -> Flask:
    library = _library()
    pages = data_path("templates") / "demo_provider"
    # The library's own pages load a style sheet from a foreign host: only ours are found here.
    app = Flask("demo_provider", root_path=str(pages), template_folder=".", static_folder=None)
    plain = app.wsgi_app
    known = [library.User(sub=user.subject, claims=user.claims) for user in users]
    library.init_app(app, require_client_registration=True, user_claims=known)
    # The library always adds the interactive debugger, which runs any code.
    app.debug = False
    app.wsgi_app = plain  # type: ignore[method-assign]  # undoes what the library assigned
    app.config.update(MAX_CONTENT_LENGTH=CONTENT_LIMIT, TRUSTED_HOSTS=[ADDRESS])
    subjects = {user.subject for user in users}

    @app.before_request
    def guard() -> None:
        if request.endpoint not in SERVED | {None} and REGISTERING not in request.environ:
            abort(404)
        if request.endpoint != AUTHORIZE or request.method != "POST":
            return
        if request.form.get("action") != "deny" and request.form.get("sub") not in subjects:
            abort(400, "Only the people of the demo can log in: choose one of them.")

    @app.get("/demo.css")
    def style() -> Response:
        return send_from_directory(pages, "demo.css")

    app.after_request(lambda response: _harden(response, site))
    app.register_error_handler(HTTPException, _explain)
    app.context_processor(lambda: {"demo_users": users, "site": site})
    return app


def _library() -> Any:
    try:
        with warnings.catch_warnings():
            # It still imports parts of Authlib that are about to go; nobody here can mend that.
            warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
            return importlib.import_module("oidc_provider_mock")
    except ImportError as error:
        raise ConfigurationError(
            [f"demo login: {error.name} is missing: install fedora-accolades[demo]"]
        ) from error


def _register(app: Flask, redirect_uri: str) -> dict[str, str]:
    answer = app.test_client().post(
        "/oauth2/clients",
        base_url=f"http://{ADDRESS}",
        environ_overrides={REGISTERING: True},
        json={
            "redirect_uris": [redirect_uri],
            "token_endpoint_auth_method": "client_secret_post",
        },
    )
    client: dict[str, str] = answer.get_json()
    return client


def _harden(response: Response, site: str) -> Response:
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {site}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _explain(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    page = render_template("error.html", name=error.name, description=error.description)
    return page, error.code or 500
