# SPDX-License-Identifier: AGPL-3.0-or-later
"""Long work of a request: a transaction a step, for as long as a browser waits gladly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from issuer import posting, steps
from issuer.services.revocations import Letters
from issuer.site import current_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

    #: One step; it tells whether more are left.
    Step = Callable[[Session, Actor, datetime], bool]

#: What is not done by then goes on when it is asked for again.
SECONDS = 10.0


def repeat(step: Step) -> bool:
    """Do a step again and again until nothing is left or time is up; tell whether more is left.

    What a step did is committed with it: a failure undoes that step alone.
    """
    end = time.monotonic() + SECONDS
    while steps.once(step):
        if time.monotonic() >= end:
            return True
    return False


def letters() -> Letters | None:
    """Return what letters say, where the site sends any."""
    settings = current_site().settings
    if not settings.mail_host:
        return None
    return Letters(settings.site_name, settings.base_url, settings.issuer_email)


def post() -> None:
    """Send the letters that were queued, meanwhile."""
    posting.post_soon(current_site())
