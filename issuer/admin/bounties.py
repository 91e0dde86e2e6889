# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which badges members may claim: how many, until when, and what they are told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import func, or_, select
from wtforms import BooleanField, DateTimeLocalField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from issuer.access import acting, needs
from issuer.admin.fields import IntegerField
from issuer.admin.parts import (
    REFUSED,
    Section,
    argument,
    attempt,
    done,
    failed,
    part,
    searched,
    table,
)
from issuer.errors import InvalidInputError
from issuer.models import Badge, Bounty
from issuer.services import bounties, choosing, listing, permissions
from issuer.services.badges import find as find_badge
from issuer.services.bounties import MAX_AWARDS, MAX_INSTRUCTIONS, Terms
from issuer.services.permissions import Right
from issuer.site import db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.services.permissions import Actor

blueprint = part("bounties", "bounties")
SECTIONS = (
    Section(
        _("Claimable badges"),
        "admin_bounties.overview",
        Right.BADGES,
        _("Badges"),
        115,
    ),
)


class TermsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How a badge may be claimed."""

    claimable = BooleanField(_("Members may claim this badge"))
    instructions = TextAreaField(
        _("What they are told"),
        [Length(max=MAX_INSTRUCTIONS)],
        description=_("Markdown: what to do for it, and what to show."),
        render_kw={"rows": 8, "maxlength": MAX_INSTRUCTIONS},
    )
    maximum_awards = IntegerField(
        _("Number of awards"),
        [Optional(), NumberRange(1, MAX_AWARDS)],
        description=_("Empty: any number. What was accepted before counts."),
        render_kw={"min": 1, "max": MAX_AWARDS},
    )
    ends_at = DateTimeLocalField(
        _("Ends at (UTC)"),
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        description=_("Empty: without an end. Claims that wait then are still reviewed."),
    )

    def terms(self) -> Terms:
        """Return what was asked for."""
        ends: datetime | None = self.ends_at.data
        return Terms(
            claimable=self.claimable.data,
            instructions=self.instructions.data or "",
            maximum_awards=self.maximum_awards.data,
            ends_at=ends.replace(tzinfo=UTC) if ends else None,
        )


@blueprint.get("/")
@needs(Right.BADGES)
def overview() -> str | Response:
    """Show the badges that may be claimed, and those that were; or lead to a chosen one."""
    session, now = db_session(), datetime.now(UTC)
    if typed := argument("badge"):
        return _chosen(session, typed)
    actor, query = acting(session), searched()
    accepted = func.coalesce(Bounty.accepted, 0)
    statement: Any = (
        select(Badge, Bounty)
        .outerjoin(Bounty, Bounty.badge_id == Badge.id)
        .where(permissions.within(actor, Right.BADGES, now=now))
        .where(or_(Badge.claimable, Bounty.badge_id.is_not(None)))
    )
    if query:
        names = (Badge.name, Badge.slug)
        statement = statement.where(
            or_(*(each.icontains(query, autoescape=True) for each in names))
        )
    columns = {"badge": func.lower(Badge.name), "accepted": accepted}
    shown = table(session, statement, columns, usual="badge", key=Badge.id.expression)
    known = choosing.choices(session, actor, Right.BADGES, now=now)
    return render_template("admin/bounties/overview.html", table=shown, badges=known, now=now)


@blueprint.route("/<slug>", methods=["GET", "POST"])
@needs(Right.BADGES)
def edit(slug: str) -> Response | str | tuple[str, int]:
    """Change how a badge may be claimed."""
    session, now = db_session(), datetime.now(UTC)
    badge = find_badge(session, listing.plain(slug))
    permissions.require(session, acting(session), Right.BADGES, badge, now=now)
    offer = bounties.find(session, badge, now=now)
    form = TermsForm(obj=offer.terms)
    changed = attempt(
        form, lambda writing, actor, moment: _change(writing, actor, slug, form, moment)
    )
    if changed:
        text = gettext("%(badge)s is saved.", badge=badge.name)
        return done(
            text,
            url_for(".overview"),
            link=f"/badges/{badge.slug}",
            link_text=gettext("Look at it"),
        )
    html = render_template("admin/bounties/form.html", form=form, badge=badge, offer=offer)
    return (html, REFUSED) if form.is_submitted() else html


def _chosen(session: Session, typed: str) -> Response:
    try:
        badge = choosing.chosen(session, typed)
    except InvalidInputError as error:
        return failed(worded(error), url_for(".overview"))
    return redirect(url_for(".edit", slug=badge.slug), 303)


def _change(session: Session, actor: Actor, slug: str, form: TermsForm, now: datetime) -> bool:
    badge = find_badge(session, listing.plain(slug))
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    bounties.change(session, badge, form.terms(), actor=actor, now=now)
    return True
