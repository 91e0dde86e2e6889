# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making and changing a badge: one form, with a preview before anything is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from issuer.access import current_actor, needs
from issuer.addresses import Addresses
from issuer.admin import uploads
from issuer.admin.badges.forms import BadgeForm, values
from issuer.admin.badges.place import blueprint, mine
from issuer.admin.parts import REFUSED, attempt, done
from issuer.errors import ConflictError
from issuer.services import badge_editing, badge_lists, issuers, milestones
from issuer.services.permissions import Right
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Badge
    from issuer.services.permissions import Actor


@blueprint.route("/-/new", methods=["GET", "POST"])
@needs(Right.BADGES)
def create() -> Response | tuple[str, int]:
    """Make a badge."""
    form = BadgeForm()
    form.issuer.choices = badge_lists.issuers(db_session(), current_actor())

    def make(session: Session, actor: Actor, now: datetime) -> Badge:
        return badge_editing.create(
            session,
            actor,
            issuers.find(session, form.issuer.data),
            form.facts(milestones.wanted(session, form.series.data, form.level.data)),
            uploads.held(form.held.data),
            current_site().objects,
            claimable=form.claimable.data,
            now=now,
        )

    if form.is_final and (badge := attempt(form, make)):
        uploads.drop(form.held.data)
        return _made(badge)
    return _page(form, None)


@blueprint.route("/<slug>/edit", methods=["GET", "POST"])
@needs(Right.BADGES)
def edit(slug: str) -> Response | tuple[str, int]:
    """Change a badge."""
    badge = mine(db_session(), slug)
    form = BadgeForm(data=values(badge, milestones.of(db_session(), badge)))
    del form.issuer, form.slug

    def change(session: Session, actor: Actor, now: datetime) -> tuple[set[str], int]:
        own = mine(session, slug)
        if form.seen.data != own.updated_at.isoformat():
            form.seen.raw_data, form.seen.data = None, own.updated_at.isoformat()
            raise ConflictError(
                "Somebody changed this badge meanwhile. Save again to replace what they wrote."
            )
        changed = badge_editing.change(
            session,
            actor,
            own,
            form.facts(milestones.wanted(session, form.series.data, form.level.data, badge=own)),
            uploads.held(form.held.data),
            current_site().objects,
            claimable=form.claimable.data,
            now=now,
        )
        return changed, own.version

    if form.is_final and (answer := attempt(form, change)):
        uploads.drop(form.held.data)
        return _changed(badge, *answer)
    return _page(form, badge)


def _page(form: BadgeForm, badge: Badge | None) -> tuple[str, int]:
    """Show the form with all that was typed, and what it looks like where that was asked for."""
    if form.is_submitted() and not form.is_final:
        form.picture.validate(form)
    if not uploads.is_held(form.held.data):
        form.held.raw_data, form.held.data = None, ""
    form.prepare()
    session = db_session()
    page = render_template(
        "admin/badges/form.html",
        form=form,
        badge=badge,
        previewing="preview" in request.form,
        tags=badge_lists.tags(session),
        series=badge_lists.series(session),
        described=badge_lists.described(session, badge) if badge else None,
        has_issuers=badge is not None or bool(form.issuer.choices),
    )
    return page, REFUSED if form.is_final else 200


def _made(badge: Badge) -> Response:
    text = _("The badge %(badge)s is made.", badge=badge.name)
    if badge.png_id is None:
        text += " " + _("Nobody can get it before it has a picture.")
    return _done(badge, text)


def _changed(badge: Badge, changed: set[str], version: int) -> Response:
    if not changed:
        return _done(badge, _("Nothing was different, nothing was changed."))
    number = len(changed - {"edition"})
    text = ngettext("Saved: one fact changed.", "Saved: %(num)s facts changed.", number)
    if "edition" in changed:
        text += " " + _(
            "Edition %(number)s is issued from now on; who has the badge keeps theirs.",
            number=version,
        )
    return _done(badge, text)


def _done(badge: Badge, text: str) -> Response:
    public = Addresses("").badge(badge.slug)
    target = url_for("admin_badges.show", slug=badge.slug)
    return done(text, target, link=public, link_text=_("See its page"))
