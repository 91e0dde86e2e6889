# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first page of the administration: how the site fares, to those who may know."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from flask import render_template
from flask_babel import lazy_gettext as _

from issuer.access import MEMBER, current_actor, needs
from issuer.admin.parts import Section, part
from issuer.charts import chart
from issuer.services import dashboards, permissions, runs
from issuer.services.permissions import Right
from issuer.site import current_site, db_session

blueprint = part("start")
SECTIONS = (Section(_("Dashboard"), "admin_start.show", Right.REVIEW, "", 10),)


@blueprint.get("/")
@needs(MEMBER)
def show() -> str:
    """Show how the site fares, and what may be done here."""
    actor, now = current_actor(), datetime.now(UTC)
    rights = {right for right in Right if permissions.by_role(actor, right)}
    board = dashboards.dashboard(db_session(), rights, now=now)
    drawn = chart(board.awards.months, now.date()) if board.awards else None
    return render_template(
        "admin/start.html",
        board=board,
        chart=drawn,
        now=now,
        old_key=dashboards.OLD_KEY,
        state=partial(runs.state, killed=runs.dead(db_session(), current_site().settings.home))
        if board.traffic
        else None,
    )
