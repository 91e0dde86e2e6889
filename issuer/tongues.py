# SPDX-License-Identifier: AGPL-3.0-or-later
"""The languages that the site speaks."""

from __future__ import annotations

#: How the languages call themselves, by the code of their catalogue.
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
SOURCE = "en"
