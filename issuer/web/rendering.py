# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every template knows: addresses, the site, and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext
from flask_bootstrap import Bootstrap5

from issuer.addresses import Addresses
from issuer.config import CLAIM
from issuer.services.findings import clean
from issuer.site import live
from issuer.web import site_texts, texts, verdicts, wording

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Prepare the templates."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    app.jinja_env.globals.update(
        issuer_name=settings.issuer_name,
        issuer_slug=settings.issuer_slug,
        contact=settings.issuer_email,
        base_url=settings.base_url,
        paths=Addresses(""),  # inside the site
        addresses=Addresses(settings.base_url),  # for those who read elsewhere
    )
    app.context_processor(_shown)
    app.jinja_env.filters.update(
        broken=wording.broken,
        check_claim=verdicts.check_claim,
        check_name=verdicts.check_name,
        counted=texts.counted,
        day=texts.day,
        instant=texts.instant,
        flatten_errors=texts.flatten_errors,
        host=texts.host,
        initials=texts.initials,
        markdown=texts.markdown,
        moment=texts.moment,
        month=texts.month,
        number=texts.number,
        outcome=verdicts.outcome,
        page_text=site_texts.page_text,
        percent=texts.percent,
        plain_day=wording.plain_day,
        shown=clean,
        told=verdicts.told,
        tone=texts.tone,
        web_address=texts.web_address,
    )


def _shown() -> dict[str, object]:
    """Return what every page says of the site, as admins want it now."""
    now = live()
    claim = gettext("Badges for what people do") if now.site_claim == CLAIM else now.site_claim
    return {"site_name": now.site_name, "site_claim": claim, "live": now}
