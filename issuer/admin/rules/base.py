# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all pages of the rules share: their blueprint, their place, and the page of the editor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from issuer.access import current_actor
from issuer.admin.parts import REFUSED, Section, part
from issuer.admin.rules.building import BLANK, data_of, digest, digest_of, fields_of, plain
from issuer.admin.rules.forms import RuleForm
from issuer.intake import policy_of
from issuer.services import rule_checks, rule_drafts
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.telling import worded
from rules.building import Badge as Head
from rules.building import write
from rules.dialects.values import slug_of
from rules.filling import NotShownError, fill

if TYPE_CHECKING:
    from issuer.models import Badge
    from issuer.services.processing import Policy
    from issuer.services.rule_checks import Checked, Mark
    from issuer.services.rule_drafts import Place
    from rules.building import Fields

blueprint = part("rules", "rules")
SECTIONS = (
    Section(
        lazy_gettext("Rules"), "admin_rules.index", Right.RULES, lazy_gettext("Badges"), place=140
    ),
)
POLICY = "accolades_rules_policy"
DAYS = 30
APART, TOGETHER = "apart", "together"
MAX_HEAD = 5_000
MAX_PRESSED = 255  # as long as the id of a message


@dataclass(slots=True)
class Editor:
    """A rule in the editor, as it was sent or as it is kept."""

    place: Place
    form: RuleForm
    checked: Checked | None = None
    unseen: str = ""  # why the fields do not show the text
    stale: bool = False  # whether the fields show what the text was before

    def show(self, *, status: int = 200, **more: Any) -> tuple[str, int]:
        """Return the page."""
        if self.stale and status < REFUSED and not self.fill_from_text():
            self.note_seen()
        form, text = self.form, plain(self.form.text.data or "")
        if self.checked is None and text.strip():
            self.checked = rule_checks.check(db_session(), text, self.place.badge)
        if not form.since.data:
            form.since.data = (datetime.now(UTC) - timedelta(days=DAYS)).date()
        page = render_template(
            "admin/rules/edit.html",
            editor=self,
            place=self.place,
            form=form,
            checked=self.checked,
            unseen=self.unseen,
            topics=rule_checks.some_topics(db_session()),
            said=summary(self.checked) if self.checked else "",
            told=told,
            **more,
        )
        return page, status

    def refuse(self) -> tuple[str, int]:
        """Return the page with what is wrong with it, and all that was typed."""
        return self.show(status=REFUSED)

    def note_seen(self) -> None:
        """Remember what fields and text are now, to know later which of them was changed."""
        state = APART if self.unseen else TOGETHER
        text = digest_of(self.form.text.data or "")
        self.form.seen.data = f"{digest(self.form.data)}.{text}.{state}"

    def fill(self, fields: Fields | None) -> None:
        """Put the fields of a rule into the form, or none."""
        data = BLANK if fields is None else data_of(fields)
        self.form = form_with({**self.form.data, **data}, self.form)

    def fill_from_text(self) -> bool:
        """Let the fields show the text, if they can."""
        text = plain(self.form.text.data or "")
        checked = self.checked = rule_checks.check(db_session(), text, self.place.badge)
        if checked.rule is None:
            self.unseen = _("The YAML has errors: correct them first.")
            return False
        try:
            self.fill(fill(text))
        except NotShownError as error:
            self.unseen = _("Line %(line)s: %(reason)s", line=error.line, reason=str(error))
            return False
        self.unseen = ""
        self.note_seen()
        return True

    def write_text(self) -> bool:
        """Let the text say what the fields say, if they are complete."""
        fields = fields_of(self.form)
        if fields is None:
            return False
        self.form.text.data = write(head_of(self.place.badge), fields)
        self.unseen, self.checked = "", None
        self.note_seen()
        return True

    def settle(self) -> str | None:
        """Return the text that is meant; nothing where that cannot be told, the form says why.

        Where only the fields were changed they are meant, and the text follows them.
        """
        fields, text, state = [*(self.form.seen.data or "").split("."), "", "", ""][:3]
        changed = bool(fields) and digest(self.form.data) != fields
        self.stale = digest_of(self.form.text.data or "") != text
        if changed and (state == APART or self.stale):
            said = _(
                "Fields and YAML say different things: "
                "press “Write YAML from fields” or “Fill fields from YAML”."
            )
            self.form.form_errors.append(said)
            return None
        if changed and not self.write_text():
            return None
        return plain(self.form.text.data or "")


def summary(checked: Checked) -> str:
    """Return in a sentence how a text stands."""
    errors = len(checked.errors)
    if errors:
        return str(
            ngettext(
                "%(num)s error: the rule cannot be activated.",
                "%(num)s errors: the rule cannot be activated.",
                errors,
            )
        )
    if checked.marks:
        return str(
            ngettext(
                "The rule loads; %(num)s remark.",
                "The rule loads; %(num)s remarks.",
                len(checked.marks),
            )
        )
    return str(_("The rule loads."))


def told(mark: Mark) -> str:
    """Return what is to be said of a line, and what to do about it, in the reader's language."""
    said = worded(mark.message)
    return f"{said}: {worded(mark.hint)}" if mark.hint else said


def find(slug: str) -> Place:
    """Return the badge of an address with its rule, for whoever has the right to it."""
    return rule_drafts.find(db_session(), current_actor(), slug, now=datetime.now(UTC))


def kept(slug: str) -> Editor:
    """Return the editor with what is kept of a rule."""
    place = find(slug)
    newest = place.newest
    data = {**BLANK, "text": newest.text if newest else "", "base": newest.number if newest else 0}
    editor = Editor(place, form_with(data))
    if newest is None or not editor.fill_from_text():
        editor.note_seen()
    return editor


def sent(slug: str) -> Editor:
    """Return the editor with what was sent."""
    return Editor(find(slug), RuleForm())


def form_with(data: dict[str, Any], former: RuleForm | None = None) -> RuleForm:
    """Return a form with values of ours, with what was wrong with the former one."""
    made = RuleForm(formdata=None, data={**data, "csrf_token": None})
    if former is not None:
        made.form_errors = list(former.form_errors)
    return made


def head_of(badge: Badge) -> Head:
    """Return what a rule has to say of its badge: as little as the dialect asks for."""
    site = current_site().settings
    return Head(
        name=badge.name,
        description=badge.description.strip()[:MAX_HEAD],
        image_url=f"{site.base_url}/badges/{badge.slug}/image",
        creator=badge.author or "",
        discussion=badge.discussion_url or "",
        issuer_id=badge.issuer.slug,
        slug="" if slug_of(badge.name) == badge.slug else badge.slug,
    )


def policy() -> Policy:
    """Return what holds for all messages; what a directory said is kept between requests."""
    if POLICY not in current_app.extensions:
        current_app.extensions[POLICY] = policy_of(current_site().settings)
    return cast("Policy", current_app.extensions[POLICY])


def pressed(name: str) -> str:
    """Return the value of the button that was pressed."""
    return request.form.get(name, "")[:MAX_PRESSED]
