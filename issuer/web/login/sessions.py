# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the signed cookie keeps of a login: no token, and only the groups that count here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import session

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

# The names of flask-oidc, so that `g.oidc_user` works as everywhere else.
TOKEN = "oidc_auth_token"  # noqa: S105 (the name of a session entry)
PROFILE = "oidc_auth_profile"
TARGET = "login_target"
STATES = "_state_oidc_"  # where Authlib keeps what a login began with

#: Groups are read at login, so this is also how long a right outlives a removal from its group.
LIFETIME = timedelta(hours=8)
PARALLEL_LOGINS = 3


@dataclass(frozen=True, slots=True)
class CurrentLogin:
    """Who is logged in, with those groups of theirs that the settings name."""

    username: str
    groups: frozenset[str]


def keep_login(
    username: str, claims: Mapping[str, Any], *, groups: Collection[str], now: datetime
) -> None:
    """Begin a new session for ``username``; nothing of the session before survives."""
    held = claims.get("groups")
    held = held if isinstance(held, list) else []
    session.clear()
    session[TOKEN] = {"expires_at": int((now + LIFETIME).timestamp())}
    session[PROFILE] = {
        "sub": claims["sub"],
        "nickname": username,
        "email": claims.get("email"),
        "groups": [name for name in groups if name in held],
    }


def current_login(now: datetime) -> CurrentLogin | None:
    """Return who is logged in, or nothing when nobody is or the login is too old."""
    token, profile = session.get(TOKEN), session.get(PROFILE)
    if not token or not profile or token["expires_at"] <= now.timestamp():
        return None
    return CurrentLogin(profile["nickname"], frozenset(profile["groups"]))


def trim_states() -> None:
    """Forget abandoned logins: each costs a part of the 4 kB that a cookie may have."""
    begun = sorted((key for key in session if key.startswith(STATES)), key=_expiry)
    for key in begun[:-PARALLEL_LOGINS]:
        del session[key]
    for key in begun[-PARALLEL_LOGINS:]:
        session[key]["data"].pop("url", None)  # the provider's address again, never read


def _expiry(key: str) -> float:
    return float(session[key]["exp"])
