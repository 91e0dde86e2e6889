# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of a person: added, proven by a link that was sent there, chosen, removed."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from flask import Blueprint, current_app, make_response, render_template, request

from issuer import posting
from issuer.limits import limiter
from issuer.services import emails
from issuer.site import current_site, db_session, live
from issuer.web.languages import language
from issuer.web.login import current_login
from issuer.web.settings.shown import changing, done, guard, me, page

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import EmailIdentity

log = logging.getLogger(__name__)

blueprint = Blueprint("addresses", __name__, url_prefix="/settings/emails")
guard(blueprint)

#: Letters that one person may cause, and letters that one address may get, whoever asks.
BY_PERSON = "6 per hour"
TO_ADDRESS = "3 per hour"
CONFIRM = "/confirm"


def _who() -> str:
    login = current_login(datetime.now(UTC))
    return f"person {login.username.lower()}" if login else "nobody"


@blueprint.post("")
@limiter.shared_limit(BY_PERSON, "letters", key_func=_who)
def add() -> Response:
    """Note an address and send the link that proves it."""
    now = datetime.now(UTC)
    with changing() as (database, person):
        identity = emails.add(database, person, request.form.get("address", ""), now=now)
        is_proven = identity.verified_at is not None
        link = "" if is_proven else _send(database, identity, now)
    return _sent(link)


@blueprint.post("/<int:number>/link")
@limiter.shared_limit(BY_PERSON, "letters", key_func=_who)
def send_again(number: int) -> Response:
    """Send the link once more."""
    with changing() as (database, person):
        identity = emails.find(database, person, number)
        link = _send(database, identity, datetime.now(UTC))
    return _sent(link)


@blueprint.get(CONFIRM)
def ask() -> Response:
    """Ask whether an address is to be confirmed: programs open links of letters, too."""
    database, now = db_session(), datetime.now(UTC)
    token = request.args.get("token", "")
    identity = emails.claimed(database, me(database), token, _secret(), now=now)
    return make_response(render_template("settings/confirm.html", identity=identity, token=token))


@blueprint.post(CONFIRM)
def confirm() -> Response:
    """Note that an address is proven."""
    token, now = request.form.get("token", ""), datetime.now(UTC)
    with changing() as (database, person):
        emails.confirm(database, person, token, _secret(), now=now)
    return done("confirmed")


@blueprint.post("/default")
def choose() -> Response:
    """Choose the address for which new awards are made."""
    chosen = request.form.get("address", "")
    number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
    with changing() as (database, person):
        emails.choose(database, person, number)
    return done("emails")


@blueprint.post("/<int:number>/remove")
def remove(number: int) -> Response:
    """Forget an address."""
    with changing() as (database, person):
        emails.remove(database, person, number)
    return done("emails")


def _send(database: Session, identity: EmailIdentity, now: datetime) -> str:
    """Queue the letter, or where no mail is sent return the link for whoever runs the site."""
    site = current_site().settings
    token = emails.token_for(identity, _secret(), now=now)
    link = f"{site.base_url}{blueprint.url_prefix}{CONFIRM}?{urlencode({'token': token})}"
    if not site.mail_host:
        return link
    mark = hashlib.sha256(identity.address.encode()).hexdigest()
    with limiter.limit(TO_ADDRESS, key_func=lambda: f"letters to {mark}"):
        name = live().site_name
        emails.send_link(database, identity, link, name, now=now, language=language())
    return ""


def _sent(link: str) -> Response:
    site = current_site()
    if not link:
        posting.post_soon(site)
        return done("emails")
    log.warning("mail_host is not set, so nobody got this link of a person: %s", link)
    return page(link=link) if site.settings.demo else done("no-mail")


def _secret() -> str:
    return cast("str", current_app.config["SECRET_KEY"])
