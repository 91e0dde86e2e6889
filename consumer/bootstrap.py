# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens the site for a process that takes messages from the bus."""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING

from consumer import awaiting
from issuer.config import load_settings
from issuer.intake import Intake, policy_of
from issuer.services import schema
from issuer.site import Site
from issuer.waking import join

if TYPE_CHECKING:
    from issuer.config import Settings

log = logging.getLogger(__name__)


def open_intake(settings: Settings | None = None) -> tuple[Site, Intake]:
    """Return the site and what takes its messages, once the database is there.

    Raises `ConfigurationError`, or `DatabaseNotReadyError` when the tables are not ready or the
    database is away for ten minutes.
    """
    site = Site.of(settings or load_settings())
    policy = policy_of(site.settings)

    def open_it() -> Intake:
        schema.ensure_current(site.database)
        return Intake(site, policy)

    intake = awaiting.opened(open_it)
    join(site)  # awards may have to be handed on to backpacks
    if not intake.ruleset.rules:
        log.warning("no rule is active, nothing will be awarded: run 'accolades rules sync'")
    # What was loaded stays: the collector need not look at all of it time and again, which took
    # a third of the time of a message.
    gc.freeze()
    return site, intake
