# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of the rule editor: the fields of the builder and the text, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from issuer.admin.fields import IntegerField
from rules.building import MAX_COUNTED, MAX_LEVELS, MAX_LINES
from rules.queries import LIST_KEYS, MAX_NUMBER

if TYPE_CHECKING:
    from flask_babel.speaklater import LazyString

MAX_EXPRESSION = 2_000
MAX_VALUES = 4_000
#: A message of the bus that is pasted.
MAX_MESSAGE = 200_000

JOINS = [("all", _("all of these lines")), ("any", _("at least one of these lines"))]
KINDS = [
    ("topic", _("topic ends with")),
    ("category", _("category is")),
    ("lambda", _("expression holds")),
    ("any", _("any of the lines below")),
    ("all", _("all of the lines below")),
]
WHO = [
    ("agent", _("who did it: the agent of the message")),
    ("usernames", _("everybody whom the message names")),
    ("expression", _("what an expression gives")),
]
CONVERSIONS: list[tuple[str, LazyString]] = [
    ("", _("account names")),
    ("recipient_nick2fas", _("chat nicks")),
    ("recipient_email2fas", _("e-mail addresses")),
    ("recipient_openid2fas", _("OpenID addresses")),
    ("recipient_github2fas", _("GitHub addresses")),
    ("recipient_distgit2fas", _("addresses of package sources")),
    ("recipient_krb2fas", _("Kerberos principals")),
]
COUNTING = [
    ("nothing", _("the first message that fits")),
    ("triggers", _("a number of messages that fit")),
    ("messages", _("a number of messages that a filter finds")),
]
FILTERS = {
    "users": _("users named"),
    "not_users": _("users not named"),
    "agents": _("agents"),
    "not_agents": _("agents not"),
    "topics": _("topics"),
    "not_topics": _("topics not"),
    "categories": _("categories"),
    "not_categories": _("categories not"),
    "packages": _("packages"),
    "not_packages": _("packages not"),
    "contains": _("text of the message contains"),
}
VALUES = [
    ("recipient", _("the person who may get the badge")),
    ("topic", _("the topic of the message")),
    ("texts", _("these texts, one a line")),
    ("expressions", _("these expressions, one a line")),
    ("list", _("an expression that gives a list")),
]
LAMBDA = "lambda"
COMPARISONS = [
    ("greater than or equal to", _("at least")),
    ("greater than", _("more than")),
    ("equal to", _("exactly")),
    ("less than or equal to", _("at most")),
    ("less than", _("less than")),
    ("is not", _("any number but")),
    (LAMBDA, _("as an expression says")),
]
ONE_LINE = [Length(max=MAX_EXPRESSION)]


def _choices(known: list[tuple[str, LazyString]]) -> list[Any]:
    return [SelectChoice(value, label) for value, label in known]


class LineForm(Form):  # type: ignore[misc]  # WTForms has no types
    """One line of a trigger."""

    level = SelectField(
        _("Level"),
        choices=[SelectChoice(str(n), str(n + 1)) for n in range(MAX_LEVELS)],
        default="0",
    )
    negated = BooleanField(_("not"))
    kind = SelectField(_("What"), choices=_choices(KINDS), default="topic")
    text = StringField(_("Text"), ONE_LINE)


class AskedForm(Form):  # type: ignore[misc]  # WTForms has no types
    """One line of a filter."""

    key = SelectField(_("Where"), choices=[SelectChoice(key, FILTERS[key]) for key in LIST_KEYS])
    kind = SelectField(_("What"), choices=_choices(VALUES))
    values = TextAreaField(
        _("Values"), [Length(max=MAX_VALUES)], render_kw={"rows": 1, "spellcheck": "false"}
    )


class RuleForm(FlaskForm):  # type: ignore[misc]  # WTForms has no types
    """All that the editor knows: `text` is what is saved."""

    text = TextAreaField(
        _("The rule as YAML"),
        render_kw={"rows": 24, "spellcheck": "false", "autocapitalize": "none"},
    )
    base = HiddenField()  # the revision that was seen
    seen = HiddenField()  # what fields and text were when they were shown

    join = SelectField(
        _("The message must fit"),
        choices=_choices(JOINS),
        default="all",
    )
    lines = FieldList(FormField(LineForm), _("Lines"), max_entries=MAX_LINES)
    who = SelectField(_("Who gets it"), choices=_choices(WHO), default="agent")
    recipient = StringField(_("Expression for the people"), ONE_LINE)
    conversion = SelectField(_("Names are"), choices=_choices(CONVERSIONS), default="")
    keeping = BooleanField(_("Take a name that nobody has registered for the account itself"))
    counting = SelectField(_("What earns it"), choices=_choices(COUNTING), default="nothing")
    asked = FieldList(FormField(AskedForm), _("Messages that count"), max_entries=MAX_COUNTED)
    operation = StringField(_("Expression instead of the number of messages"), ONE_LINE)
    comparison = SelectField(
        _("How many"), choices=_choices(COMPARISONS), default=COMPARISONS[0][0]
    )
    number = IntegerField(_("Number"), [Optional(), NumberRange(min=0, max=MAX_NUMBER)], default=1)
    expression = StringField(_("Expression for the number"), ONE_LINE)

    since = DateField(_("Since"), [Optional()])
    message = StringField(_("Id of a message in the archive"), [Length(max=255)])
    said = TextAreaField(
        _("Or a message as JSON"),
        [Length(max=MAX_MESSAGE)],
        render_kw={"rows": 4, "spellcheck": "false"},
    )
