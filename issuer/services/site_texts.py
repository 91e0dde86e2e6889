# SPDX-License-Identifier: AGPL-3.0-or-later
"""The texts of the site about itself, as they were written: by an admin, an operator, or by us.

What an admin wrote for a language comes first; then a file ``texts/about.de.md`` (or
``texts/about.md``, for all languages) in the home folder of the site; then what an admin wrote in
English, which is truer of this site than ours; and ours in the end. ``{site_name}`` and the like
become what the settings say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.paths import data_path
from issuer.services.live import text_key
from issuer.tongues import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from issuer.config import Settings

MAX_BYTES = 200_000


def written(home: Path, own: Mapping[str, str], name: str, language: str) -> str:
    """Return a text in Markdown, in a language or else in English.

    ``own`` are the texts of admins by their keys.
    """
    folder, bundled = home / "texts", data_path("templates") / "texts"
    if text := own.get(text_key(name, language)):
        return text
    for text in _read(folder / f"{name}.{language}.md", folder / f"{name}.md"):
        return text
    if text := own.get(text_key(name, SOURCE)):
        return text
    for text in _read(bundled / f"{name}.{language}.md", bundled / f"{name}.{SOURCE}.md"):
        return text
    raise FileNotFoundError(f"{name}.{SOURCE}.md: is not in the templates: install again")


def filled(text: str, settings: Settings, site_name: str) -> str:
    """Return a text with what the settings say in the places that are named for it."""
    values = {
        "site_name": site_name,
        "issuer_name": settings.issuer_name,
        "issuer_slug": settings.issuer_slug,
        "contact": settings.issuer_email,
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _read(*paths: Path) -> Iterator[str]:
    for path in paths:
        try:
            with path.open("rb") as file:
                yield file.read(MAX_BYTES).decode("utf-8", "replace")
        except OSError:
            continue  # most sites have no texts of their own
