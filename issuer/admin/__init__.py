# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of those who issue: a part a file, each view with the right that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.admin import (
    audit,
    awarding,
    awards,
    badges,
    bounties,
    claims,
    delegates,
    endorsements,
    grants,
    invitations,
    issuers,
    jobs,
    keys,
    outbox,
    people,
    quarantine,
    revoking,
    rules,
    series,
    settings,
    start,
    tags,
    teams,
)
from issuer.admin.parts import EXTENSION, sections

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

__all__ = ["init_admin"]

#: Each has a `blueprint`, and `SECTIONS` of the side menu.
PARTS = (
    start,
    badges,
    bounties,
    series,
    tags,
    teams,
    rules,
    awarding,
    awards,
    revoking,
    grants,
    delegates,
    invitations,
    claims,
    endorsements,
    issuers,
    people,
    keys,
    settings,
    audit,
    outbox,
    quarantine,
    jobs,
)


def init_admin(app: Flask, settings: Settings) -> None:
    """Add the administration to a site where people can log in."""
    if not settings.oidc_issuer:
        return
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    app.extensions[EXTENSION] = [section for part in PARTS for section in part.SECTIONS]
    app.context_processor(lambda: {"sections": sections})
