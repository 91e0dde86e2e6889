# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules there are, and the badges that have none yet."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template, request

from issuer.access import current_actor, needs
from issuer.admin.parts import searched, table
from issuer.admin.rules.base import blueprint
from issuer.models import Rule
from issuer.services import rule_lists
from issuer.services.permissions import Right
from issuer.services.rule_lists import COLUMNS, SOURCES, STATES
from issuer.site import db_session


@blueprint.get("/")
@needs(Right.RULES)
def index() -> str:
    """Show the rules: searched, sorted and filtered."""
    chosen = {"state": request.args.get("state", ""), "source": request.args.get("source", "")}
    chosen = {name: value for name, value in chosen.items() if value in {**STATES, **SOURCES}}
    state, source = chosen.get("state", ""), chosen.get("source", "")
    statement = rule_lists.listed(current_actor(), searched(), state, source, now=datetime.now(UTC))
    found = table(
        db_session(), statement, COLUMNS, usual="name", key=Rule.id.expression, filters=chosen
    )
    return render_template("admin/rules/list.html", table=found, state=state, source=source)


@blueprint.get("/new")
@needs(Right.RULES)
def choose() -> str:
    """Show badges that have no rule, to write one for."""
    query = searched()
    badges = rule_lists.without_rule(db_session(), current_actor(), query, now=datetime.now(UTC))
    return render_template("admin/rules/choose.html", badges=badges, query=query)
