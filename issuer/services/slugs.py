# SPDX-License-Identifier: AGPL-3.0-or-later
"""Slugs: the ends of web addresses, made from names in whatever script they are written."""

from __future__ import annotations

import unicodedata

from anyascii import anyascii

from rules.dialects import values


def slug_of(name: str) -> str:
    """Return the slug that a name gets: a-z, 0-9 and single hyphens; or nothing.

    It is what a rule file gets for the same name, but for letters that it would leave out: they
    are written as they sound in Latin.
    """
    letters = unicodedata.normalize("NFKD", name)
    if all(each.isascii() for each in letters if each.isalnum()):
        return values.slug_of(name)
    latin = (_latin(each) for each in unicodedata.normalize("NFC", name))
    return values.slug_of("".join(latin))


def _latin(letter: str) -> str:
    is_written = unicodedata.category(letter)[0] in "LMN"  # letters, their marks, and numbers
    return anyascii(letter) if is_written and not letter.isascii() else letter
