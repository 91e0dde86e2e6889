# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists that are shown before they are done: their lines, and in words why one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request
from flask_babel import lazy_gettext as _

from issuer.models import BatchState, LineState
from issuer.services import batches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flask_babel.speaklater import LazyString
    from sqlalchemy.orm import Session

    from issuer.models import Batch, BatchLine
    from issuer.services.cards import Listing
    from issuer.services.permissions import Actor

REASONS: Mapping[str, LazyString] = {
    "no-name": _("No person is named"),
    "not-a-name": _("This cannot be a user name"),
    "unknown-person": _("Nobody of that name is known here"),
    "no-account": _("The directory has no such account"),
    "opted-out": _("Wants no badges"),
    "erased": _("Had the account erased"),
    "no-badge": _("No badge is named"),
    "unknown-badge": _("There is no such badge"),
    "forbidden": _("You have no right to this badge"),
    "retired": _("The badge is retired"),
    "no-picture": _("The badge has no picture yet"),
    "repeated": _("Stands in the list already, in line"),
    "held": _("Has the badge already"),
    "taken-back": _("It was taken back from this person"),
    "bad-date": _("Not a date; write it like 2026-03-01"),
    "future": _("The date lies in the future"),
    "before-badge": _("The badge did not exist on that day"),
    "bad-evidence": _("The evidence needs web addresses"),
    "bad-narrative": _("The text is too long, or holds what cannot be seen"),
    "over-quota": _("More than your grant allows; left are"),
    "no-award": _("There is no such award"),
    "needs-badge": _("A user name needs the badge beside it"),
    "revoked-before": _("Was revoked before"),
}
#: Reasons that are worth their detail beside what the line says anyway.
DETAILED = {"repeated", "over-quota", "no-account", "bad-date", "bad-evidence"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as its page shows it."""

    batch: Batch
    numbers: Mapping[str, int]
    lines: Listing[BatchLine]
    state: str  # of the lines that are shown; empty: all
    is_own: bool  # of whoever looks; nobody else may go on with it
    may_undo: bool

    @property
    def is_shown_only(self) -> bool:
        """Whether nothing was done yet."""
        return self.batch.state == BatchState.SHOWN

    @property
    def total(self) -> int:
        """How many lines there are."""
        return sum(self.numbers.values())

    def why(self, line: BatchLine) -> str:
        """Return in words why nothing is done for a line."""
        words = str(REASONS.get(line.reason, line.reason))
        return f"{words}: {line.detail}" if line.reason in DETAILED and line.detail else words


def shown(session: Session, actor: Actor, batch: Batch, now: datetime) -> Shown:
    """Return the part of a list that the request asks for."""
    state, after = request.args.get("show", ""), request.args.get("after", "")
    state = state if state in set(LineState) else ""
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    return Shown(
        batch,
        batches.numbers(session, batch),
        batches.lines(session, batch, state=state, after=number),
        state,
        batch.made_by_id == actor.person_id,
        batches.may_undo(batch, now),
    )
