# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts rules in force and out of it, and looks at their history."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select

from issuer.access import needs
from issuer.admin.parts import attempt, done, failed
from issuer.admin.rules.base import blueprint, find
from issuer.errors import NotFoundError
from issuer.models import Person
from issuer.services import rule_drafts
from issuer.services.permissions import Right
from issuer.site import db_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Rule, RuleRevision
    from issuer.services.permissions import Actor

MOST = 200


@blueprint.post("/of/<slug>/revisions/<int:number>/activate")
@needs(Right.RULES)
def activate(slug: str, number: int) -> Response:
    """Put a revision in force."""
    said = _("Revision %(number)s is in force now: the next message meets it.", number=number)
    return _changed(
        slug,
        said,
        lambda session, actor, now: rule_drafts.activate(session, actor, slug, number, now=now),
    )


@blueprint.post("/of/<slug>/deactivate")
@needs(Right.RULES)
def deactivate(slug: str) -> Response:
    """Take a rule out of force."""
    said = _("The rule is not in force any more; whoever has the badge keeps it.")
    return _changed(
        slug,
        said,
        lambda session, actor, now: rule_drafts.deactivate(session, actor, slug, now=now),
    )


@blueprint.post("/of/<slug>/revisions/<int:number>/restore")
@needs(Right.RULES)
def restore(slug: str, number: int) -> Response:
    """Make a draft of an older text."""
    said = _("The text of revision %(number)s is a draft now.", number=number)
    return _changed(
        slug,
        said,
        lambda session, actor, now: rule_drafts.restore(session, actor, slug, number, now=now),
    )


@blueprint.post("/of/<slug>/file")
@needs(Right.RULES)
def follow_file(slug: str) -> Response:
    """Give a rule back to its file."""
    said = _("The rule follows its file again.")
    return _changed(
        slug,
        said,
        lambda session, actor, now: rule_drafts.follow_file(session, actor, slug, now=now),
    )


@blueprint.post("/of/<slug>/failures")
@needs(Right.RULES)
def reset_failures(slug: str) -> Response:
    """Forget the failures of a rule."""
    said = _("The failures are forgotten.")
    return _changed(
        slug,
        said,
        lambda session, actor, now: rule_drafts.reset_failures(session, actor, slug, now=now),
    )


@blueprint.get("/of/<slug>/history")
@needs(Right.RULES)
def history(slug: str) -> str:
    """Show all revisions of a rule, the newest first."""
    place = find(slug)
    revisions = list(reversed(place.rule.revisions))[:MOST] if place.rule else []
    return render_template(
        "admin/rules/history.html", place=place, revisions=revisions, authors=_authors(revisions)
    )


@blueprint.get("/of/<slug>/revisions/<int:number>")
@needs(Right.RULES)
def revision(slug: str, number: int) -> str:
    """Show a revision, and how it differs from another: by default the one before it."""
    place = find(slug)
    shown = _revision(place.rule, number)
    other = request.args.get("against", default=number - 1, type=int)
    before = _revision(place.rule, other) if other > 0 else None
    lines = difflib.unified_diff(
        before.text.splitlines() if before else [], shown.text.splitlines(), lineterm="", n=3
    )
    return render_template(
        "admin/rules/revision.html",
        place=place,
        shown=shown,
        before=before,
        difference=list(lines)[2:],
        authors=_authors([shown]),
    )


def _changed(slug: str, said: str, change: Callable[[Session, Actor, datetime], Rule]) -> Response:
    """Do a change that has no fields, and lead to the editor."""
    form = FlaskForm()
    editor = url_for(".edit", slug=slug)
    if attempt(form, change) is None:
        return failed(" ".join(map(str, form.form_errors)), editor)
    return done(said, editor)


def _revision(rule: Rule | None, number: int) -> RuleRevision:
    found = rule.revision(number) if rule is not None else None
    if found is None:
        raise NotFoundError("revision %(revision)s: there is none", revision=number)
    return found


def _authors(revisions: list[RuleRevision]) -> dict[int, str]:
    """Return the names of those who wrote some revisions."""
    ids = {each.author_id for each in revisions if each.author_id is not None}
    rows = db_session().execute(select(Person.id, Person.username).where(Person.id.in_(ids)))
    return dict(rows.all())
