# SPDX-License-Identifier: AGPL-3.0-or-later
"""The backpacks of whoever asks: what was sent there, what became of it, and what to send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from issuer.adapters.backpacks.calls import Calls
from issuer.errors import (
    BackpackAwayError,
    BackpackBrokenError,
    BackpackLoginError,
    BackpackUnfitError,
    ConflictError,
    InvalidInputError,
    SealError,
)
from issuer.limits import limiter
from issuer.models import PushState
from issuer.pushing import opened
from issuer.services import backpacks, emails, push_pages, pushes
from issuer.services.tasks import Task
from issuer.site import current_site, db_session
from issuer.telling import marked, worded
from issuer.waking import wake
from issuer.web.backpacks import words
from issuer.web.login import current_login
from issuer.web.settings.shown import changing, me
from issuer.web.texts import number as shown_number

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("backpacks", __name__, url_prefix="/my/backpacks")

#: Each asks a server elsewhere, in the name of this site.
ASKING = "30 per hour"
SECONDS = 15.0
MAX_CHOSEN = 500
TROUBLES = (
    BackpackAwayError,
    BackpackBrokenError,
    BackpackLoginError,
    BackpackUnfitError,
    ConflictError,
    InvalidInputError,
    SealError,
)


def who() -> str:
    """Return for whom requests to backpacks are counted."""
    login = current_login(datetime.now(UTC))
    return f"person {login.username.lower()}" if login else "nobody"


def patient_calls() -> Calls:
    """Return what asks backpacks while somebody waits for the page."""
    return Calls(allow_loopback=current_site().settings.allow_loopback, seconds=SECONDS)


def tell(text: str, target: str, *, kind: str = "good") -> Response:
    """Lead to a page that says what was done, or why it was not."""
    flash({"text": text, "link": "", "link_text": ""}, kind)  # type: ignore[arg-type]  # any JSON will do
    return redirect(target, 303)


@blueprint.get("")
def show() -> str:
    """Show the backpacks of whoever asks."""
    database = db_session()
    person = me(database)
    wake(current_site(), Task.PUSH)
    return render_template(
        "my/backpacks.html",
        person=person,
        backpacks=push_pages.shown(database, backpacks.listed(database, person)),
        kinds=words.kind_words(),
        states=words.state_words(),
        marked=marked,
    )


@blueprint.get("/<int:number>")
def one(number: int) -> str:
    """Show one backpack: how far each badge is, and what can be sent."""
    database = db_session()
    person = me(database)
    connection = backpacks.find(database, person, number)
    state, after = request.args.get("state", ""), request.args.get("after", "")
    count, choices = push_pages.unsent(database, connection)
    wake(current_site(), Task.PUSH)
    return render_template(
        "my/backpack.html",
        backpack=push_pages.shown(database, [connection])[0],
        listing=push_pages.pushes(database, connection, state=state, after=after),
        state=state,
        unsent=count,
        choices=choices,
        addresses=emails.listed(database, person),
        account_address=f"{person.username}@{current_site().settings.email_domain}".lower(),
        kinds=words.kind_words(),
        states=words.state_words(),
        why=words.why,
        answered=words.answered,
        marked=marked,
        PushState=PushState,
    )


@blueprint.get("/send")
def choose() -> str:
    """Ask to which backpack one badge is to go."""
    database = db_session()
    person = me(database)
    award = push_pages.award_of(database, person, _uuid(request.args.get("badge", "")))
    return render_template(
        "my/send.html",
        award=award,
        badge=request.args["badge"],
        backpacks=push_pages.shown(database, backpacks.listed(database, person)),
    )


@blueprint.post("/<int:number>/send")
def send(number: int) -> Response:
    """Queue the chosen badges, or all that were never sent there."""
    now = datetime.now(UTC)
    with changing() as (database, person):
        connection = backpacks.find(database, person, number)
        if request.form.get("which") == "all":
            chosen = list(push_pages.unsent_ids(database, connection))
        elif "badge" in request.form:
            uuid = _uuid(request.form["badge"])
            chosen = [push_pages.award_of(database, person, uuid).id]
        else:
            chosen = [_number(each) for each in request.form.getlist("award")[:MAX_CHOSEN]]
        queued = pushes.queue(database, connection, chosen, now=now)
    target = url_for("backpacks.one", number=number)
    if not chosen:
        return tell(_("Choose at least one badge."), target, kind="bad")
    if not queued:
        return tell(_("What you chose was sent there before."), target)
    shown = shown_number(queued)
    text = ngettext(
        "%(shown)s badge is on its way.", "%(shown)s badges are on their way.", queued, shown=shown
    )
    return tell(text, target)


@blueprint.post("/<int:number>/again")
def again(number: int) -> Response:
    """Try once more what was refused, and at once what waits."""
    with changing() as (database, person):
        connection = backpacks.find(database, person, number)
        count = pushes.retry(database, connection, now=datetime.now(UTC))
    shown = shown_number(count)
    text = ngettext(
        "%(shown)s badge is tried again.", "%(shown)s badges are tried again.", count, shown=shown
    )
    return tell(text, url_for("backpacks.one", number=number))


@blueprint.post("/<int:number>/options")
def options(number: int) -> Response:
    """Choose the address for this backpack, and whether new badges follow by themselves."""
    chosen = request.form.get("address", "")
    target = url_for("backpacks.one", number=number)
    try:
        with changing() as (database, person):
            backpacks.change(
                database,
                person,
                number,
                address=_number(chosen) if chosen else None,
                automatic="automatic" in request.form,
            )
    except InvalidInputError as error:
        return tell(worded(error), target, kind="bad")
    return tell(_("Your choice holds from now on."), target)


@blueprint.post("/<int:number>/test")
@limiter.limit(ASKING, key_func=who)
def test(number: int) -> Response:
    """Ask a backpack whether it still knows us, and its owner's address."""
    site, target = current_site(), url_for("backpacks.one", number=number)
    with site.database.reading() as database:
        connection = backpacks.find(database, me(database), number)
        database.expunge_all()
    try:
        backpack = opened(site, patient_calls(), connection, now=datetime.now(UTC))
        account = backpack.account()
    except BackpackLoginError as error:
        text = _("The backpack does not let us in: connect it once more.")
        return tell(f"{text} ({worded(error)})", target, kind="bad")
    except TROUBLES as error:
        return tell(_("It does not work: %(reason)s", reason=worded(error)), target, kind="bad")
    with site.database.reading() as database:
        kept = backpacks.find(database, me(database), number)
        known = backpacks.is_known_there(database, kept, account, site.settings.email_domain)
    if known is False:
        text = _(
            "It works, but your account there (%(name)s) does not know the chosen address.",
            name=account.name,
        )
        return tell(text, target, kind="warn")
    return tell(_("It works: the backpack takes badges from here."), target)


@blueprint.post("/<int:number>/remove")
def remove(number: int) -> Response:
    """Forget a backpack."""
    with changing() as (database, person):
        backpacks.remove(database, person, number)
    text = _("The backpack is forgotten here. The badges that are there stay there.")
    return tell(text, url_for("backpacks.show"))


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidInputError("%(text)r: is none of yours", text=text[:40])
    return int(text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInputError("badge %(badge)r: is not an assertion", badge=text[:60]) from None
