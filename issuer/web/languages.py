# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which language a page speaks: the one that was chosen, else one that the browser asks for."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import has_request_context, request
from flask_babel import Babel, Domain, get_locale

from issuer.paths import PACKAGE

if TYPE_CHECKING:
    from babel import Locale
    from flask import Flask

#: How the languages call themselves, by the code of their catalogue.
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
SOURCE = "en"
#: The English of most of the world: 3 November 2026.
LOCALES = {SOURCE: "en_GB"}
COOKIE = "language"
DOMAIN = "messages"
FOLDER = PACKAGE / "translations"


def init_app(app: Flask) -> None:
    """Let templates and views speak the language of whoever reads."""
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    babel = Babel()
    babel.domain_instance = Catalogues()
    babel.init_app(app, default_locale=LOCALES[SOURCE], locale_selector=_chosen)


def language() -> str:
    """Return the code of the language of this request."""
    locale: Locale | None = get_locale()
    return locale.language if locale else SOURCE


def path_of(code: str) -> str:
    """Return the file of a language's catalogue."""
    return str(FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po")


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """The catalogues as translators write them: read once a process, nothing to be built."""

    def get_translations(self) -> NullTranslations:
        """Return the translations into the language of this request."""
        return catalogue(language())


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(code: str) -> NullTranslations:
    """Return the translations into a language; the source needs none."""
    if code == SOURCE or code not in LANGUAGES:
        return NullTranslations()
    with open(path_of(code), "rb") as file:  # noqa: PTH123 (read_po takes a file)
        read = read_po(file, locale=code, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled, DOMAIN)


def _chosen() -> str:
    if not has_request_context():
        return LOCALES[SOURCE]
    code = request.cookies.get(COOKIE, "")
    if code not in LANGUAGES:
        code = request.accept_languages.best_match(list(LANGUAGES), default=SOURCE)
    return LOCALES.get(code, code)
