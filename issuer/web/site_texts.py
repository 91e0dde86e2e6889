# SPDX-License-Identifier: AGPL-3.0-or-later
"""The texts of the site about itself, as HTML."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from issuer.services.site_texts import filled, written
from issuer.site import current_site, live
from issuer.web.texts import ALLOWED

HEADINGS = {"h2", "h3", "h4"}

_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 12}).disable(["image"])


def site_text(name: str, language: str) -> Markup:
    """Return a text of the site as HTML, in a language or else in English."""
    site = current_site()
    return page_text(written(site.settings.home, site.live.get().texts, name, language))


def page_text(text: str) -> Markup:
    """Return a text of the site about itself as HTML, with the names that it leaves open."""
    return _html(filled(text, current_site().settings, live().site_name))


@lru_cache(maxsize=32)
def _html(text: str) -> Markup:
    clean = nh3.clean(
        _markdown.render(text),
        tags=ALLOWED | HEADINGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener",
    )
    return Markup(clean)  # noqa: S704 (cleaned in the line before)
