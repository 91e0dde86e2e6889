# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a badge: everything an admin says of it, with rows that can be added and removed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from issuer.admin.fields import DecimalField, IntegerField
from issuer.admin.uploads import PictureMixin
from issuer.services.badge_editing import FURTHER, MAX_ALIGNMENTS, NEEDED
from issuer.services.badges import MAX_NAME, MAX_TEXT, Facts
from issuer.services.checking import MAX_ADDRESS, MAX_KEPT_ADDRESS, MAX_LINE
from issuer.services.slugs import slug_of
from rules.dialects.values import (
    MAX_DAYS,
    MAX_LEVEL,
    MAX_POINTS,
    MAX_SLUG,
    MAX_TAG,
    MAX_TAGS,
    badge_id,
)

if TYPE_CHECKING:
    from issuer.models import Badge, Milestone

DAY = timedelta(days=1).total_seconds()
#: Empty rows that a form has beside those with something in them.
SPARE_TAGS = 2
ADD, REMOVE = "add-", "remove-"


class AlignmentForm(Form):  # type: ignore[misc]  # WTForms tells no types
    """A row: what the badge corresponds to elsewhere."""

    targetName = StringField(_("Name"), [Length(max=MAX_LINE)])  # noqa: N815 (of the standard)
    targetUrl = StringField(_("Address"), [Length(max=MAX_ADDRESS)])  # noqa: N815 (the same)
    targetFramework = StringField(_("Framework"), [Length(max=MAX_LINE)])  # noqa: N815 (the same)
    targetCode = StringField(_("Code"), [Length(max=MAX_LINE)])  # noqa: N815 (the same)
    targetDescription = StringField(  # noqa: N815 (the same)
        _("Description"), [Length(max=MAX_TEXT)]
    )


class BadgeForm(PictureMixin, FlaskForm):  # type: ignore[misc]  # Flask-WTF tells no types
    """What an admin says of a badge."""

    seen = HiddenField()
    name = StringField(_("Name"), [DataRequired(), Length(max=MAX_NAME)])
    slug = StringField(
        _("Address"),
        [Length(max=MAX_SLUG)],
        description=_("The end of its web address, for ever. Empty: made from the name."),
    )
    issuer = SelectField(_("Issuer"))
    description = TextAreaField(
        _("Description"),
        [DataRequired(), Length(max=MAX_TEXT)],
        description=_("One or two sentences, as they stand below the name."),
        render_kw={"rows": 3},
    )
    criteria_text = TextAreaField(
        _("How to earn it"),
        [Length(max=MAX_TEXT)],
        description=_("Markdown. Empty: the description says it."),
        render_kw={"rows": 8},
    )
    criteria_url = StringField(_("Page with the full criteria"), [Length(max=MAX_KEPT_ADDRESS)])
    discussion_url = StringField(_("Page where it is discussed"), [Length(max=MAX_ADDRESS)])
    author = StringField(_("Author of the artwork or the idea"), [Length(max=MAX_LINE)])
    tags = FieldList(
        StringField(_("Tag"), [Length(max=MAX_TAG * 4)]), _("Tags"), max_entries=MAX_TAGS + 5
    )
    series = StringField(
        _("Series"),
        [Length(max=MAX_NAME)],
        description=_("A series that is there, or the name of a new one."),
    )
    level = IntegerField(
        _("Level"),
        [Optional(), NumberRange(1, MAX_LEVEL)],
        description=_("Empty: the end of the series."),
    )
    points = IntegerField(_("Points"), [InputRequired(), NumberRange(0, MAX_POINTS)], default=1)
    days = DecimalField(
        _("Expires after days"),
        [Optional(), NumberRange(0, MAX_DAYS)],
        places=None,
        description=_("Empty: it never expires."),
    )
    repeatable = BooleanField(_("It can be earned again and again"))
    claimable = BooleanField(_("Members may claim it by handing in what they did"))
    alignments = FieldList(
        FormField(AlignmentForm), _("Alignments"), max_entries=MAX_ALIGNMENTS + 5
    )

    @property
    def is_final(self) -> bool:
        """Whether the form was sent to be saved, and not for another row or a preview."""
        return self.is_submitted() and not (request.form.keys() & {"row", "preview"})

    def prepare(self) -> None:
        """Add and remove rows as the button asked, and leave some to write in."""
        asked = request.form.get("row", "")
        for name, spare in (("tags", SPARE_TAGS), ("alignments", 0)):
            rows: FieldList = self[name]
            if asked.startswith(f"{REMOVE}{name}-"):
                rows.entries = [row for row in rows.entries if asked != REMOVE + row.id]
            filled = sum(bool(row.data) for row in rows.entries)
            wanted = len(rows.entries) + 1 if asked == ADD + name else filled + spare
            while len(rows.entries) < min(wanted, rows.max_entries):
                rows.append_entry()

    def facts(self, series: tuple[str, str, int] | None) -> Facts:
        """Return what was typed; a new badge is named by it."""
        name = _line(self.name.data)
        return Facts(
            name=name,
            slug=(_line(self.slug.data) if self.slug else "") or slug_of(name),
            legacy_id=badge_id(name),
            description=_text(self.description.data),
            criteria_text=_text(self.criteria_text.data),
            criteria_url=_line(self.criteria_url.data) or None,
            discussion_url=_line(self.discussion_url.data) or None,
            author=_line(self.author.data) or None,
            tags=self.tag_names,
            points=self.points.data,
            repeatable=self.repeatable.data,
            expires_after=_span(self.days.data),
            series=series,
            alignments=tuple(self._alignments()),
        )

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The tags that were typed, each in a field of its own or several with commas."""
        parts = [part.strip() for text in self.tags.data for part in (text or "").split(",")]
        return tuple(dict.fromkeys(filter(None, parts)))

    def _alignments(self) -> list[dict[str, str]]:
        rows = [
            {name: _line(row.get(name)) for name in (*NEEDED, *FURTHER) if _line(row.get(name))}
            for row in self.alignments.data
        ]
        return [row for row in rows if row]


def values(badge: Badge, place: Milestone | None) -> dict[str, Any]:
    """Return what the form of a badge shows first."""
    names = ("name", "description", "criteria_text", "criteria_url", "discussion_url", "author")
    kept = {name: getattr(badge, name) for name in (*names, "points", "repeatable", "claimable")}
    days = (
        Decimal(badge.expires_after / DAY).quantize(Decimal("1.000000"))
        if badge.expires_after
        else None
    )
    return {
        **kept,
        "seen": badge.updated_at.isoformat(),
        "tags": [tag.name for tag in badge.tags],
        "series": place.series.name if place else "",
        "level": place.position if place else None,
        "days": days.normalize() if days else None,
        "alignments": badge.alignments,
    }


def _text(value: str | None) -> str:
    """Return a text as it is kept: browsers send line breaks of their own."""
    return (value or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _line(value: str | None) -> str:
    return (value or "").strip()


def _span(days: Decimal | None) -> timedelta | None:
    return timedelta(seconds=round(float(days) * DAY)) if days else None
