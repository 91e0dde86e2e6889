# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of claims: read, and accepted, asked back or declined."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from issuer.access import acting, needs
from issuer.addresses import Addresses
from issuer.admin.parts import REFUSED, Section, argument, attempt, done, part, searched, table
from issuer.models import Claim, ClaimState
from issuer.posting import post_soon
from issuer.services import bounties, claims, emails, mailing, reviews
from issuer.services.permissions import Right
from issuer.services.reviews import MAX_ANSWER, Answer
from issuer.site import current_site, db_session
from issuer.words import Text, paragraphs

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("claims", "claims")
SECTIONS = (
    Section(
        _("Claims"),
        "admin_claims.overview",
        Right.REVIEW,
        _("People"),
        240,
    ),
)

#: The last part of an address, and what it decides.
DECISIONS = {
    "accept": ClaimState.ACCEPTED,
    "ask-back": ClaimState.ASKED_BACK,
    "decline": ClaimState.DECLINED,
}
ALL = "all"
MOST_SENDINGS = 9  # digits


class AnswerForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What a reviewer says."""

    sending = HiddenField()
    text = TextAreaField(
        _("Your answer"),
        [Length(max=MAX_ANSWER)],
        description=_(
            "Markdown, for the person who claimed the badge. Needed to ask back and to decline."
        ),
        render_kw={"rows": 5, "maxlength": MAX_ANSWER},
    )

    def answer(self, decision: str) -> Answer:
        """Return what was decided, about the version that was read."""
        read = self.sending.data or ""
        number = int(read) if read.isascii() and read.isdigit() and len(read) < MOST_SENDINGS else 0
        return Answer(decision=DECISIONS[decision], text=self.text.data or "", sending=number)


@blueprint.get("/")
@needs(Right.REVIEW)
def overview() -> str:
    """Show what waits for an answer, the oldest first; or what was answered."""
    session, now = db_session(), datetime.now(UTC)
    state = argument("state")
    state = state if state in {ALL, *ClaimState} else ClaimState.OPEN.value
    badge = argument("badge")
    rows = reviews.listed(
        acting(session),
        now=now,
        query=searched(),
        state="" if state == ALL else state,
        badge=badge,
    )
    shown = table(
        session,
        rows,
        reviews.COLUMNS,
        usual="sent",
        key=Claim.id.expression,
        filters={"state": state, "badge": badge},
    )
    return render_template("admin/claims/overview.html", table=shown)


@blueprint.get("/<int:number>")
@needs(Right.REVIEW)
def show(number: int) -> str:
    """Show what somebody handed in."""
    return _page(number, AnswerForm(formdata=None))


@blueprint.post("/<int:number>/<any('accept', 'ask-back', 'decline'):decision>")
@needs(Right.REVIEW)
def answer(number: int, decision: str) -> Response | tuple[str, int]:
    """Answer a claim; where somebody was quicker, they stand and this one is told."""
    form = AnswerForm()
    page = attempt(
        form,
        lambda session, actor, now: _decide(session, actor, number, form.answer(decision), now),
    )
    if page is None:
        return _page(number, form), REFUSED
    post_soon(current_site())
    text = {
        "accept": gettext("The claim is accepted and the badge awarded."),
        "ask-back": gettext("The claim went back with your question."),
        "decline": gettext("The claim is declined."),
    }[decision]
    return done(text, url_for(".overview"), link=page, link_text=gettext("Look at it"))


def _decide(session: Session, actor: Actor, number: int, answer: Answer, now: datetime) -> str:
    settings = current_site().settings
    claim = reviews.find(session, actor, number, now=now)
    outcome = reviews.decide(
        session,
        claim,
        answer,
        actor=actor,
        email_domain=settings.email_domain,
        now=now,
    )
    if settings.mail_host:
        _write(session, claim, now)
    uuid = claims.assertion_of(session, claim) if outcome else None
    return Addresses("").assertion(uuid) if uuid else url_for(".show", number=number)


def _write(session: Session, claim: Claim, now: datetime) -> None:
    """Queue the letter that tells the answer, in the language that the person chose."""
    to = emails.for_letters(session, claim.person)
    if not to:
        return
    settings = current_site().settings
    said = {
        ClaimState.ACCEPTED: Text("Your claim was accepted: the badge is yours."),
        ClaimState.ASKED_BACK: Text("Your claim came back with a question."),
        ClaimState.DECLINED: Text("Your claim was declined."),
    }[ClaimState(claim.state)]
    mailing.queue(
        session,
        to,
        Text("%(site)s: your claim of %(badge)s", site=settings.site_name, badge=claim.badge.name),
        paragraphs(said, claim.answer, Text("All your claims:"), f"{settings.base_url}/claims"),
        topic="claim",
        stream=emails.stream_of(claim.person),
        now=now,
        language=claim.person.locale,
    )


def _page(number: int, form: AnswerForm) -> str:
    session, now = db_session(), datetime.now(UTC)
    actor = acting(session)
    claim = reviews.find(session, actor, number, now=now)
    if not form.is_submitted():
        form.sending.data = str(claim.sendings)
    return render_template(
        "admin/claims/show.html",
        claim=claim,
        form=form,
        offer=bounties.find(session, claim.badge, now=now),
        is_own=claim.person_id == actor.person_id,
        share_page=_share_page(session, claim),
    )


def _share_page(session: Session, claim: Claim) -> str:
    uuid = claims.assertion_of(session, claim)
    return Addresses("").assertion(uuid) if uuid else ""
