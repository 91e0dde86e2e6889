# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens that a backpack gave for one person."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from issuer.errors import BackpackUnfitError

if TYPE_CHECKING:
    from datetime import datetime

#: A token that ends sooner is renewed before it is used.
MARGIN = timedelta(seconds=90)
MAX_TOKEN = 8192
LONGEST = 10 * 365 * 86400


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens a backpack, and until when; 0 where the backpack did not say it."""

    access: str
    refresh: str = ""
    expires_at: int = 0

    def is_old(self, now: datetime) -> bool:
        """Whether it is time to renew them."""
        return bool(self.expires_at) and (now + MARGIN).timestamp() >= self.expires_at

    def dump(self) -> str:
        """Return them as a text, to be sealed."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Tokens:
        """Return them from the text that `dump` made."""
        return cls(**json.loads(text))


def granted(body: dict[str, Any], *, now: datetime, former: Tokens | None = None) -> Tokens:
    """Return the tokens of an answer (RFC 6749, 5.1); raise `BackpackUnfitError` without any."""
    access, refresh = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access, str) or not is_token(access):
        raise BackpackUnfitError("the backpack answers without a token")
    made = Tokens(access, former.refresh if former else "")
    if isinstance(refresh, str) and is_token(refresh):
        made = replace(made, refresh=refresh)
    try:
        seconds = int(body.get("expires_in") or 0)
    except (TypeError, ValueError):
        seconds = 0
    if 0 < seconds < LONGEST:
        made = replace(made, expires_at=int(now.timestamp()) + seconds)
    return made


def is_token(text: str) -> bool:
    """Whether a text can stand in a header."""
    return 0 < len(text) <= MAX_TOKEN and text.isascii() and text.isprintable() and " " not in text
