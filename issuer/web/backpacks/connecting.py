# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connects a backpack: by a login there with PKCE; at a Badgr by a name or a token, too."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Blueprint, make_response, render_template, request, session, url_for
from flask_babel import gettext as _

from issuer.adapters.backpacks import badgr, hosts, oauth, open_backpack
from issuer.adapters.backpacks.hosts import Host
from issuer.adapters.backpacks.oauth import RETURN, Client
from issuer.adapters.backpacks.results import Kind, plain
from issuer.adapters.backpacks.tokens import Tokens, is_token
from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.vault import Vault
from issuer.errors import BackpackLoginError, BackpackUnfitError, InvalidInputError
from issuer.limits import limiter
from issuer.services import backpacks
from issuer.services.backpacks import Found
from issuer.site import current_site, db_session
from issuer.telling import marked, worded
from issuer.web.backpacks.sending import ASKING, TROUBLES, patient_calls, tell, who
from issuer.web.settings.shown import changing, me
from issuer.words import several

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.models import BackpackConnection

blueprint = Blueprint("connecting", __name__, url_prefix="/my/backpacks")

#: Where the cookie keeps what a login elsewhere began with, how many at once, and how long.
BEGUN, PARALLEL, LASTS = "backpack_logins", 3, 1800
MAX_TYPED = 1000


@blueprint.get("/new")
def new() -> Response:
    """Ask which backpack is to be connected."""
    me(db_session())
    return _page()


@blueprint.post("/badgr")
@limiter.limit(ASKING, key_func=who)
def connect_badgr() -> Response:
    """Connect a Badgr by a name and a password, which is forgotten at once, or by a token."""
    now, form = datetime.now(UTC), request.form
    try:
        base_url = hosts.origin(form.get("address", ""), allow_loopback=_allows_loopback())
        tokens = _badgr_tokens(base_url, now)
        backpack = open_backpack(Kind.BADGR, patient_calls(), base_url, tokens.access)
        found = Found(Kind.BADGR, base_url, tokens, backpack.account())
        return _kept(_keep(found, now))
    except TROUBLES as error:
        return _page(trouble=error.text)


@blueprint.post("/connect")
@limiter.limit(ASKING, key_func=who)
def connect() -> Response:
    """Find out where a host has its login, and show where that leads before anybody goes there."""
    form = request.form
    try:
        base_url = hosts.origin(form.get("address", ""), allow_loopback=_allows_loopback())
        host, client = _registered(form.get("kind", ""), base_url)
    except TROUBLES as error:
        return _page(trouble=error.text)
    state, verifier = secrets.token_urlsafe(24), oauth.new_verifier()
    _begin(state, [host.kind, base_url, verifier])
    own = current_site().settings.base_url
    target = oauth.authorization_url(host, client, own, state, verifier)
    return make_response(render_template("my/leave.html", host=host, target=target))


@blueprint.get("/return")
def returned() -> Response:
    """Take the answer of a login elsewhere: it is for this browser, and for that login alone."""
    now, back = datetime.now(UTC), url_for("connecting.new")
    begun = _begun(request.args.get("state", ""))
    if begun is None:
        text = _("This sign-in is too old, or was begun in another browser: connect once more.")
        return tell(text, back, kind="bad")
    if "error" in request.args:
        said = request.args.get("error_description") or request.args["error"]
        text = _("The backpack did not let us in: %(reason)s", reason=plain(said)[:200])
        return tell(text, back, kind="bad")
    try:
        return _kept(_keep(_opened(begun, now), now))
    except TROUBLES as error:
        return tell(_("It does not work: %(reason)s", reason=worded(error)), back, kind="bad")


def _page(trouble: str = "") -> Response:
    html = render_template(
        "my/connect.html",
        trouble=trouble,
        marked=marked,
        given=request.form,
        preset=request.args.get("address", "")[:200],
    )
    return make_response(html, 422 if trouble else 200)


def _badgr_tokens(base_url: str, now: datetime) -> Tokens:
    form = request.form
    token, username = form.get("token", "").strip(), form.get("username", "").strip()
    password = form.get("password", "")
    if max(len(username), len(password)) > MAX_TYPED:
        raise InvalidInputError("name and password: are longer than any can be")
    if token:
        if not is_token(token):
            raise InvalidInputError("token: holds what no token holds: copy it once more")
        return Tokens(token)
    if not username or not password:
        raise InvalidInputError("name and password: both are needed, or else a token")
    return badgr.log_in(patient_calls(), base_url, username, password, now)


def _registered(wanted: str, base_url: str) -> tuple[Host, Client]:
    """Return a host and our name there; where there is none yet, it is asked for one."""
    site = current_site()
    own, vault = site.settings.base_url, Vault(site.settings)
    kinds = [Kind.BADGE_CONNECT, Kind.OB3]
    if wanted in set(kinds):
        kinds = [Kind(wanted)]
    for kind in kinds:
        with site.database.reading() as database:
            kept = backpacks.host(database, kind, base_url, own + RETURN, now=datetime.now(UTC))
            if kept is not None:
                return Host.from_dict(kept.document), Client.load(vault.open(kept.client))
    host = _discovered(kinds, base_url)
    client = oauth.register(
        patient_calls(),
        host,
        name=site.settings.site_name,
        base_url=own,
        version=version("fedora-accolades"),
    )
    with site.database.writing() as database:
        backpacks.keep_host(
            database, host, client, vault, redirect_url=own + RETURN, now=datetime.now(UTC)
        )
    return host, client


def _discovered(kinds: list[Kind], base_url: str) -> Host:
    reasons = []
    for kind in kinds:
        fetcher = GuardedFetcher(allow_loopback=_allows_loopback())
        try:
            return hosts.discover(fetcher, kind, base_url, allow_loopback=_allows_loopback())
        except BackpackUnfitError as error:
            reasons.append(error.text)
    raise BackpackUnfitError(several(reasons))


def _opened(begun: list[str], now: datetime) -> Found:
    """Return the backpack that a code opens."""
    site = current_site()
    vault = Vault(site.settings)
    kind, base_url, verifier = Kind(begun[0]), begun[1], begun[2]
    with site.database.reading() as database:
        kept = backpacks.find_host(database, kind, base_url)
        host, sealed = Host.from_dict(kept.document), kept.client
    client, calls = Client.load(vault.open(sealed)), patient_calls()
    code = request.args.get("code", "")
    try:
        tokens = oauth.exchange_code(
            calls, host, client, code, base_url=site.settings.base_url, verifier=verifier, now=now
        )
    except BackpackLoginError as error:
        if "invalid_client" in str(error):  # the host forgot us: the next login registers anew
            with site.database.writing() as database:
                backpacks.forget_host(database, kind, base_url)
        raise
    backpack = open_backpack(kind, calls, host.api, tokens.access)
    return Found(kind, base_url, tokens, backpack.account())


def _keep(found: Found, now: datetime) -> BackpackConnection:
    settings = current_site().settings
    with changing() as (database, person):
        kept = backpacks.keep(
            database,
            person,
            found,
            Vault(settings),
            email_domain=settings.email_domain,
            now=now,
        )
        database.flush()
        database.expunge(kept)
    return kept


def _kept(connection: BackpackConnection) -> Response:
    text = _("The backpack is connected.")
    return tell(text, url_for("backpacks.one", number=connection.id))


def _begin(state: str, what: list[Any]) -> None:
    """Note in the cookie what the answer of a login must fit; few at once, for a while."""
    kept = [each for each in session.get(BEGUN, []) if each[1] > time.time()]
    session[BEGUN] = [*kept, [state, int(time.time()) + LASTS, *what]][-PARALLEL:]


def _begun(state: str) -> list[str] | None:
    """Return what a login began with, once."""
    kept = session.get(BEGUN, [])
    session[BEGUN] = [each for each in kept if each[0] != state]
    for each in kept:
        if secrets.compare_digest(each[0].encode(), state.encode()) and each[1] > time.time():
            return list(each[2:])
    return None


def _allows_loopback() -> bool:
    return current_site().settings.allow_loopback


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
