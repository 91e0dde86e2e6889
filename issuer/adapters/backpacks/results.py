# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of a badge that is handed in at a backpack, in words of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_WORDS: Final = 400
MAX_TEXTS: Final = 60
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
#: What Badgr calls a mistake, in the midst of the words for people.
CODE = re.compile(r"[A-Z0-9_]+|False|True|None|bad request")
#: Addresses are of our own making: the name of a badge in one is no sign of anything.
ADDRESS = re.compile(r"\b[a-z]+://\S+")


class Kind(StrEnum):
    """How a backpack is talked to."""

    BADGR = "badgr"
    BADGE_CONNECT = "badge-connect"
    OB3 = "ob3"


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    ALREADY_THERE = "already-there"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why a backpack refuses a badge, or what is to be known about one that it took."""

    RECIPIENT = "recipient"
    REVOKED = "revoked"
    EXPIRED = "expired"
    TOO_NEW = "too-new"
    FETCH = "fetch"
    SIGNATURE = "signature"
    SCOPE = "scope"
    PICTURE = "picture"
    INVALID = "invalid"
    ACCOUNT = "account"
    FORBIDDEN = "forbidden"
    BROKEN = "broken"
    AWAY = "away"
    OTHER = "other"
    PENDING = "pending"  # taken, but hidden until the address is confirmed there
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A badge as backpacks take it; only those for version 3.0 need the last two."""

    document_id: str
    hosted: str
    proof: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, and what the backpack said."""

    outcome: Outcome
    remote_id: str | None = None
    reason: Reason | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose backpack it is: the addresses it knows of them, those that they proved there first."""

    addresses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the backpack calls its owner."""
        return self.addresses[0] if self.addresses else ""


#: What refusals hold, in small letters, the weightiest first (Badgr facts, sections 2 and 4).
SIGNS: Final[tuple[tuple[str, Reason], ...]] = (
    ("verify_recipient_identifier", Reason.RECIPIENT),
    ("recipient_profile_mismatch", Reason.RECIPIENT),
    ("recipient identifier", Reason.RECIPIENT),
    ("assertion_revoked", Reason.REVOKED),
    ("been revoked", Reason.REVOKED),
    ("expired on", Reason.EXPIRED),
    ("has expired", Reason.EXPIRED),
    ("in the future", Reason.TOO_NEW),
    ("hosted_id_in_verification_scope", Reason.SCOPE),
    ("verify_signature", Reason.SIGNATURE),
    ("verify_jws", Reason.SIGNATURE),
    ("signature", Reason.SIGNATURE),
    ("fetch_http_node", Reason.FETCH),
    ("unable to reach", Reason.FETCH),
    ("image", Reason.PICTURE),
    ("permission_denied", Reason.FORBIDDEN),
    ("invalid_badge", Reason.INVALID),
    ("validate_", Reason.INVALID),
    ("unable_to_verify", Reason.INVALID),
)
DUPLICATE: Final = ("duplicate_badge", "already have this badge", "already exists", "duplicate")


def refusal(body: Any) -> Result:
    """Return what a refusal means: one that says that the badge is there already is none."""
    said = list(texts(body))
    described = text_at(body, "imsx_description")
    whole = ADDRESS.sub(" ", "\n".join(said).lower())
    words = plain(described) or _words(said)
    if any(sign in whole for sign in DUPLICATE):
        return Result(Outcome.ALREADY_THERE, answer=words)
    reason = next((reason for sign, reason in SIGNS if sign in whole), Reason.OTHER)
    return Result(Outcome.REFUSED, reason=reason, answer=words)


def texts(value: Any) -> Iterator[str]:
    """Yield the texts of a JSON value, not too many; names of members are none."""
    waiting, given = [value], 0
    while waiting and given < MAX_TEXTS:
        each = waiting.pop()
        if isinstance(each, str) and each.strip():
            given += 1
            yield each
        elif isinstance(each, list):
            waiting += reversed(each)
        elif isinstance(each, dict):
            waiting += reversed(list(each.values()))


def text_at(value: Any, *path: str | int) -> str:
    """Return the text at a place inside a JSON value; empty where there is none."""
    for step in path:
        if isinstance(step, int) and isinstance(value, list) and len(value) > step:
            value = value[step]
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        else:
            return ""
    return value if isinstance(value, str) else ""


def plain(text: str) -> str:
    """Return what a stranger said, short and without what cannot be seen."""
    return UNSEEN.sub(" ", text).strip()[:MAX_WORDS]


def addresses_in(value: Any, is_one: Callable[[str], bool] = lambda text: "@" in text) -> list[str]:
    """Return the addresses among the texts of a profile."""
    found = (each.removeprefix("mailto:").strip().lower() for each in texts(value))
    return list(dict.fromkeys(each for each in found if is_one(each) and " " not in each))


def _words(said: list[str]) -> str:
    """Return the sentences of an answer, without the names of mistakes around them."""
    sentences = dict.fromkeys(each.strip() for each in said if not CODE.fullmatch(each.strip()))
    return plain(" ".join(sentences) or " ".join(said))
