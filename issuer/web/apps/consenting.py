# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks a person whether an app may come in: who asks, what for, and where the answer goes.

Nothing is sent anywhere before the person decides. Anybody can make an app known here; an answer
that went off by itself would let them lead people from this site to any other (RFC 9700, 4.11.2).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Blueprint, g, make_response, render_template, request

from issuer.access import current_actor
from issuer.errors import InvalidInputError, NotFoundError
from issuer.limits import limiter
from issuer.services import app_addresses, apps, emails
from issuer.site import current_site
from issuer.telling import worded
from issuer.web.apps import words
from issuer.web.apps.answering import AUTHORIZE, server
from issuer.web.apps.server import ADDRESS, SESSION
from issuer.web.security import POLICY, POLICY_HEADER
from issuer.web.settings.shown import me

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

log = logging.getLogger(__name__)
blueprint = Blueprint("consent", __name__)

DECISIONS = "60 per hour"
#: What a request says; the form repeats it, and it is checked again.
PARAMETERS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


def _who() -> str:
    return f"person {current_actor().username.lower()}"


@blueprint.get(AUTHORIZE)
def ask() -> Response:
    """Ask whether an app may come in."""
    with current_site().database.reading() as database:
        person = me(database)
        grant, refusal = _read(database)
        if refusal is not None:
            return refusal
        return _page(grant, person, emails.listed(database, person))


@blueprint.post(AUTHORIZE)
@limiter.limit(lambda: DECISIONS, key_func=_who)
def decide() -> Response:
    """Let an app in, or not; either way it is told."""
    with current_site().database.writing() as database:
        person = me(database)
        grant, refusal = _read(database)
        if refusal is not None:
            return refusal
        allowed = request.form.get("decision") == "allow"
        try:
            setattr(g, ADDRESS, _number(request.form.get("address", "")))
            response: Response = server.create_authorization_response(
                grant.request, grant_user=person if allowed else None, grant=grant
            )
        except (NotFoundError, InvalidInputError) as error:
            return _broken(InvalidRequestError(), detail=worded(error))
    if allowed:
        log.info("%s let the app %s in", person.username, grant.client.get_client_id())
    return response


def _read(database: Session) -> tuple[Any, Response | None]:
    """Return a request that may be answered, or the page that says why not."""
    setattr(g, SESSION, database)
    try:
        return server.get_consent_grant(), None
    except OAuth2Error as error:
        return None, _broken(error)
    except ValueError:  # Authlib repeats what it was sent, and then refuses to say it
        return None, _broken(InvalidRequestError())


def _page(grant: Any, person: Any, addresses: Any) -> Response:
    app, asked = grant.client.app, grant.request.scope.split()
    redirect_uri = grant.redirect_uri
    html = render_template(
        "my/consent.html",
        app=app,
        person=person,
        place=app_addresses.place(redirect_uri),
        is_here=app_addresses.is_on_device(redirect_uri),
        may=words.may(asked),
        reads=apps.READ_BADGES in asked or apps.READ_PROFILE in asked,
        addresses=[each for each in addresses if each.verified_at],
        account_address=f"{person.username}@{current_site().settings.email_domain}".lower(),
        given={name: request.args.get(name, "") for name in PARAMETERS if name in request.args},
        target=AUTHORIZE,
    )
    response = make_response(html)
    # Browsers look at where a form leads in the end, and the answer leads to the app.
    forms = f"{POLICY['form-action']} {app_addresses.source(redirect_uri)}"
    policy = {**POLICY, "form-action": forms}
    response.headers[POLICY_HEADER] = "; ".join(f"{name} {to}" for name, to in policy.items())
    return response


def _broken(error: OAuth2Error, detail: str = "") -> Response:
    """Say what is wrong; the app is told when the person goes back there, and only where it is."""
    back = dict(error()[2]).get("Location", "") if error.redirect_uri else ""
    html = render_template(
        "my/consent_broken.html",
        why=words.broken(error.error),
        detail=detail or error.get_error_description() or error.error,
        back=back,
        place=app_addresses.place(error.redirect_uri) if back else "",
    )
    return make_response(html, 400)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInputError("%(text)r: is not a number of the list", text=text[:20])
    return int(text)


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
