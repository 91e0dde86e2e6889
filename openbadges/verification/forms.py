# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which version a document is written in, and whether it is one that can be judged."""

from __future__ import annotations

from typing import Any, Final

from openbadges.contexts import V1_URLS, V2_URLS
from openbadges.errors import MalformedError, UnsupportedError
from openbadges.legacy import V0_5, V1_0, V1_1
from openbadges.models.base import type_names
from openbadges.vocabulary import (
    ASSERTION,
    BADGE_CLASS,
    CRYPTOGRAPHIC_KEY,
    ENDORSEMENT,
    ISSUER,
    PROFILE,
    REVOCATION_LIST,
)

V2_0: Final = "2.0"
# What can be judged when it is handed in, and the name it has in a report; an award comes first.
_SUBJECTS: Final = {
    ASSERTION: ASSERTION,
    ENDORSEMENT: ENDORSEMENT,
    BADGE_CLASS: BADGE_CLASS,
    ISSUER: PROFILE,
    PROFILE: PROFILE,
    CRYPTOGRAPHIC_KEY: CRYPTOGRAPHIC_KEY,
    REVOCATION_LIST: REVOCATION_LIST,
}
_EXPANDED = frozenset({"@id", "@type"})


class NotABadgeError(MalformedError):
    """What was handed in is not the award of a badge at all."""


class NothingBakedError(NotABadgeError):
    """A picture that was handed in holds no badge of the kind that was looked for."""


def version_of(document: dict[str, Any]) -> str:
    """Return the version of Open Badges that a document is written in, 0.5 to 2.0.

    Version 2.0 may also be in expanded form, which has no context. Versions before 1.1 knew
    neither contexts nor types.

    Raises `UnsupportedError`: it is another version, or its context does not begin as it must.
    """
    context = document.get("@context")
    first = context[0] if isinstance(context, list) and context else context
    if isinstance(first, str) and first in V2_URLS:
        return V2_0
    if isinstance(first, str) and first in V1_URLS:
        return V1_1
    if context is None and _EXPANDED & document.keys():
        return V2_0
    if context is None and "type" not in document:
        return V0_5 if isinstance(document.get("badge"), dict) else V1_0
    shown = "it has no @context" if context is None else f"its @context is {str(context)[:80]}"
    raise UnsupportedError(
        f"this version reads Open Badges 0.5 to 2.0 only, whose context comes first; {shown}"
    )


def check_is_badge(document: dict[str, Any]) -> None:
    """Refuse what has nothing to do with badges, before it is taken for an old or broken one.

    Raises `NotABadgeError`: it is something else.
    """
    named = {"@context", "@id", "@type"} & document.keys() or document.get("revoked") is True
    if not named and not {"recipient", "badge"} <= document.keys():
        raise NotABadgeError("JSON has no @context of Open Badges: it is no badge")


def subject_of(document: dict[str, Any]) -> str:
    """Return the class of a plain document; an issuer is a profile.

    Raises `NotABadgeError`: it is of none of the classes that can be judged. Raises
    `MalformedError`: it has no sound type.
    """
    names = type_names(document.get("type"), "Assertion")
    for name, subject in _SUBJECTS.items():
        if name in names:
            return subject
    raise NotABadgeError(f"this is of type {str(names[0])[:60]} and not the award of a badge")
