# SPDX-License-Identifier: AGPL-3.0-or-later
"""The texts of the site about itself, in Markdown: ours, or those that an operator wrote instead.

A file ``texts/about.de.md`` (or ``texts/about.md``, for all languages) in the home folder of the
site stands for ours. ``{site_name}`` and the like become what the settings say.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from issuer.paths import data_path
from issuer.web.languages import SOURCE
from issuer.web.texts import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.config import Settings

NAMES = ("about", "terms", "privacy")
MAX_BYTES = 200_000
HEADINGS = {"h2", "h3", "h4"}

_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 12}).disable(["image"])


def site_text(settings: Settings, name: str, language: str) -> Markup:
    """Return a text of the site as HTML, in a language or else in English."""
    for path in _places(settings.home, name, language):
        try:
            with path.open("rb") as file:
                text = file.read(MAX_BYTES).decode("utf-8", "replace")
        except OSError:
            continue  # most sites have no texts of their own
        return _html(_filled(text, settings))
    raise FileNotFoundError(f"{name}.{SOURCE}.md: is not in the templates: install again")


def _places(home: Path, name: str, language: str) -> Iterator[Path]:
    bundled = data_path("templates") / "texts"
    yield home / "texts" / f"{name}.{language}.md"
    yield home / "texts" / f"{name}.md"
    yield bundled / f"{name}.{language}.md"
    yield bundled / f"{name}.{SOURCE}.md"


def _filled(text: str, settings: Settings) -> str:
    values = {
        "site_name": settings.site_name,
        "issuer_name": settings.issuer_name,
        "issuer_slug": settings.issuer_slug,
        "contact": settings.issuer_email,
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


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
