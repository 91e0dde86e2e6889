# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds what is packed beside the code: templates, migrations, the bundled rules."""

from __future__ import annotations

from pathlib import Path

import rules

PACKAGE = Path(__file__).resolve().parent


def data_path(name: str) -> Path:
    """Return ``templates`` or ``migrations``: of the checkout if there is one, else packed."""
    checkout = PACKAGE.parent / name
    # An editable install copies the packed folders; the checkout is what the developer edits.
    if (PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    return PACKAGE / name


def bundled_rules() -> Path:
    """Return the folder of the rule collection that we ship."""
    return Path(rules.__file__).resolve().parent / "catalog"


def bundled_badges() -> Path:
    """Return the folder of the badges that we ship without rules: jobs award them."""
    return bundled_rules().parent / "badges"
