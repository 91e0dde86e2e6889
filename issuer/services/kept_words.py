# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of a ZIP and of certificates, kept until they are made: no browser asks then."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.dates import format_date

from issuer.services import bundling, certifying

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

BUNDLE, CERTIFICATE, LOCALE = "bundle", "certificate", "locale"
NOT_TEXTS = {"day", "files"}


def days(locale: str) -> Callable[[datetime], str]:
    """Return what writes days as a locale does."""
    parsed = _locale(locale)
    return lambda moment: format_date(moment, "long", locale=parsed)


def keep(bundle: bundling.Words, certificate: certifying.Words, locale: str) -> dict[str, Any]:
    """Return words as JSON."""
    files = {str(form): text for form, text in bundle.files.items()}
    return {
        BUNDLE: {**_texts(bundle), "files": files},
        CERTIFICATE: _texts(certificate),
        LOCALE: locale,
    }


def of_bundle(kept: Mapping[str, Any]) -> bundling.Words:
    """Return the words of a ZIP again; what another version did not keep is English."""
    texts = _known(kept[BUNDLE], bundling.Words)
    files = {**bundling.Words().files}
    files.update({form: kept[BUNDLE]["files"].get(form, text) for form, text in files.items()})
    return bundling.Words(**texts, files=files, day=days(kept[LOCALE]))


def of_certificate(kept: Mapping[str, Any]) -> certifying.Words:
    """Return the words of certificates again."""
    return certifying.Words(**_known(kept[CERTIFICATE], certifying.Words), day=days(kept[LOCALE]))


def _texts(words: bundling.Words | certifying.Words) -> dict[str, str]:
    return {
        each.name: str(getattr(words, each.name))
        for each in fields(words)
        if each.name not in NOT_TEXTS
    }


def _known(
    texts: Mapping[str, Any], kind: type[bundling.Words] | type[certifying.Words]
) -> dict[str, Any]:
    names = {each.name for each in fields(kind)} - NOT_TEXTS
    return {name: text for name, text in texts.items() if name in names}


@lru_cache(maxsize=32)
def _locale(name: str) -> Locale:
    return Locale.parse(name)
