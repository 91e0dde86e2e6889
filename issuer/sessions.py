# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the signed cookie keeps of a login: no token, and only the groups that count here."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import flash, session

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

# The names of flask-oidc, so that `g.oidc_user` works as everywhere else.
TOKEN = "oidc_auth_token"  # noqa: S105 (the name of a session entry)
PROFILE = "oidc_auth_profile"
TARGET = "login_target"
DELEGATE = "is_delegate"
SEAL = "csrf_token"  # where Flask-WTF keeps by what it knows its forms
STATES = "_state_oidc_"  # where Authlib keeps what a login began with

#: Groups are read at login, so what they permit ends earlier: see `rights_minutes`.
LIFETIME = timedelta(hours=8)
PARALLEL_LOGINS = 3
#: A cookie has 4 kB; more groups that mean something are more than one person needs.
MAX_GROUPS = 40
#: Where Flask keeps what the next page tells, and how much JSON of it there is room for: of one,
#: and of all that nobody looked at.
FLASHES = "_flashes"
MAX_TOLD = 1200
MOST_TOLD = 1800


@dataclass(frozen=True, slots=True)
class CurrentLogin:
    """Who is logged in, with those groups of theirs that the settings name."""

    username: str
    groups: frozenset[str]
    age: timedelta
    mark: str = ""  # tells this login from all others
    is_delegate: bool = False  # held a grant when it was last looked at; a menu shows it


def keep_login(
    username: str,
    claims: Mapping[str, Any],
    *,
    groups: Collection[str],
    mark: str,
    now: datetime,
    is_delegate: bool = False,
) -> None:
    """Begin a new session for ``username``; nothing of the session before survives.

    It counts for as long as the database knows its ``mark``.
    """
    session.clear()
    session[TOKEN] = {"expires_at": int((now + LIFETIME).timestamp()), "mark": mark}
    session[PROFILE] = {
        "sub": claims["sub"],
        "nickname": username,
        "email": claims.get("email"),
        "groups": held_groups(claims, groups),
    }
    note_delegate(is_delegate)


def new_mark() -> str:
    """Return what tells a login from all others; nobody guesses it."""
    return secrets.token_urlsafe(16)


def held_groups(
    claims: Mapping[str, Any], groups: Collection[str], first: Collection[str] = ()
) -> list[str]:
    """Return those of ``groups`` that the provider names; ``first`` are never cut off by others."""
    held = claims.get("groups")
    names = {name for name in held if isinstance(name, str)} if isinstance(held, list) else set()
    return sorted({*groups} & names, key=lambda name: (name not in first, name))[:MAX_GROUPS]


def note_delegate(is_delegate: bool) -> None:
    """Remember whether whoever is logged in holds a grant: a menu decides nothing."""
    if session[PROFILE].get(DELEGATE, False) != is_delegate:
        session[PROFILE] = {**session[PROFILE], DELEGATE: is_delegate}


def current_login(now: datetime) -> CurrentLogin | None:
    """Return who is logged in by the word of the cookie, or nothing when the login is too old.

    Whether somebody ended it, or nobody used it for too long, `issuer.access.signed_in` knows.
    """
    token, profile = session.get(TOKEN), session.get(PROFILE)
    if not token or not profile or token["expires_at"] <= now.timestamp():
        return None
    age = LIFETIME - timedelta(seconds=token["expires_at"] - now.timestamp())
    groups = frozenset(profile["groups"])
    return CurrentLogin(
        profile["nickname"],
        groups,
        age,
        mark=str(token.get("mark", "")),
        is_delegate=profile.get(DELEGATE) is True,
    )


def tell(kind: str, text: str, link: str = "", link_text: str = "") -> None:
    """Keep something for the next page; of many that nobody looked at the last ones stay."""
    told = {"text": _cut(text, MAX_TOLD), "link": link, "link_text": _cut(link_text, 200)}
    flash(told, kind)  # type: ignore[arg-type]  # any JSON will do
    kept = session[FLASHES]
    while len(kept) > 1 and len(json.dumps(kept)) > MOST_TOLD:
        kept = kept[1:]
    session[FLASHES] = kept


def trim_states() -> None:
    """Forget abandoned logins: each costs a part of the 4 kB that a cookie may have."""
    begun = sorted((key for key in session if key.startswith(STATES)), key=_expiry)
    for key in begun[:-PARALLEL_LOGINS]:
        del session[key]
    for key in begun[-PARALLEL_LOGINS:]:
        session[key]["data"].pop("url", None)  # the provider's address again, never read


def _expiry(key: str) -> float:
    return float(session[key]["exp"])


def _cut(text: str, longest: int) -> str:
    """Return as much of a text as has room; letters that are no ASCII take more of it."""
    shown = text[:longest]
    while len(json.dumps(shown)) > longest:
        shown = shown[: len(shown) * 7 // 8]
    return text if shown == text else f"{shown}…"
