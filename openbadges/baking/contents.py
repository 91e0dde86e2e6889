# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be baked into a picture, and under which name each kind of it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from openbadges.errors import BakingError, MalformedError
from openbadges.serialization import loads_object
from openbadges.signing import is_compact, peek

KEYWORD: Final = "openbadges"
CREDENTIAL_KEYWORD: Final = "openbadgecredential"
_CREDENTIALS = frozenset({"OpenBadgeCredential", "AchievementCredential", "VerifiableCredential"})


@dataclass(frozen=True, slots=True)
class SvgName:
    """How one kind of badge is called in an SVG."""

    namespace: str
    element: str


SVG_NAMES: Final = {
    KEYWORD: SvgName("http://openbadges.org", "assertion"),
    CREDENTIAL_KEYWORD: SvgName("https://purl.imsglobal.org/ob/v3p0", "credential"),
}
"""The keyword in a PNG, and the element that means the same in an SVG (2.0 and 3.0, Baking)."""


def keyword_for(text: str) -> str:
    """Return the keyword for a badge: ``openbadges``, or ``openbadgecredential`` for 3.0.

    Raises `BakingError`: the text is neither a JWS nor the JSON of an assertion or a credential.
    """
    try:
        document = loads_object(peek(text)[1]) if is_compact(text) else loads_object(text)
    except MalformedError as error:
        raise BakingError(f"text to bake is neither a JWS nor an assertion: {error}") from error
    if _is_credential(document):
        return CREDENTIAL_KEYWORD
    if not is_compact(text):
        address_of(document)
    return KEYWORD


def address_of(document: dict[str, Any]) -> str:
    """Return where an assertion is hosted: its ``id``, or in 1.x its ``verify.url``.

    Raises `BakingError`: it names neither.
    """
    verify = document.get("verify")
    for url in (document.get("id"), verify.get("url") if isinstance(verify, dict) else None):
        if isinstance(url, str) and url:
            return url
    raise BakingError("assertion to bake has no id")


def _is_credential(document: dict[str, Any]) -> bool:
    types = document.get("type")
    names = types if isinstance(types, list) else [types]
    return any(isinstance(name, str) and name in _CREDENTIALS for name in names)
