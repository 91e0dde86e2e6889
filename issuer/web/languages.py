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
        code = request.accept_languages.best_match(list(LANGUAGES), default=SOURCE)
    return LOCALES.get(code, code)
