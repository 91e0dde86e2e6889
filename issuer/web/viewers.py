# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who looks at a page."""

from __future__ import annotations

from datetime import UTC, datetime

from issuer.services.badge_pages import Viewer
from issuer.web.login import current_login


def viewer() -> Viewer:
    """Return who is signed in; nobody has an empty key."""
    login = current_login(datetime.now(UTC))
    if login is None:
        return Viewer()
    # The session keeps those groups alone that make somebody an admin.
    return Viewer(login.username.lower(), login.groups, is_admin=bool(login.groups))
