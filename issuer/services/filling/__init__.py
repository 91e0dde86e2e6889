# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fills an empty site with a believable community of any size: rows as services leave them.

Documents are those that issuing makes, byte for byte, so that every badge verifies.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, cast

from sqlalchemy import exists, select, text

from issuer.errors import ConflictError
from issuer.models import Assertion, Award, Total
from issuer.services import recounting
from issuer.services.filling.bulk import bare
from issuer.services.filling.catalogue import make_badges
from issuer.services.filling.community import make_people, make_teams
from issuer.services.filling.ledger import make_awards
from issuer.services.filling.sizes import Made, Size

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.models import Issuer
    from issuer.services.filling.sizes import Stage

__all__ = ["Size", "fill"]

#: Where most rows go.
BARE = [cast("Table", model.__table__) for model in (Award, Assertion, Total)]


def fill(
    session: Session,
    issuer: Issuer,
    objects: ObjectFolder,
    size: Size,
    *,
    email_domain: str,
    now: datetime,
    stage: Stage,
) -> None:
    """Fill a site that has no awards yet.

    Raises `ConflictError` where there are awards, and `InvalidInputError` for an impossible size.
    """
    size.check()
    if session.scalar(select(exists().where(Award.id > 0))):
        raise ConflictError("fill: the site holds awards already: give it an empty database")
    rng = random.Random(size.seed)  # noqa: S311 (a community, not a secret)
    rows, ladders = make_badges(session, issuer, objects, size, now, stage)
    first, people = make_people(session, size, rng, now, stage)
    made = Made(first, people, rows, ladders)
    make_teams(session, made, rng, now)
    with bare(session, *BARE):
        make_awards(session, made, size, rng, email_domain, now, stage)
        recounting.recount(session, stage("Totals", recounting.STEPS))
    session.execute(text("ANALYZE"))
