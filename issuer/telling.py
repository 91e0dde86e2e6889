# SPDX-License-Identifier: AGPL-3.0-or-later
"""Says on a page, in the language of whoever reads it, what services say in English."""

from __future__ import annotations

from flask_babel import gettext
from markupsafe import Markup, escape

from issuer.errors import AccoladesError
from issuer.words import Said, Text, spoken, visible

#: What a server elsewhere says is English, as far as anybody can know.
QUOTATION = Markup('<q lang="en">{}</q>')


def worded(what: object) -> str:
    """Return what an error says, or a text of a service, in the language of this request."""
    return spoken(what.text if isinstance(what, AccoladesError) else what, gettext)


def marked(what: object) -> Markup:
    """Return the same for a page, where what others said stands as a quotation of theirs."""
    text = what.text if isinstance(what, AccoladesError) else what
    if not isinstance(text, Text):
        return QUOTATION.format(text) if text else Markup()
    sentence = escape(gettext(text.sentence)) if text.sentence else Markup()
    if not text.values:
        return sentence
    return sentence % {name: _value(each) for name, each in text.values.items()}


def _value(value: object) -> object:
    if isinstance(value, Said):
        return marked(str(value))
    if isinstance(value, Text):
        return marked(value)
    return visible(value) if isinstance(value, str) else value
