# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tells whether a badge was awarded to one of the identities that the asker gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbadges.errors import VerificationError
from openbadges.identity import matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openbadges.models import IdentityObject

_TYPES = ("email", "url", "telephone")


def split_recipient(text: str) -> tuple[str, str]:
    """Return type and value of ``[TYPE:]VALUE``; without a known type it fits any (empty type)."""
    kind, colon, value = text.partition(":")
    return (kind, value) if colon and kind in _TYPES else ("", text)


def find_recipient(recipient: IdentityObject, given: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the given identity that the badge was awarded to, and what is worth knowing.

    Raises `VerificationError`: it was awarded to somebody else.
    """
    for text in given:
        kind, value = split_recipient(text)
        match = matches(recipient, value) if kind in ("", recipient.type) else None
        if match:
            notes = []
            if match.form != "as given":
                notes.append(f"the badge was awarded to the {match.form} form of {value}")
            if match.legacy:
                notes.append("the recipient is hashed with md5, which proves little today")
            return text, tuple(notes)
    raise VerificationError(f"the badge was not awarded to {', '.join(given)}")
