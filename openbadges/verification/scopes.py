# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which ids an issuer vouches for (Open Badges 2.0, VerificationObject)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from openbadges.errors import VerificationError

if TYPE_CHECKING:
    from openbadges.models import BasicProfile, Verification

_PORTS = {"http": 80, "https": 443}


def check_scope(issuer: BasicProfile, assertion_id: str, badge_id: str) -> str:
    """Return why the issuer vouches for these ids.

    Without a policy both lie on the issuer's own origin. A policy of origins replaces that for the
    assertion and adds to it for the badge class; prefixes must hold as well.

    Raises `VerificationError`: an id is out of the issuer's scope, so that anybody could have
    written the document.
    """
    reason = check_statement_scope(issuer, assertion_id)
    check_badge_scope(issuer, badge_id)
    return reason


def check_statement_scope(issuer: BasicProfile, identifier: str) -> str:
    """Return why the issuer vouches for the id of an assertion or an endorsement.

    Raises `VerificationError`: it is out of the issuer's scope.
    """
    policy = issuer.verification
    origins = policy.allowed_origins if policy else ()
    if policy:
        _check_policy(policy, identifier)
    if not _is_allowed(identifier, issuer.id, origins, own=not origins):
        raise VerificationError(
            f"{identifier} is out of the scope of the issuer {issuer.id}, which vouches for "
            f"{', '.join(origins) or 'its own origin'} only"
        )
    return f"the issuer vouches for {urlsplit(identifier).netloc}"


def check_badge_scope(issuer: BasicProfile, badge_id: str) -> str:
    """Return why a badge class is the issuer's own.

    Raises `VerificationError`: it lies where the issuer never said that it keeps its badges.
    """
    origins = issuer.verification.allowed_origins if issuer.verification else ()
    if not _is_allowed(badge_id, issuer.id, origins, own=True):
        raise VerificationError(
            f"badge class {badge_id} does not lie on the origin of its issuer {issuer.id}, which "
            "never said that it is its own"
        )
    return f"the issuer keeps its badges at {urlsplit(badge_id).netloc}"


def is_at_home(url: str, issuer_id: str) -> bool:
    """Say whether a URL lies on the issuer's own origin, and is no weaker than it."""
    return _is_allowed(url, issuer_id, (), own=True)


def _check_policy(policy: Verification, assertion_id: str) -> None:
    if policy.verification_property not in (None, "id"):
        raise VerificationError("the issuer's policy names another verificationProperty than id")
    segments = unquote(urlsplit(assertion_id).path).split("/")
    if policy.starts_with and (".." in segments or "." in segments):
        raise VerificationError(f"{assertion_id} steps out of its path")
    if policy.starts_with and not assertion_id.startswith(policy.starts_with):
        raise VerificationError(
            f"{assertion_id} does not begin as the issuer demands: {', '.join(policy.starts_with)}"
        )


def _is_allowed(url: str, issuer: str, origins: tuple[str, ...], *, own: bool) -> bool:
    there, home = urlsplit(url), urlsplit(issuer)
    if there.scheme == "http" and home.scheme == "https":
        return False
    if own and (there[:2] == home[:2] or _authority(there) == _authority(home)):
        return True
    names = {name.lower() for name in origins}
    return there.hostname in names and (there.port in (None, home.port, _PORTS[there.scheme]))


def _authority(parts: SplitResult) -> tuple[str | None, int | None]:
    """Return host and port; the usual port of a scheme is the same as none, even across schemes."""
    port = parts.port if parts.port != _PORTS.get(parts.scheme) else None
    return parts.hostname, port
