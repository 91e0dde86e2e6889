# SPDX-License-Identifier: AGPL-3.0-or-later
"""The editor: fields and text of a rule, checked while one writes, and saved as a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import jsonify, request, url_for
from flask_babel import gettext as _

from issuer.access import needs
from issuer.admin.parts import attempt, done
from issuer.admin.rules.base import (
    Editor,
    blueprint,
    find,
    form_with,
    kept,
    pressed,
    sent,
    summary,
    told,
)
from issuer.admin.rules.building import BLANK, plain
from issuer.limits import limiter
from issuer.services import rule_checks, rule_drafts
from issuer.services.permissions import Right
from issuer.site import db_session
from rules.building import MAX_COUNTED, MAX_LINES

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.models import RuleRevision

#: Whoever types asks twice a second at most.
LINT = "240 per minute"
MOST = {"lines": MAX_LINES, "asked": MAX_COUNTED}


#: Numbers of drafts are shorter; Python refuses to read thousands of digits.
MOST_DIGITS = 10


@blueprint.get("/of/<slug>")
@needs(Right.RULES)
def edit(slug: str) -> tuple[str, int]:
    """Show the newest text of a rule, with its fields."""
    return kept(slug).show()


@blueprint.post("/of/<slug>/write")
@needs(Right.RULES)
def write_text(slug: str) -> tuple[str, int]:
    """Write the YAML that the fields mean."""
    editor = sent(slug)
    return editor.show() if editor.write_text() else editor.refuse()


@blueprint.post("/of/<slug>/fill")
@needs(Right.RULES)
def fill_fields(slug: str) -> tuple[str, int]:
    """Fill the fields with what the YAML means."""
    editor = sent(slug)
    if editor.fill_from_text():
        return editor.show()
    editor.note_seen()
    return editor.show(status=422)


@blueprint.post("/of/<slug>/check")
@needs(Right.RULES)
def check(slug: str) -> tuple[str, int]:
    """Show what is wrong with a rule."""
    editor = sent(slug)
    return editor.refuse() if editor.settle() is None else editor.show()


@blueprint.post("/of/<slug>/lines")
@needs(Right.RULES)
def change_lines(slug: str) -> tuple[str, int]:
    """Add, move or remove a line of the fields."""
    editor = sent(slug)
    data = editor.form.data
    name, _dash, rest = pressed("change").partition("-")
    if name in MOST:
        data[name] = moved(data[name], rest, name)
        editor.form = form_with(data, editor.form)
    return editor.show()


@blueprint.post("/of/<slug>/lint")
@needs(Right.RULES)
@limiter.limit(LINT)
def lint(slug: str) -> Response:
    """Answer what is wrong with a text, for the script that asks while one types."""
    text = plain(request.form.get("text", ""))
    checked = rule_checks.check(db_session(), text, find(slug).badge)
    marks = [
        {
            "line": mark.line,
            "column": mark.column,
            "severity": mark.severity,
            "text": told(mark),
        }
        for mark in checked.marks
    ]
    return jsonify(loads=checked.rule is not None, marks=marks, said=summary(checked))


@blueprint.post("/of/<slug>/save")
@needs(Right.RULES)
def save(slug: str) -> Response | tuple[str, int]:
    """Save the text as a draft."""
    editor = sent(slug)
    text = editor.settle()
    if text is None:
        return editor.refuse()
    typed = editor.form.base.data or ""
    base = int(typed) if typed.isdecimal() and len(typed) < MOST_DIGITS else 0
    saved: tuple[RuleRevision, bool] | None = attempt(
        editor.form,
        lambda session, actor, now: rule_drafts.save(
            session, actor, slug, text, base=base, now=now
        ),
    )
    if saved is None:
        _follow(editor)
        return editor.refuse()
    return done(_told(editor, *saved), url_for(".edit", slug=slug))


def moved(lines: list[dict[str, Any]], what: str, name: str) -> list[dict[str, Any]]:
    """Return lines of a form with one added, removed or moved; what makes no sense does nothing."""
    lines = list(lines)
    if what == "add":
        blank = (
            BLANK["lines"][0]
            if name == "lines"
            else {"key": "users", "kind": "recipient", "values": ""}
        )
        level = {"level": lines[-1]["level"]} if lines and name == "lines" else {}
        return [*lines, {**blank, **level}][: MOST[name]]
    number, _dash, action = what.partition("-")
    place = int(number) if number.isdecimal() and len(number) < 4 else len(lines)
    if place >= len(lines):
        return lines
    if action == "remove":
        del lines[place]
    other = {"up": place - 1, "down": place + 1}.get(action, -1)
    if 0 <= other < len(lines):
        lines[place], lines[other] = lines[other], lines[place]
    return lines


def _follow(editor: Editor) -> None:
    """Let the next attempt come after what was saved meanwhile: its author was told of it."""
    db_session().expire_all()
    editor.place = find(editor.place.badge.slug)
    newest = editor.place.newest
    editor.form.base.data = str(newest.number if newest else 0)


def _told(editor: Editor, revision: RuleRevision, is_new: bool) -> str:
    checked = rule_checks.check(db_session(), revision.text, editor.place.badge)
    if not is_new:
        said = _("Nothing was changed: this text is already saved.")
    elif checked.rule is None:
        said = _(
            "Saved as revision %(number)s, with errors: it cannot be activated yet.",
            number=revision.number,
        )
    else:
        said = _(
            "Saved as revision %(number)s. It is not in force until you activate it.",
            number=revision.number,
        )
    return str(said)
