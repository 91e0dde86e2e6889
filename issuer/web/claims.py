# SPDX-License-Identifier: AGPL-3.0-or-later
"""Claims as members see them: handing in what they did, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from issuer import limits
from issuer.access import MEMBER, acting, needs
from issuer.addresses import Addresses
from issuer.errors import ConflictError, InvalidInputError, NotFoundError, OptedOutError
from issuer.limits import limiter
from issuer.models import Person
from issuer.services import bounties, claims, listing
from issuer.services.badges import find as find_badge
from issuer.services.claims import MAX_LINK, MAX_LINKS, MAX_TEXT, Said
from issuer.site import current_site, db_session, live
from issuer.telling import worded
from issuer.web.answers import told
from issuer.web.invitations import who

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.config import Settings
    from issuer.models import Badge, Claim

blueprint = Blueprint("claims", __name__)

SHARED = "claims"


class ClaimForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What somebody hands in."""

    text = TextAreaField(
        _("What did you do?"),
        [InputRequired(), Length(max=MAX_TEXT)],
        description=_("Markdown. It becomes a part of your badge, and public with it."),
        render_kw={"rows": 8, "maxlength": MAX_TEXT},
    )
    links = TextAreaField(
        _("Links that show it"),
        [Length(max=MAX_LINKS * (MAX_LINK + 2))],
        description=_("One a line, at most five; whoever reviews your claim opens them."),
        render_kw={"rows": 4, "placeholder": "https://"},
    )


def init_claims(app: Flask, settings: Settings) -> None:
    """Add the pages to a site where people can log in."""
    if settings.oidc_issuer:
        app.register_blueprint(blueprint)


@blueprint.get("/claims")
@needs(MEMBER)
def mine() -> str:
    """Show what somebody claimed, and what became of it."""
    session = db_session()
    return render_template(
        "claims/mine.html", claims=claims.of_person(session, _me(session)), share_page=_share_page
    )


@blueprint.get("/badges/<slug>/claim")
@needs(MEMBER)
def ask(slug: str) -> Response:
    """Show how a badge is claimed, and what one handed in before."""
    _check_open()
    session = db_session()
    badge, me = find_badge(session, listing.plain(slug)), _me(session)
    known = claims.latest(session, badge, me)
    is_under_way = known is not None and known.state in claims.UNDER_WAY
    given = {"text": known.text, "links": "\n".join(known.links)} if known and is_under_way else {}
    return _page(session, badge, me, ClaimForm(formdata=None, data=given))


@blueprint.post("/badges/<slug>/claim")
@needs(MEMBER)
@limiter.shared_limit(limits.claims, SHARED, key_func=who)
def send(slug: str) -> Response:
    """Hand in a claim, or hand it in anew."""
    _check_open()
    form, now = ClaimForm(), datetime.now(UTC)
    if form.validate_on_submit():
        try:
            with current_site().database.writing() as session:
                badge = find_badge(session, listing.plain(slug))
                said = Said.of(form.text.data or "", (form.links.data or "").splitlines())
                claims.send(session, badge, _me(session), said, now=now)
            text = gettext(
                "Your claim of %(badge)s waits for somebody to review it.", badge=badge.name
            )
            return told(text, url_for("claims.mine"))
        except (ConflictError, InvalidInputError, OptedOutError) as error:
            form.form_errors.append(worded(error))
    reading = db_session()
    badge = find_badge(reading, listing.plain(slug))
    return _page(reading, badge, _me(reading), form, 422)


@blueprint.post("/claims/<int:number>/withdraw")
@needs(MEMBER)
@limiter.shared_limit(limits.claims, SHARED, key_func=who)
def withdraw(number: int) -> Response:
    """Take back a claim that nobody answered yet."""
    with current_site().database.writing() as session:
        claim = claims.withdraw(session, _me(session), number)
        name = claim.badge.name
    return told(
        gettext("Your claim of %(badge)s is withdrawn.", badge=name), url_for("claims.mine")
    )


def _check_open() -> None:
    if not live().claims:
        raise NotFoundError("%(path)s: nothing can be claimed on this site now", path=request.path)


def _page(
    session: Session, badge: Badge, me: Person, form: ClaimForm, status: int = 200
) -> Response:
    offer = bounties.find(session, badge, now=datetime.now(UTC))
    known = claims.latest(session, badge, me)
    is_held = not badge.repeatable and claims.held(session, badge, me)
    is_under_way = known is not None and known.state in claims.UNDER_WAY
    if not badge.claimable and known is None:
        raise NotFoundError("badge %(badge)r: cannot be claimed", badge=badge.slug)
    html = render_template(
        "claims/badge.html",
        badge=badge,
        offer=offer,
        claim=known,
        form=form,
        me=me,
        is_held=is_held,
        may_send=not is_held and not me.opted_out and (is_under_way or offer.shut is None),
        share_page=_share_page,
    )
    return make_response(html, status)


def _me(session: Session) -> Person:
    return session.get_one(Person, acting(session).person_id)


def _share_page(claim: Claim) -> str:
    """Return where an accepted claim led."""
    uuid = claims.assertion_of(db_session(), claim)
    return Addresses("").assertion(uuid) if uuid else ""


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
