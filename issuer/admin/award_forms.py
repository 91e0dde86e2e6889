# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms by which badges are given: names, a file, and what its columns hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
    widgets,
)
from wtforms.validators import InputRequired, Length

from issuer.errors import InvalidInputError
from issuer.services import sheets, wishes
from issuer.telling import worded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wtforms import Field

    from issuer.models import Batch
    from issuer.services.sheets import Sheet
    from issuer.services.wishes import Wish

MAKE = _("Make accounts for names that nobody here has")
AGAIN = _("Award also to people from whom the badge was taken back")
NONE = "-1"


class AwardForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """One badge for one person or many, with the same reasons for all."""

    badge = StringField(
        _("Badge"),
        [InputRequired(), Length(max=200)],
        description=_("Its name or the last part of its address."),
    )
    people = TextAreaField(
        _("People"),
        [Length(max=400_000)],
        description=_("User names or e-mail addresses, as many as you like, one a line."),
        render_kw={"rows": 6},
    )
    find = StringField(_("Find a person"), [Length(max=100)])
    chosen = SelectMultipleField(
        _("People who were found"),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validate_choice=False,
    )
    narrative = TextAreaField(
        _("Why"),
        [Length(max=wishes.MAX_NARRATIVE)],
        description=_("Everybody can read it with the award. Markdown."),
    )
    evidence = TextAreaField(
        _("Evidence"),
        [Length(max=wishes.MAX_LINKS * wishes.MAX_LINK)],
        description=_("Web addresses that show what was done, one a line; or words."),
    )
    day = StringField(
        _("Awarded on"),
        [Length(max=40)],
        description=_("Empty: now. Like 2026-03-01."),
        widget=widgets.DateInput(),
    )
    make_accounts = BooleanField(MAKE)
    again = BooleanField(AGAIN)

    def validate_evidence(self, field: Field) -> None:
        """Refuse evidence that nobody could follow, once and not on every line."""
        if wishes.links_of(field.data or "") is None:
            raise ValidationError(gettext("needs addresses like https://example.org/page"))

    def validate_day(self, field: Field) -> None:
        """Refuse what is no day."""
        if field.data and wishes.moment_of(field.data.strip()) is None:
            raise ValidationError(gettext("needs a day like 2026-03-01"))

    def validate_people(self, field: Field) -> None:
        """Refuse a list without a name, or one that is too long."""
        try:
            found = sheets.names(field.data or "")
        except InvalidInputError as error:
            raise ValidationError(worded(error)) from error
        if not found and not self.chosen.data and not self.find.data:
            raise ValidationError(gettext("name at least one person"))

    def offer(self, found: Iterable[tuple[str, str]]) -> None:
        """Offer people who were found beside those who were chosen before."""
        before = [name for name in (self.chosen.data or ())[:1000] if len(name) <= 100]
        self.chosen.choices = list({**{name: name for name in before}, **dict(found)}.items())

    def wanted(self) -> list[Wish]:
        """Return a wish for each person who is named, in any of the ways."""
        typed = sheets.names(self.people.data or "")
        others = sheets.names("\n".join([*(self.chosen.data or ()), self.find.data or ""]))
        known = {name.lower() for name in typed}
        return wishes.of_names(
            [*typed, *(name for name in others if name.lower() not in known)],
            badge=(self.badge.data or "").replace("\0", "").strip(),
            evidence=(self.evidence.data or "").strip(),
            narrative=(self.narrative.data or "").replace("\r\n", "\n").strip(),
            day=(self.day.data or "").strip(),
        )


class FileForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A file of people and badges."""

    file = FileField(_("File"), [FileRequired()])
    badge = StringField(_("Badge, where the file names none"), [Length(max=200)], id="file-badge")
    make_accounts = BooleanField(MAKE, id="file-make_accounts")
    again = BooleanField(AGAIN, id="file-again")


class ColumnsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What the columns of a file hold."""

    headed = BooleanField(_("The first row names the columns"))
    user = SelectField(_("Person"))
    badge = SelectField(_("Badge"))
    evidence = SelectField(_("Evidence"))
    narrative = SelectField(_("Why"))
    date = SelectField(_("Awarded on"))

    @classmethod
    def of(cls, sheet: Sheet, batch: Batch) -> ColumnsForm:
        """Return the form for a file, filled in as far as its first row says it."""
        first = sheet.rows[0][1]
        guessed = sheets.guess(first)
        usual: dict[str, object] = {"headed": bool(guessed)}
        usual |= {kind: str(guessed.get(kind, NONE)) for kind in sheets.HEADS}
        if not guessed:
            usual["user"] = "0"
            if sheet.width > 1 and not batch.options.get("badge"):
                usual["badge"] = "1"
        form = cls(data=usual)
        columns = [
            (str(place), f"{place + 1}: {first[place][:40] if place < len(first) else ''}")
            for place in range(sheet.width)
        ]
        for kind in sheets.HEADS:
            choices = columns if kind == "user" else [(NONE, gettext("none")), *columns]
            form[kind].choices = choices
        return form

    def wanted(self, sheet: Sheet, badge: str) -> list[Wish]:
        """Return a wish for each row."""
        columns = {kind: int(self[kind].data) for kind in sheets.HEADS}
        return wishes.of_sheet(sheet, columns, headed=self.headed.data, badge=badge)
