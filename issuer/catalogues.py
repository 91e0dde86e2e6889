# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogues of what the site says, as translators write them: read once, nothing is built."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from issuer.paths import PACKAGE
from issuer.tongues import LANGUAGES, SOURCE

DOMAIN = "messages"
FOLDER = PACKAGE / "translations"


def path_of(code: str) -> str:
    """Return the file of a language's catalogue."""
    return str(FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po")


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
