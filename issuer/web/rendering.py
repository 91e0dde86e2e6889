# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every template knows: addresses, the site, and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_bootstrap import Bootstrap5

from issuer.addresses import Addresses
from issuer.services.findings import clean
from issuer.web import texts, wording

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Prepare the templates."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    app.jinja_env.globals.update(
        site_name=settings.site_name,
        site_claim=settings.site_claim,
        issuer_name=settings.issuer_name,
        issuer_slug=settings.issuer_slug,
        contact=settings.issuer_email,
        base_url=settings.base_url,
        paths=Addresses(""),  # inside the site
        addresses=Addresses(settings.base_url),  # for those who read elsewhere
    )
    app.jinja_env.filters.update(
        broken=wording.broken,
        counted=texts.counted,
        day=texts.day,
        host=texts.host,
        initials=texts.initials,
        markdown=texts.markdown,
        month=texts.month,
        number=texts.number,
        percent=texts.percent,
        plain_day=wording.plain_day,
        shown=clean,
        tone=texts.tone,
        web_address=texts.web_address,
    )
