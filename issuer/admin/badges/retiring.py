# SPDX-License-Identifier: AGPL-3.0-or-later
"""Retiring badges and bringing them back; deleting those that nobody ever got."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from issuer.access import acting, needs
from issuer.addresses import Addresses
from issuer.admin.badges.place import blueprint, mine
from issuer.admin.parts import REFUSED, attempt, done
from issuer.services import badge_editing, badge_lists
from issuer.services.permissions import Right
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Badge
    from issuer.services.permissions import Actor


@blueprint.post("/<slug>/retire")
@needs(Right.BADGES)
def retire(slug: str) -> Response:
    """Let nobody get a badge any more."""
    changed = _do(slug, badge_editing.retire)
    text = _("The badge is retired: nobody gets it any more, who has it keeps it.")
    return _told(slug, text if changed else _("The badge is retired already."))


@blueprint.post("/<slug>/unretire")
@needs(Right.BADGES)
def unretire(slug: str) -> Response:
    """Let a badge be earned again."""
    changed = _do(slug, badge_editing.unretire)
    text = _("The badge can be earned again.")
    return _told(slug, text if changed else _("The badge was not retired."))


@blueprint.post("/<slug>/release")
@needs(Right.BADGES)
def release(slug: str) -> Response:
    """Let rule files describe a badge again."""
    _do(slug, badge_editing.release)
    return _told(slug, _("From the next synchronisation on its rule file describes this badge."))


@blueprint.route("/<slug>/delete", methods=["GET", "POST"])
@needs(Right.BADGES)
def delete(slug: str) -> Response | tuple[str, int]:
    """Ask whether a badge that nobody ever got is to be deleted, and do it."""
    badge = mine(db_session(), slug)
    form = FlaskForm()

    def remove(session: Session, actor: Actor, now: datetime) -> bool:
        badge_editing.delete(session, actor, mine(session, slug), now=now)
        return True

    if attempt(form, remove):
        text = _("The badge %(badge)s is deleted.", badge=badge.name)
        return done(text, url_for("admin_badges.listing"))
    page = render_template(
        "admin/badges/delete.html",
        form=form,
        badge=badge,
        why_kept=badge_editing.why_kept(db_session(), badge),
        goes=badge_lists.goes_along(db_session(), badge),
    )
    return page, REFUSED if form.is_submitted() else 200


def _do(slug: str, change: Callable[..., bool]) -> bool:
    with current_site().database.writing() as session:
        badge: Badge = mine(session, slug)
        return change(session, acting(session), badge, now=datetime.now(UTC))


def _told(slug: str, text: str) -> Response:
    target = url_for("admin_badges.show", slug=slug)
    return done(text, target, link=Addresses("").badge(slug), link_text=_("See its page"))
