# SPDX-License-Identifier: AGPL-3.0-or-later
"""What no template may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from issuer.paths import data_path

if TYPE_CHECKING:
    from pathlib import Path


def test_no_template_imports_with_context() -> None:
    """On Python 3.11 Jinja's `import … with context` crashed the workers of the predecessor."""
    templates: list[Path] = sorted(data_path("templates").rglob("*.*"))
    guilty = [path.name for path in templates if re.search(r"with\s+context", path.read_text())]
    assert templates
    assert guilty == []
