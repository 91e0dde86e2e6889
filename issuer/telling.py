# SPDX-License-Identifier: AGPL-3.0-or-later
"""Says on a page, in the language of whoever reads it, what services say in English."""

from __future__ import annotations

from flask_babel import gettext

from issuer.errors import AccoladesError
from issuer.words import spoken


def worded(what: object) -> str:
    """Return what an error says, or a text of a service, in the language of this request."""
    return spoken(what.text if isinstance(what, AccoladesError) else what, gettext)
