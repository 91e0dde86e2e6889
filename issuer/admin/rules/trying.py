# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tries a text on the messages of the archive, and explains it at one of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from issuer.access import needs
from issuer.adapters.messages import from_record
from issuer.admin.parts import REFUSALS
from issuer.admin.rules.base import DAYS, Editor, blueprint, policy, pressed, sent
from issuer.admin.rules.forms import COMPARISONS, MAX_MESSAGE
from issuer.errors import AccountsAwayError, AccountUnclearError, InvalidInputError
from issuer.limits import limiter
from issuer.services import draft_steps, rule_checks, trials
from issuer.services.draft_steps import Said
from issuer.services.permissions import Right
from issuer.services.replaying import json_value
from issuer.site import current_site
from issuer.telling import worded
from rules.filling import SAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from rules.explaining import Explanation
    from rules.model import Rule

#: Each may take seconds of a worker.
TRIES = "20 per minute"
NO_ANSWER = (*REFUSALS, AccountsAwayError, AccountUnclearError)


@blueprint.post("/of/<slug>/try")
@needs(Right.RULES)
@limiter.limit(TRIES)
def try_out(slug: str) -> tuple[str, int]:
    """Show who would have got the badge since a day; nothing is written."""
    editor = sent(slug)
    rule = _rule(editor)
    if rule is None:
        return editor.refuse()
    since = _since(editor)
    with current_site().database.reading() as session:
        try:
            trial = trials.run(session, rule, editor.place.badge, policy(), since=since)
        except NO_ANSWER as error:
            editor.form.form_errors.append(worded(error))
            return editor.refuse()
    history = current_site().settings.history != "archive"
    return editor.show(trial=trial, since=since, wanted=_wanted(rule), history=history)


@blueprint.post("/of/<slug>/explain")
@needs(Right.RULES)
@limiter.limit(TRIES)
def explain(slug: str) -> tuple[str, int]:
    """Show step by step why the rule would award for a message, or not; nothing is written."""
    editor = sent(slug)
    rule = _rule(editor)
    said = _said(editor) if rule is not None else None
    if rule is None or said is None:
        return editor.refuse()
    with current_site().database.reading() as session:
        try:
            told, message = _told(session, editor, rule, said)
        except NO_ANSWER as error:
            editor.form.form_errors.append(worded(error))
            return editor.refuse()
    return editor.show(explanation=told, explained=message)


def _told(
    session: Session, editor: Editor, rule: Rule, said: Callable[[Session], Said]
) -> tuple[Explanation, Said]:
    message = said(session)
    return draft_steps.tell(session, rule, editor.place.badge, policy(), message), message


def _rule(editor: Editor) -> Rule | None:
    """Return the rule that is to be tried; nothing where the form says what is wrong with it."""
    text = editor.settle()
    if text is None or not editor.form.validate():
        return None
    with current_site().database.reading() as session:
        editor.checked = rule_checks.check(session, text, editor.place.badge)
    if editor.checked.rule is None:
        said = _("A rule that has errors cannot be tried.")
        editor.form.form_errors.append(said)
    return editor.checked.rule


def _wanted(rule: Rule) -> str:
    """Return in words what the value must be."""
    condition = rule.condition
    if condition is None:
        return ""
    if condition.expression is not None:
        return condition.expression.text
    words = dict(COMPARISONS)
    name = SAME.get(condition.comparison, condition.comparison)
    return f"{words.get(name, name)} {condition.number:g}"


def _since(editor: Editor) -> datetime:
    now, day = datetime.now(UTC), editor.form.since.data
    if day is None:
        return now - timedelta(days=DAYS)
    return datetime.combine(day, time(), UTC)


def _said(editor: Editor) -> Callable[[Session], Said] | None:
    """Return what gives the message that is to be explained, as it was named or pasted."""
    form = editor.form
    name = pressed("why") or (form.message.data or "").strip()
    text = (form.said.data or "").strip()
    if not name and not text:
        form.form_errors.append(_("Name a message of the archive, or paste one."))
        return None
    if name:
        return lambda session: draft_steps.find(session, name)
    try:
        incoming = from_record(_record(text))
    except InvalidInputError as error:
        form.form_errors.append(worded(error))
        return None
    said = Said(incoming.message, incoming.users)
    return lambda session: said


def _record(text: str) -> object:
    """Return a message that was pasted; its id and time may be left out."""
    if len(text) > MAX_MESSAGE:
        raise InvalidInputError("message: longer than %(limit)s characters", limit=MAX_MESSAGE)
    record = json_value(text.encode("utf-8", "surrogatepass"), "message")
    if isinstance(record, dict):
        record.setdefault("id", "pasted")
        record.setdefault("timestamp", datetime.now(UTC).isoformat())
    return record
