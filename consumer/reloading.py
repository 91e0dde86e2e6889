# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps the rules of a running consumer those of the database."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from issuer.errors import AccoladesError

if TYPE_CHECKING:
    from consumer.status import Status
    from issuer.intake import Intake

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds


class Reloader:
    """Looks for changed rules between messages, at most once a second."""

    def __init__(self, intake: Intake, status: Status) -> None:
        self._intake = intake
        self._status = status
        self._looked_at = time.monotonic()
        self._is_asked = False
        self._note()

    def ask(self) -> None:
        """Let the next `look` happen at once; a handler of signals may call this."""
        self._is_asked = True

    def look(self) -> None:
        """Take over changed rules; when they cannot be, the former ones go on. Raises nothing."""
        now = time.monotonic()
        if not self._is_asked and now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at, self._is_asked = now, False
        try:
            if self._intake.refresh():
                self._status.reloads += 1
                log.info("rules: %d are in force now", len(self._intake.ruleset.rules))
        except (SQLAlchemyError, AccoladesError) as error:
            self._fail(str(error).partition("\n")[0])
        except Exception as error:
            # The outer edge: a defect in a changed rule may not stop those that work.
            log.exception("rules: the changed ones cannot be taken over")
            self._fail(f"{type(error).__name__}: {error}")
        else:
            self._note()

    def _note(self) -> None:
        self._status.rules = len(self._intake.ruleset.rules)
        unreadable = self._intake.unreadable
        trouble = f"rules that cannot be read: {', '.join(unreadable)}" if unreadable else ""
        trouble = "; ".join(filter(None, (trouble, self._intake.sync_trouble)))
        if trouble and trouble != self._status.rules_trouble:
            self._status.reload_failures += 1
            log.warning("%s: where there is a former text, it stays in force", trouble)
        self._status.rules_trouble = trouble

    def _fail(self, reason: str) -> None:
        if reason != self._status.rules_trouble:
            log.warning("rules: the former ones stay in force: %s", reason)
        self._status.reload_failures += 1
        self._status.rules_trouble = reason
