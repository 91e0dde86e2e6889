# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which language a page speaks: the one that was chosen, else one that the browser asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import has_request_context, request
from flask_babel import Babel, Domain

from issuer.catalogues import catalogue
from issuer.tongues import LANGUAGES, SOURCE

if TYPE_CHECKING:
    from babel.support import NullTranslations
    from flask import Flask

#: The English of most of the world: 3 November 2026.
LOCALES = {SOURCE: "en_GB"}
COOKIE = "language"
FOUND = "accolades.locale"


def init_app(app: Flask) -> None:
    """Let templates and views speak the language of whoever reads."""
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    babel = Babel()
    babel.domain_instance = Catalogues()
    babel.init_app(app, default_locale=LOCALES[SOURCE], locale_selector=locale)


def locale() -> str:
    """Return the locale of this request as Babel writes it: de, en_GB. It is found out once."""
    if not has_request_context():
        return LOCALES[SOURCE]
    environment = request.environ
    if FOUND not in environment:
        environment[FOUND] = _chosen()
    return str(environment[FOUND])


def language() -> str:
    """Return the code of the language of this request."""
    return locale().partition("_")[0]


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """The catalogues as translators write them: read once a process, nothing to be built."""

    def get_translations(self) -> NullTranslations:
        """Return the translations into the language of this request."""
        return catalogue(language())


def _chosen() -> str:
    code = request.cookies.get(COOKIE, "")
    if code not in LANGUAGES:
        code = _asked_for()
    return LOCALES.get(code, code)


def _asked_for() -> str:
    """Return the first of the languages that the browser names, the dearest first, that we speak.

    Whoever asks for Austrian German before English reads German (RFC 4647, 3.4).
    """
    named = sorted(request.accept_languages, key=lambda each: -each[1])
    codes = (tag.replace("_", "-").partition("-")[0].lower() for tag, quality in named if quality)
    return next((code for code in codes if code in LANGUAGES), SOURCE)
