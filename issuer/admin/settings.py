# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings and texts of the site: changed while it runs; what was changed is in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from issuer.access import needs
from issuer.admin.fields import IntegerField
from issuer.admin.parts import REFUSED, Section, attempt, done, part
from issuer.services import live, site_texts
from issuer.services.live import TEXTS, Live, text_key
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.tongues import LANGUAGES

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = part("settings", "settings")
SECTIONS = (
    Section(_("Texts and settings"), "admin_settings.show", Right.SETTINGS, _("Site"), 320),
)
BASE = Live()


class SettingsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """All settings but the texts; the names are those of `Live`."""

    site_name = StringField(
        _("Name of the site"),
        [Length(max=60)],
        description=_("Empty: as the configuration says."),
    )
    site_claim = StringField(
        _("What the site is for, in one line"),
        [Length(max=160)],
        description=_("Empty: as the configuration says."),
    )
    notice = TextAreaField(
        _("Notice on every page"),
        [Length(max=2_000)],
        description=_("In Markdown, for instance before the site is down for a while."),
    )
    verify_per_minute = IntegerField(
        _("Verifications a minute, from one address"),
        [InputRequired(), NumberRange(1, 10_000)],
    )
    login_per_minute = IntegerField(
        _("Steps of a login a minute, from one address"),
        [InputRequired(), NumberRange(10, 10_000)],
    )
    invitations_per_minute = IntegerField(
        _("Invitations that one person may try a minute"),
        [InputRequired(), NumberRange(1, 10_000)],
    )
    claims_per_hour = IntegerField(
        _("Claims that one person may hand in an hour"),
        [InputRequired(), NumberRange(1, 10_000)],
    )
    api_per_minute = IntegerField(
        _("Requests of a program a minute, by one token"),
        [InputRequired(), NumberRange(1, 100_000)],
    )
    leaderboard = BooleanField(
        _("Show leaderboards and reports"),
        description=_("Without, nobody is ranked in public; pages of people stay as they are."),
    )
    claims = BooleanField(
        _("Let members claim badges"),
        description=_("Without, nothing new is handed in; what waits can still be answered."),
    )


class TextForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A text of the site in one language."""

    text = TextAreaField(_("Text in Markdown"), [Length(max=live.MAX_TEXT)])


@blueprint.route("/", methods=["GET", "POST"])
@needs(Right.SETTINGS)
def show() -> Response | tuple[str, int]:
    """Show the settings, and change them."""
    kept = live.stored(db_session())
    form = SettingsForm(data={**BASE.model_dump(), **kept})

    def wanted() -> dict[str, Any]:
        given = {name: form[name].data for name in Live.model_fields}
        return {
            name: None if value == getattr(BASE, name) else value for name, value in given.items()
        }

    changed = attempt(
        form, lambda session, actor, now: live.change(session, actor, wanted(), now=now)
    )
    if changed is not None:
        return _changed(changed, url_for(".show"))
    page = render_template(
        "admin/settings/show.html", form=form, names=TEXTS, languages=LANGUAGES, kept=kept
    )
    return page, _status(form)


@blueprint.route("/texts/<name>/<language>", methods=["GET", "POST"])
@needs(Right.SETTINGS)
def text(name: str, language: str) -> Response | tuple[str, int]:
    """Show a text of the site in a language, preview it, and change it."""
    if name not in TEXTS or language not in LANGUAGES:
        abort(404)
    key, own = text_key(name, language), live.stored(db_session())
    now_shown = site_texts.written(current_site().settings.home, own, name, language)
    form = TextForm(text=now_shown)
    previewed = "preview" in request.form
    if not previewed:
        changed = attempt(
            form,
            lambda session, actor, now: live.change(
                session, actor, {key: form.text.data or None}, now=now
            ),
        )
        if changed is not None:
            return _changed(changed, url_for(".text", name=name, language=language))
    page = render_template(
        "admin/settings/text.html",
        form=form,
        name=name,
        language=language,
        languages=LANGUAGES,
        is_own=key in own,
        previewed=previewed,
    )
    return page, 200 if previewed else _status(form)


def _changed(keys: list[str], target: str) -> Response:
    current_site().live.forget()
    told = gettext("Changed: %(names)s. Everybody sees it within seconds.", names=", ".join(keys))
    if not keys:
        return done(gettext("Nothing had to be changed."), target)
    log = url_for("admin_audit.entries", subject="settings site")
    return done(told, target, link=log, link_text=gettext("Audit log"))


def _status(form: FlaskForm) -> int:
    return REFUSED if form.is_submitted() else 200
