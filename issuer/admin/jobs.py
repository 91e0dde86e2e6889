# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scheduled jobs: when each ran, what it did and what went wrong."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import render_template
from flask_babel import lazy_gettext as _

from issuer.access import needs
from issuer.admin.parts import MAX_SEARCH, Section, part, searched, table
from issuer.errors import NotFoundError
from issuer.models import JobRun
from issuer.services import operating, runs
from issuer.services.permissions import Right
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

blueprint = part("jobs", "jobs")
SECTIONS = (Section(_("Jobs"), "admin_jobs.listed", Right.OPERATE, _("Site"), 360),)

COLUMNS: dict[str, ColumnElement[Any]] = {
    "started": JobRun.started_at.expression,
    "name": JobRun.name.expression,
    "errors": JobRun.errors.expression,
    "awarded": JobRun.awarded.expression,
}


@blueprint.get("/")
@needs(Right.OPERATE)
def listed() -> str:
    """List the last run of each job, and all runs, the newest first."""
    session = db_session()
    statement = operating.runs(searched()[:MAX_SEARCH])
    shown = table(session, statement, COLUMNS, usual="-started", key=JobRun.id.expression)
    return render_template(
        "admin/jobs/list.html",
        table=shown,
        last=operating.last_runs(session),
        state=partial(runs.state, killed=runs.dead(session, current_site().settings.home)),
    )


@blueprint.get("/<int:number>")
@needs(Right.OPERATE)
def run(number: int) -> str:
    """Show what a run reports."""
    session = db_session()
    killed = runs.dead(session, current_site().settings.home)
    found = session.get(JobRun, number) if number < 1 << 63 else None
    if found is None:
        raise NotFoundError("run %(number)s: there is none", number=number)
    report = json.dumps(found.report, indent=2, ensure_ascii=False)
    state = runs.state(found, killed)
    return render_template("admin/jobs/run.html", run=found, report=report, state=state)
